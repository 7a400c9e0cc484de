"""Where things that can be made again are kept between runs."""

import os
from pathlib import Path

__all__ = ["cache_folder", "library_folder"]


def cache_folder(name: str) -> Path:
    """The user's folder for one kind of thing.

    It lies in DIFFSMITH_CACHE, or else in XDG_CACHE_HOME/diffsmith, or else in ~/.cache/diffsmith.
    """
    given = os.environ.get("DIFFSMITH_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given or Path(home) / "diffsmith") / name


def library_folder(variable: str, name: str) -> Path:
    """Where a library keeps its files, as it decides itself: the variable's folder, or one in the cache."""
    given = os.environ.get(variable)
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(given or Path(cache) / name).expanduser()
