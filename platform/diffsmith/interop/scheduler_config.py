"""diffusers' scheduler_config.json, as the parts of a PipelineSpec."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import FileFault, SpecError, unknown_name
from .models import model
from .scheduler_classes import CLASSES, KEYS
from .solvers import solver
from .spaced import spacing
from .thresholds import threshold

__all__ = ["load_scheduler"]

Config = dict[str, Any]


def load_scheduler(
    source: str | Path | Mapping[str, Any], *, pipeline_sigmas: bool | None = None
) -> dict[str, Any]:
    """What a scheduler_config.json, the folder it lies in, or its content means here.

    The result has the parts of a PipelineSpec that it tells about: scheduler, spacing, model (schedule,
    prediction), and where they apply threshold and noise. `boundary` in model is what consistency models
    need around them. pipeline_sigmas: whether the model's pipeline hands the scheduler the flow times
    1 to 1/steps, as Flux's and Qwen-Image's do; unless told, where use_dynamic_shifting is set. Where a
    grid of diffusers has its last level twice (SASolver on karras and the like, UniPC down to sigma_min),
    its corrector works once more there, and ours does not: up to some per cent in very few steps. Raises a
    FileFault for a file that cannot be read and a SpecError for what has no meaning.
    """
    config = _completed(_content(source))
    handed = config.get("use_dynamic_shifting", False) if pipeline_sigmas is None else pipeline_sigmas
    config["pipeline_sigmas"] = bool(handed)
    read: dict[str, Callable[[Config], dict[str, Any]]] = {
        "scheduler": solver,
        "spacing": spacing,
        "model": model,
        "threshold": threshold,
        "noise": _noise,
    }
    parts = {part: of(config) for part, of in read.items()}
    return {part: found for part, found in parts.items() if found}


def _content(source: str | Path | Mapping[str, Any]) -> Config:
    if isinstance(source, Mapping):
        return dict(source)
    path = Path(source)
    path = path / "scheduler_config.json" if path.is_dir() else path
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileFault(path, f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise FileFault(path, f"is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise FileFault(path, "is no scheduler_config.json: it holds no object")
    return content


def _completed(content: Config) -> Config:
    """The config with the defaults of its class; keys of other classes are left out."""
    name = content.get("_class_name")
    if not isinstance(name, str):
        raise SpecError(["scheduler config: has no _class_name, which says what scheduler it is for"])
    known = CLASSES.get(name.removeprefix("Flax"))
    if name == "DPMSolverMultistepInverseScheduler":
        instead = "invert with DDIMInverseScheduler (ddim_inverse), whose steps can be told apart"
        raise SpecError([f"scheduler config: {name} has no walk of its own here; {instead}"])
    if known is None:
        raise SpecError([unknown_name("scheduler config, _class_name", name, list(CLASSES))])
    told = {key: value for key, value in content.items() if not key.startswith("_")}
    if wrong := [key for key in told if key not in KEYS]:
        raise SpecError([unknown_name("scheduler config", key, list(known)) for key in wrong])
    given = {key: value for key, value in told.items() if key in known}
    return {**known, **given, "class": name.removeprefix("Flax")}


def _noise(config: Config) -> dict[str, Any]:
    """Only one class has noise of its own: a Brownian path."""
    return {"name": "brownian"} if config["class"] == "DPMSolverSDEScheduler" else {}
