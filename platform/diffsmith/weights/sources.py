"""Where a published pipeline lies: in a folder, in one file, or in a repository on the Hub."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import FileFault
from .file_names import needed
from .folders import open_folder
from .hub import Address, address, snapshot
from .published import Source
from .single_files import Format, open_file

__all__ = ["ADAPTERS", "AUTOENCODERS", "NETWORKS", "PARTS", "READERS", "Source", "open_source"]

NETWORKS, AUTOENCODERS = ("unet", "transformer"), ("vae", "vqvae")
ADAPTERS = ("motion_adapter", "adapter")
READERS = (
    *(f"{kind}{number}" for number in ("", "_2", "_3") for kind in ("text_encoder", "tokenizer")),
    *("image_encoder", "feature_extractor"),
)
PARTS = (*NETWORKS, *AUTOENCODERS, *READERS, "scheduler")
"""The parts that are fetched from the Hub unless others are named; not the checkers."""


def open_source(
    source: str | Path,
    *,
    variant: str | None = None,
    parts: Collection[str] = PARTS,
    formats: Sequence[Format] = (),
) -> Source:
    """The pipeline, or the one part, at a folder, a file or a Hub repository.

    source: a path, "owner/name", "owner/name@revision" or "owner/name/file@revision". variant: of the
    weights, such as "fp16"; parts that lack it give their plain ones. parts: what to fetch from the Hub.
    formats: what single files may be. Raises a FileFault for what is not there, is damaged, or is none of
    these.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        return open_folder(path, str(source), variant)
    if path.exists():
        return open_file(path, str(source), formats)
    wanted = address(str(source))
    if wanted is None:
        told = "a repository on the Hub is written owner/name or owner/name@revision"
        raise FileFault(path, f"there is no such file or folder; {told}")
    return _repository(wanted, variant, parts, formats)


def _repository(
    wanted: Address, variant: str | None, parts: Collection[str], formats: Sequence[Format]
) -> Source:
    def choose(names: Sequence[str]) -> list[str]:
        return needed(wanted.repository, wanted.file, names, parts, variant)

    kept = snapshot(wanted, choose)
    name = str(wanted._replace(revision=kept.commit))
    if wanted.file:
        found = open_file(kept.folder / wanted.file, name, formats)
    else:
        found = open_folder(kept.folder, name, variant)
    return replace(found, notes=(*found.notes, *filter(None, [kept.note])))
