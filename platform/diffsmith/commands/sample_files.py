"""Where `generate` writes: a folder of files and a sheet, or one file."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..modality import Modality
    from ..samples import Sample

__all__ = ["require_target", "write_samples"]

SHEET = "sheet.png"


def require_target(out: Path, modality: "Modality", count: int) -> Path:
    """The path, once it is sure that so many samples can be written there; folders are made."""
    if not out.suffix or out.is_dir():
        out.mkdir(parents=True, exist_ok=True)
        return out
    known = (*modality.suffixes, ".safetensors") if count == 1 else modality.suffixes
    if out.suffix.lower() not in known:
        what = "one sample" if count == 1 else f"a sheet of {count} samples"
        raise SpecError([f"--out {out}: {what} can be a file of {', '.join(known)}; or name a folder"])
    out.parent.mkdir(parents=True, exist_ok=True)
    return out


def write_samples(samples: "Sequence[Sample]", target: Path) -> list[Path]:
    """The files: one a sample and then the sheet, or the one file asked for."""
    from ..samples import save_sheet

    if not target.is_dir():
        return [samples[0].save(target) if len(samples) == 1 else save_sheet(samples, target)]
    files = [sample.save(target / _name(sample)) for sample in samples]
    return [*files, save_sheet(samples, target / SHEET)]


def _name(sample: "Sample") -> str:
    label = "" if sample.label is None else f"label{sample.label}-"
    return f"{label}seed{sample.seed}{sample.modality.suffixes[0]}"
