"""A spec's scheduler as diffusers' scheduler_config.json: the way back of scheduler_config.py."""

from collections.abc import Mapping
from typing import Any

from ..errors import SpecError
from ..registry import Registry, default_registry
from ..specs import PipelineSpec
from .scheduler_classes import CLASSES
from .scheduler_config import load_scheduler
from .scheduler_keys import model_keys, solver_keys, spacing_keys, threshold_keys
from .scheduler_meaning import meaning

__all__ = ["scheduler_config"]

Values = dict[str, Any]


def scheduler_config(
    spec: PipelineSpec, registry: Registry | None = None, *, original: Mapping[str, Any] | None = None
) -> Values:
    """The content of a scheduler_config.json that means what the spec says; `original` where it still does.

    What is written is read again and compared, so that it is right, or a SpecError names the parts that
    diffusers' class cannot say. How levels between two timesteps are told is the class's own way.
    """
    registry = registry or default_registry()
    wanted = meaning(spec, registry)
    if original is not None and _read_again(original, spec, registry) == wanted:
        return dict(original)
    config = _composed(spec, wanted, registry)
    found = _read_again(config, spec, registry)
    if wrong := [part for part, told in wanted.items() if found is None or found[part] != told]:
        told = f"diffusers' {config['_class_name']} cannot say this; take another, or leave the scheduler out"
        raise SpecError([f"{part}: {told}" for part in wrong])
    return config


def _read_again(config: Mapping[str, Any], spec: PipelineSpec, registry: Registry) -> Values | None:
    """What a config means for the spec's model; None for one that means nothing here."""
    try:
        parts = load_scheduler(config)
    except SpecError:
        return None
    values = {**parts, "model": {"name": spec.model.name, **parts["model"]}}
    return meaning(PipelineSpec.model_validate(values), registry)


def _composed(spec: PipelineSpec, wanted: Values, registry: Registry) -> Values:
    name, fixed = _class_of(spec, wanted, registry)
    told = {
        **solver_keys(wanted["scheduler"]),
        **model_keys(wanted),
        **spacing_keys(wanted["spacing"]),
        **threshold_keys(wanted["threshold"]),
        **fixed,
    }
    known = CLASSES[name]
    return {"_class_name": name, **known, **{key: told[key] for key in known if told.get(key) is not None}}


def _class_of(spec: PipelineSpec, wanted: Values, registry: Registry) -> tuple[str, Values]:
    """diffusers' class for the solver, and what makes it that solver."""
    factors = [each for each in wanted["scheduler"].values() if isinstance(each, dict)]
    name = " with ".join(factor["name"] for factor in factors)
    if spec.scheduler.name:
        name = registry.scheduler(spec.scheduler.name)[0].name
    if name not in _SOLVERS:
        known = ", ".join(sorted(_SOLVERS))
        raise SpecError([f"scheduler: {name} is no scheduler of diffusers, which has {known}"])
    kind, fixed = _SOLVERS[name]
    if wanted["model.schedule"]["name"] == "edm" and kind.startswith("DPMSolver"):
        kind = f"EDM{kind}"
    if kind == "EDMDPMSolverMultistep":  # one solver, whose noise may be none
        noisy = any(factor.get("eta") for factor in factors)
        fixed = {"solver_order": 2, **fixed, "algorithm_type": "sde-dpmsolver++" if noisy else "dpmsolver++"}
    return f"{kind}Scheduler", fixed


def _multistep(order: int, algorithm: str = "dpmsolver++") -> tuple[str, Values]:
    return "DPMSolverMultistep", {"solver_order": order, "algorithm_type": algorithm}


_SOLVERS: dict[str, tuple[str, Values]] = {
    "ddpm": ("DDPM", {}),
    "ddim": ("DDIM", {}),
    "ddim_inverse": ("DDIMInverse", {}),
    "pndm": ("PNDM", {}),
    "euler": ("EulerDiscrete", {}),
    "euler_ancestral": ("EulerAncestralDiscrete", {}),
    "heun": ("HeunDiscrete", {}),
    "lms": ("LMSDiscrete", {}),
    "dpm_2": ("KDPM2Discrete", {}),
    "dpm_2_ancestral": ("KDPM2AncestralDiscrete", {}),
    "dpmpp_sde": ("DPMSolverSDE", {}),
    "euler with ode": _multistep(1),
    "euler with sde": _multistep(1, "sde-dpmsolver++"),
    "dpmpp_2m": _multistep(2),
    "dpmpp_2m_sde": _multistep(2, "sde-dpmsolver++"),
    "dpmpp_3m": _multistep(3),
    "dpmpp_3m_sde": _multistep(3, "sde-dpmsolver++"),
    "dpm_solver": ("DPMSolverMultistep", {"algorithm_type": "dpmsolver"}),
    "dpm_solver_sde": ("DPMSolverMultistep", {"algorithm_type": "sde-dpmsolver"}),
    "dpm_solver_singlestep": ("DPMSolverSinglestep", {}),
    "unipc": ("UniPCMultistep", {}),
    "deis": ("DEISMultistep", {}),
    "sa_solver": ("SASolver", {"algorithm_type": "data_prediction"}),
    "lcm": ("LCM", {}),
    "tcd": ("TCD", {}),
    "flow_euler": ("FlowMatchEulerDiscrete", {}),
    "flow_heun": ("FlowMatchHeunDiscrete", {}),
    "flow_lcm": ("FlowMatchLCM", {}),
    "edm_euler": ("EDMEuler", {}),
    "edm_dpmpp_2m": ("EDMDPMSolverMultistep", {}),
    "consistency": ("CMStochasticIterative", {}),
    "ddpm_wuerstchen": ("DDPMWuerstchen", {}),
    "predictor_corrector": ("ScoreSdeVe", {}),
    "euler_maruyama": ("ScoreSdeVp", {}),
    "ipndm_diffusers": ("IPNDM", {}),
}
