"""A sample: the data, and all that is needed to make it again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import FileFault, SpecError, unknown_name

if TYPE_CHECKING:
    from torch import Tensor

    from .modality import Modality

__all__ = ["Sample", "load_sample", "save_sheet"]


@dataclass(frozen=True)
class Sample:
    """One made thing: `data` as the modality decodes it, and the spec and request that made it."""

    data: "Tensor"
    modality: "Modality"
    spec: dict[str, Any]
    seed: int
    label: int | None = None
    seconds: float = 0.0
    """Wall seconds, this sample's share of its batch."""
    denoiser_calls: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    """What else was asked of it: prompt, negative, size, image, mask, strength, and of clips their own."""
    rate: float | None = None
    """Frames or samples a second, of what lasts a time."""

    def save(self, path: str | Path) -> Path:
        """Write it: the modality's own formats, or `.safetensors` for the tensor itself."""
        path = _ending_in(path, (*self.modality.suffixes, ".safetensors"))
        if path.suffix.lower() == ".safetensors":
            from .weights.tensors import save_tensors

            return save_tensors(path, {"data": self.data}, self.metadata())
        path.parent.mkdir(parents=True, exist_ok=True)
        self.modality.write(self.data, path, self.metadata(), self.rate)
        return path

    def metadata(self) -> dict[str, str]:
        """What is written into the file: enough to make the sample again."""
        made = {"spec": self.spec, "seed": self.seed, "label": self.label, **self.asked}
        made["versions"] = {name: version(name) for name in ("diffsmith", "torch")}
        return {"diffsmith": json.dumps(made), **self.facts}


def load_sample(path: str | Path, modality: "Modality") -> Sample:
    """A sample saved as `.safetensors`."""
    from .weights.tensors import load_tensors

    tensors, metadata = load_tensors(Path(path))
    try:
        made, data = json.loads(metadata.pop("diffsmith")), tensors["data"]
        spec, seed, label = (made.pop(name) for name in ("spec", "seed", "label"))
        made.pop("versions", None)
        return Sample(data, modality, spec, seed, label, facts=metadata, asked=made)
    except (KeyError, ValueError, TypeError):
        raise FileFault(path, "holds no diffsmith sample") from None


def save_sheet(samples: Sequence[Sample], path: str | Path) -> Path:
    """One picture of all the samples side by side."""
    path = _ending_in(path, samples[0].modality.suffixes)
    path.parent.mkdir(parents=True, exist_ok=True)
    samples[0].modality.sheet(samples, path)
    return path


def _ending_in(path: str | Path, known: Sequence[str]) -> Path:
    path = Path(path)
    if path.suffix.lower() not in known:
        raise SpecError([unknown_name(f"{path}: file ending", path.suffix, known)])
    return path
