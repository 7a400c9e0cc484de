"""DDPM, DDIM and its inversion, beside diffusers' classes with their tables in float64."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import diffusers
import torch
from diffusers.schedulers.scheduling_ddim import rescale_zero_terminal_snr
from torch import Tensor

from diffsmith import default_registry, factory, sampling
from diffsmith.diffusion import betas
from diffsmith.diffusion.denoiser import Denoise, Denoiser
from diffsmith.diffusion.schedules import NoiseSchedule
from diffsmith.diffusion.thresholds import clip, dynamic
from diffsmith.specs import Choice, SchedulerSpec

from ..references import difference, drawn, normal
from .case import EXACT, Case
from .karras import denoise as recorded_denoise
from .recorded import rerun

NAMES = {"epsilon": "epsilon", "v": "v_prediction", "sample": "sample", "flow": "flow_prediction"}
SPACINGS = {
    "leading": {"name": "leading"},
    "trailing": {"name": "trailing"},
    "linspace": {"name": "linspace", "whole": True},
}
VARIANCES = ["fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log", "learned", "learned_range"]
SEED = 7

Wrap = Callable[[Denoise, NoiseSchedule], Denoise]


def cases() -> Iterator[Case]:
    """DDPM, DDIM, DDIM inverse."""
    yield from _ddpm()
    yield from _ddim()
    yield from _inverse()
    reference = "ComfyUI sample_ddpm"
    run = partial(rerun, "comfy_ddpm.0", recorded_denoise, scheduler="ddpm")
    yield Case("ddpm", "", "sample", "ve", "recorded", reference, run, EXACT)


def _ddpm() -> Iterator[Case]:
    reference = "diffusers DDPMScheduler"
    for kind, spacing in product(("epsilon", "v", "sample"), SPACINGS):
        yield Case("ddpm", "", kind, "vp", spacing, reference, partial(ddpm, kind, spacing), EXACT)
    for variance in VARIANCES:
        told = variance + (
            " (theirs is NaN; its root taken of the variance)" if "large_log" in variance else ""
        )
        run = partial(ddpm, "epsilon", "leading", variance_type=variance)
        yield Case("ddpm", told, "epsilon", "vp", "leading", reference, run, EXACT)
    for steps in (1, 2, 3, 20):
        run = partial(ddpm, "v", "leading", steps)
        yield Case("ddpm", f"{steps} steps", "v", "vp", "leading", reference, run, EXACT)
    for told, config, wrap in THRESHOLDS:
        for variance in ("fixed_small", "learned_range"):
            run = partial(ddpm, "epsilon", "leading", wrap=wrap, variance_type=variance, **config)
            yield Case("ddpm", f"{told}, {variance}", "epsilon", "vp", "leading", reference, run, EXACT)


def _ddim() -> Iterator[Case]:
    reference = "diffusers DDIMScheduler"
    for kind, spacing, eta in product(("epsilon", "v", "sample"), SPACINGS, (0.0, 0.5, 1.0)):
        run = partial(ddim, kind, spacing, eta=eta)
        yield Case("ddim", f"eta {eta:g}", kind, "vp", spacing, reference, run, EXACT)
    for steps in (1, 2, 5, 20):
        run = partial(ddim, "epsilon", "leading", steps)
        yield Case("ddim", f"{steps} steps", "epsilon", "vp", "leading", reference, run, EXACT)
    for kind, eta in product(("v", "sample"), (0.0, 0.7)):
        run = partial(ddim, kind, "trailing", eta=eta, rescale_betas_zero_snr=True)
        yield Case(
            "ddim", f"no signal at the start, eta {eta:g}", kind, "vp", "trailing", reference, run, EXACT
        )
    for told, config, wrap in THRESHOLDS:
        for kept, eta in product((True, False), (0.0, 0.6)):
            run = partial(
                ddim, "epsilon", "leading", eta=eta, wrap=partial(wrap, keep_noise=kept), kept=kept, **config
            )
            way = "the noise kept" if kept else "use_clipped_model_output"
            yield Case(
                "ddim", f"{told}, {way}, eta {eta:g}", "epsilon", "vp", "leading", reference, run, EXACT
            )
    yield Case(
        "ddim", "set_alpha_to_one False", "epsilon", "vp", "leading", reference, _ending_in_training, EXACT
    )


def _inverse() -> Iterator[Case]:
    reference = "diffusers DDIMInverseScheduler"
    for kind, spacing in product(("epsilon", "v"), ("leading", "trailing")):
        run = partial(ddim_inverse, kind, spacing)
        yield Case("ddim_inverse", f"held {kind}", kind, "vp", spacing, reference, run, EXACT)


def network(x: Tensor, t: Tensor) -> Tensor:
    """Bounded, and different at every label: it shows a wrong label, scale or inversion."""
    return 0.7 * x.tanh() + 0.2 * torch.cos(t.double().flatten()[0] / 150) * x


def uncertain(x: Tensor, t: Tensor) -> Tensor:
    """The same with a second half of channels, between 0.01 and 0.91."""
    return torch.cat([network(x, t), 0.46 + 0.45 * (x + t.double().flatten()[0]).sin()], 1)


def wrapped(net: Callable[[Tensor, Tensor], Tensor], x: Tensor, wrap: Wrap | None, **choices: Any) -> Tensor:
    """As `sampling.sample`, with something put around the denoiser."""
    registry, noise = default_registry(), choices.pop("noise", None)
    if wrap is None:
        return sampling.sample(net, x, noise=noise, **choices)
    schedule = registry.bind("schedules", Choice(**choices["path"]))()
    placed = registry.bind("spacings", Choice(**choices["spacing"]))(schedule, choices.get("steps", 1))
    row = registry.bind("predictions", Choice(name=choices["prediction"]))()
    denoiser = Denoiser(lambda x, label: net(x, torch.tensor(label, dtype=torch.float64)), schedule, row)
    loop = factory.scheduler(SchedulerSpec.model_validate(choices["scheduler"]), registry)
    *_, last = loop(wrap(denoiser, schedule), x, schedule, placed, noise)
    return last.x


def theirs(scheduler: Any, net: Callable[[Tensor, Tensor], Tensor], x: Tensor, **options: Any) -> Tensor:
    """Their loop, as their pipelines write it."""
    scaled = getattr(scheduler, "scale_model_input", lambda x, t: x)
    for t in scheduler.timesteps:
        out = net(scaled(x, t), t)
        x = scheduler.step(out, t, x, **options).prev_sample
    return x


def with_float64_tables(scheduler: Any) -> Any:
    """Tables as the reference makes them, but in float64: its arithmetic follows their dtype."""
    config = scheduler.config
    table = betas.BETAS[config.beta_schedule](config.num_train_timesteps, config.beta_start, config.beta_end)
    if config.get("rescale_betas_zero_snr"):
        table = rescale_zero_terminal_snr(table)
    scheduler.alphas_cumprod = torch.cumprod(1 - table, 0)
    scheduler.one = scheduler.final_alpha_cumprod = torch.ones((), dtype=torch.float64)
    scheduler.initial_alpha_cumprod = scheduler.one
    return scheduler


def _clipped(denoise: Denoise, schedule: NoiseSchedule, keep_noise: bool = False) -> Denoise:
    return clip(denoise, limit=0.8, keep_noise=keep_noise)


def _dynamic(denoise: Denoise, schedule: NoiseSchedule, keep_noise: bool = False) -> Denoise:
    return dynamic(denoise, ratio=0.9, limit=1.4, keep_noise=keep_noise)


THRESHOLDS: list[tuple[str, dict[str, Any], Wrap]] = [
    ("clip 0.8", {"clip_sample": True, "clip_sample_range": 0.8}, _clipped),
    (
        "dynamic threshold",
        {"thresholding": True, "dynamic_thresholding_ratio": 0.9, "sample_max_value": 1.4},
        _dynamic,
    ),
]


def ddpm(kind: str, spacing: str, steps: int = 10, wrap: Wrap | None = None, **config: Any) -> float:
    """The largest difference after as many steps."""
    named = {"prediction_type": NAMES[kind], "timestep_spacing": spacing, "clip_sample": False}
    scheduler = with_float64_tables(diffusers.DDPMScheduler(**named | config))
    scheduler.set_timesteps(steps)
    variance = config.get("variance_type", "fixed_small")
    if variance == "fixed_large_log":
        logs = scheduler._get_variance
        scheduler._get_variance = lambda *some, **more: logs(*some, **more).exp()
    net = uncertain if "learned" in variance else network
    other = theirs(scheduler, net, normal(0), generator=torch.Generator().manual_seed(SEED))
    mine = wrapped(
        net,
        normal(0),
        wrap,
        scheduler={"name": "ddpm", "variance": variance},
        path={"name": "vp"},
        prediction=kind,
        spacing=SPACINGS[spacing],
        steps=steps,
        noise=drawn(SEED),
    )
    return difference(mine, other)


def ddim(
    kind: str,
    spacing: str,
    steps: int = 10,
    eta: float = 0.0,
    wrap: Wrap | None = None,
    kept: bool = True,
    **config: Any,
) -> float:
    """The largest difference after as many steps."""
    named = {"prediction_type": NAMES[kind], "timestep_spacing": spacing, "clip_sample": False}
    scheduler = with_float64_tables(diffusers.DDIMScheduler(**named | config))
    scheduler.set_timesteps(steps)
    if spacing == "linspace":
        # The reference always steps by T // n; its linspace timesteps lie T // (n - 1) = 111 apart.
        scheduler.num_inference_steps = steps - 1
    generator = torch.Generator().manual_seed(SEED)
    options = {"eta": eta, "generator": generator, "use_clipped_model_output": not kept}
    other = theirs(scheduler, network, normal(0), **options)
    terminal = "zero" if config.get("rescale_betas_zero_snr") else "trained"
    mine = wrapped(
        network,
        normal(0),
        wrap,
        scheduler={"name": "ddim", "eta": eta},
        path={"name": "vp", "terminal": terminal},
        prediction=kind,
        spacing=SPACINGS[spacing],
        steps=steps,
        noise=drawn(SEED),
    )
    return difference(mine, other)


def _ending_in_training() -> float:
    """Stable Diffusion's setting: timesteps from 901 to 1, and the end is at timestep 0."""
    scheduler = with_float64_tables(diffusers.DDIMScheduler(clip_sample=False, steps_offset=1))
    scheduler.final_alpha_cumprod = scheduler.alphas_cumprod[0]
    scheduler.set_timesteps(10)
    listed = torch.cat([scheduler.timesteps, torch.tensor([0])])
    mine = sampling.sample(
        network,
        normal(0),
        scheduler="ddim",
        spacing={
            "name": "explicit_log_snrs",
            "log_snrs": log_snrs(scheduler)[listed].tolist(),
            "final": "listed",
        },
    )
    return difference(mine, theirs(scheduler, network, normal(0)))


def log_snrs(scheduler: Any) -> Tensor:
    """The log-SNR of each of their training timesteps."""
    signal: Tensor = scheduler.alphas_cumprod
    return (signal.log() - torch.log1p(-signal)) / 2


def ddim_inverse(kind: str, spacing: str) -> float:
    """The largest difference after ten steps from the clean sample."""
    config = {"prediction_type": NAMES[kind], "timestep_spacing": spacing, "clip_sample": False}
    scheduler = with_float64_tables(diffusers.DDIMInverseScheduler(**config))
    scheduler.set_timesteps(10)
    mine = sampling.sample(
        network,
        normal(0),
        scheduler={"name": "ddim_inverse", "held": kind},
        prediction=kind,
        spacing=SPACINGS[spacing],
        steps=10,
    )
    return difference(mine, theirs(scheduler, network, normal(0)))
