"""What can go wrong, one class for each way a caller reacts."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

__all__ = [
    "DiffsmithError",
    "DiskFull",
    "FileFault",
    "NonFiniteLoss",
    "PluginConflict",
    "SpecError",
    "nearest",
    "unknown_name",
]


class DiffsmithError(Exception):
    """Anything diffsmith tells a user about; its text is the whole message. Exit code 1."""

    exit_code = 1


class SpecError(DiffsmithError):
    """What a person, a sweep or an agent wrote cannot be meant; holds every fault at once. Exit code 2."""

    exit_code = 2

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))

    def under(self, source: str) -> "SpecError":
        """The same faults, each led by the file or argument it stands in."""
        return SpecError([f"{source}: {fault}" for fault in self.faults])


class PluginConflict(DiffsmithError):
    """Two plugins bring the same name."""


class FileFault(DiffsmithError):
    """A file is missing, damaged, or not what it should be; `path` names it."""

    def __init__(self, path: Path | str, what: str) -> None:
        self.path = Path(path)
        super().__init__(f"{path}: {what}")


class DiskFull(FileFault):
    """There is no room to write; what stood there before is untouched."""


class NonFiniteLoss(DiffsmithError):
    """Training met a NaN or infinite loss; `step` and the last good `checkpoint` are named."""

    def __init__(self, step: int, loss: float, checkpoint: Path | None) -> None:
        self.step, self.checkpoint = step, checkpoint
        kept = f"last good checkpoint: {checkpoint}" if checkpoint else "no checkpoint was written before it"
        super().__init__(f"training step {step}: the loss is {loss}; {kept}. Try a lower train.lr.")


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that a misspelt one most likely means."""
    by_folded = {each.casefold(): each for each in known}
    matches = get_close_matches(str(name).casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def unknown_name(where: str, name: str, known: Sequence[str]) -> str:
    """One fault about a name nobody registered, with the near miss and what there is."""
    guess = nearest(name, known)
    hint = f" — did you mean {guess!r}?" if guess else "."
    told = ", ".join(sorted(known)) or "none"
    shown = told if len(known) <= _MANY else f"{len(known)} names, which `diffsmith list` shows"
    return f"{where}: unknown name {name!r}{hint} Known: {shown}"


_MANY = 30
