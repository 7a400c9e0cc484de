"""A folder of pictures: which there are, what class each is of, and what stands in it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor

from diffsmith.errors import FileFault
from diffsmith.pictures.reading import kinds, pixels, upright

__all__ = ["Pictures", "classes_of"]


@dataclass(frozen=True)
class Pictures:
    """Files as rows [channels, size, size] in [-1, 1], read when they are wanted."""

    files: Sequence[Path]
    size: int
    channels: int

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: Tensor | slice, /) -> "Pictures":
        numbers = torch.arange(len(self.files))[index].tolist()
        return Pictures([self.files[number] for number in numbers], self.size, self.channels)

    def read(self) -> Tensor:
        """All of them, [N, channels, size, size]; a FileFault names one that cannot be read."""
        with ThreadPoolExecutor() as readers:  # Pillow decodes without the lock
            return torch.stack(list(readers.map(self._pixels, self.files)))

    def _pixels(self, file: Path) -> Tensor:
        """The picture, upright, its middle square."""
        return pixels(ImageOps.fit(upright(file), (self.size, self.size)), self.channels)


def classes_of(root: Path) -> tuple[list[Path], list[int], tuple[str, ...]]:
    """(files, their labels, the classes' names), in the order of the names; no classes, no names.

    A text file of a picture's name beside it is its caption: then the captions are the classes.
    """
    if not root.is_dir():
        raise FileFault(root, "is no folder of pictures" if root.exists() else "there is no such folder")
    files = sorted(file for file in root.rglob("*") if _is_picture(file.relative_to(root), file))
    if not files:
        raise FileFault(root, "holds no pictures")
    if captions := [_caption(file) for file in files if file.with_suffix(".txt").is_file()]:
        return _captioned(root, files, captions)
    inside = [file.relative_to(root).parts[:-1] for file in files]
    if not any(inside):
        return files, [0] * len(files), ()
    if not all(inside):
        raise FileFault(files[inside.index(())], "lies beside class folders: move it into one of them")
    names = tuple(sorted({parts[0] for parts in inside}))
    return files, [names.index(parts[0]) for parts in inside], names


def _captioned(
    root: Path, files: list[Path], captions: list[str]
) -> tuple[list[Path], list[int], tuple[str, ...]]:
    if len(captions) < len(files):
        bare = next(file for file in files if not file.with_suffix(".txt").is_file())
        raise FileFault(bare, f"has no caption, as others in {root} have: write {bare.stem}.txt beside it")
    names = tuple(sorted(set(captions)))
    places = {name: place for place, name in enumerate(names)}
    return files, [places[caption] for caption in captions], names


def _caption(file: Path) -> str:
    path = file.with_suffix(".txt")
    try:
        return " ".join(path.read_text(encoding="utf-8").split())
    except UnicodeDecodeError:
        raise FileFault(path, "is no caption: expected text in UTF-8") from None


def _is_picture(inside: Path, file: Path) -> bool:
    hidden = any(part.startswith(".") for part in inside.parts)
    return not hidden and file.suffix.lower() in _endings() and file.is_file()


@cache
def _endings() -> frozenset[str]:
    return frozenset(ending for ending, kind in Image.registered_extensions().items() if kind in kinds())
