"""Every comparison with a reference, one file a family, as cases that tests run and tables are made of."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from .case import Case

__all__ = ["Case", "cases"]


def cases() -> Iterator[Case]:
    """All cases of all families."""
    for module in iter_modules([str(Path(__file__).parent)]):
        if module.name not in {"case", "recorded"}:
            yield from import_module(f"{__name__}.{module.name}").cases()
