"""Recorded runs of programs that diffusers lacks: how a file is read and run again."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from torch import Tensor

from diffsmith import sampling

from ..references import difference

GOLDENS = Path(__file__).parents[2] / "goldens" / "samplers"


class Recording(NamedTuple):
    """What a reference was given, drew, asked and answered."""

    name: str
    facts: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of the reference's function."""
        return self.facts["options"]

    def draws(self) -> Iterator[Tensor]:
        """The noise in the order it was drawn."""
        return (self.tensors[f"noise.{k}"] for k in range(len(self.facts["noise_draws"])))


USED: set[str] = set()
"""The recordings read so far."""


def read(name: str) -> Recording:
    """The recording of that file name, without its suffix."""
    USED.add(name)
    with safe_open(GOLDENS / f"{name}.safetensors", "pt") as file:
        facts = {key: json.loads(value) for key, value in file.metadata().items()}
        return Recording(name, facts, {key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118


def recordings(prefix: str) -> list[str]:
    """The names of the files that begin so."""
    return sorted(path.stem for path in GOLDENS.glob(f"{prefix}*.safetensors"))


def rerun(name: str, denoise: Callable[[Tensor, Tensor], Tensor], **arguments: Any) -> float:
    """The largest difference of any question asked of denoise(x, sigma), and of the sample at the end.

    The network is a denoiser in sigma coordinates (path "ve"), unless `arguments` say otherwise.
    """
    recording, asked = read(name), []
    remaining = recording.draws()

    def net(x: Tensor, sigma: Tensor) -> Tensor:
        asked.append((x.clone(), sigma[0]))
        return denoise(x, sigma[0])

    mine = sampling.sample(
        net,
        recording.tensors["input.x_init"],
        **{
            "path": "ve",
            "prediction": "sample",
            "told": "sigma",
            "spacing": {
                "name": "explicit_sigmas",
                "sigmas": recording.tensors["input.sigmas"].tolist(),
                "final": "listed",
            },
            "noise": lambda x, here, there: next(remaining),
        }
        | arguments,
    )
    xs, sigmas = zip(*asked, strict=True)
    pairs = [
        (torch.stack(sigmas), recording.tensors["output.call_sigma"]),
        (torch.stack(xs), recording.tensors["output.call_x"]),
        (mine, recording.tensors["output.final"]),
    ]
    assert all(mine.shape == theirs.shape for mine, theirs in pairs), f"{name}: other questions were asked"
    return max(difference(mine, theirs) for mine, theirs in pairs)
