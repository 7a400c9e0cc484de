"""What a step costs beside the network: every scheduler that diffusers has too, pairwise, one thread.

Both sides get the network's answer for nothing. Ours is the whole walk, clean estimate included; theirs is
`scale_model_input` and `step`. The traffic is counted, not timed: the bytes of every tensor that an
operation reads or writes.

PYTHONPATH=platform python benchmarks/scheduler_step.py
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import diffusers
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from diffsmith import default_registry, factory
from diffsmith.diffusion import prediction, schedules, spacings
from diffsmith.diffusion.denoiser import Denoiser
from diffsmith.diffusion.noise import Seeded
from diffsmith.specs import SchedulerSpec

STEPS = 20
SHAPES = {"small": ((1, 4, 8, 8), 40), "large": ((4, 4, 128, 128), 5)}
VP, FLOW = schedules.vp(), schedules.flow()
# Ours by name, and theirs with the arguments that make it the same.
PAIRS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {"clip_sample": False}),
    "ddpm": ("DDPMScheduler", {"clip_sample": False}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm_2": ("KDPM2DiscreteScheduler", {}),
    "dpm_2_ancestral": ("KDPM2AncestralDiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp_3m": ("DPMSolverMultistepScheduler", {"solver_order": 3}),
    "dpmpp_2m_sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "dpm_solver_singlestep": ("DPMSolverSinglestepScheduler", {}),
    "dpmpp_sde": ("DPMSolverSDEScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "sa_solver": ("SASolverScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "tcd": ("TCDScheduler", {}),
    "flow_euler": ("FlowMatchEulerDiscreteScheduler", {}),
    "flow_heun": ("FlowMatchHeunDiscreteScheduler", {}),
}


def our_walk(name: str, x: Tensor) -> Callable[[], int]:
    """A function that walks x to the end and says how often the network was asked."""
    schedule, row = (FLOW, prediction.flow()) if name.startswith("flow") else (VP, prediction.epsilon())
    loop = factory.scheduler(SchedulerSpec(name=name), default_registry())
    log_snrs = spacings.linspace(schedule, STEPS)

    def walk() -> int:
        asked = 0

        def net(x: Tensor, label: float) -> Tensor:
            nonlocal asked
            asked += 1
            return x

        for _ in loop(Denoiser(net, schedule, row), x, schedule, log_snrs, Seeded(range(len(x)))):
            pass
        return asked

    return walk


def their_walk(name: str, x: Tensor) -> Callable[[], int]:
    """The same of diffusers."""
    kind, arguments = PAIRS[name]
    scheduler = getattr(diffusers, kind)(**arguments)
    takes_model_input = hasattr(scheduler, "scale_model_input")

    def walk() -> int:
        scheduler.set_timesteps(STEPS)  # resets the counters
        sample = x
        for t in scheduler.timesteps:
            answer = scheduler.scale_model_input(sample, t) if takes_model_input else sample
            sample = scheduler.step(answer, t, sample).prev_sample
        return len(scheduler.timesteps)

    return walk


def seconds(walk: Callable[[], int]) -> float:
    """Seconds an evaluation of the network."""
    start = perf_counter()
    asked = walk()
    return (perf_counter() - start) / asked


class Traffic(TorchDispatchMode):
    """Counts the bytes that operations read and write."""

    bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [part for part in tree_iter((args, kwargs, out)) if isinstance(part, Tensor)]
            self.bytes += sum(part.numel() * part.element_size() for part in tensors if part.ndim)
        return out


def traffic(walk: Callable[[], int]) -> float:
    """Bytes an evaluation of the network."""
    with Traffic() as counter:
        asked = walk()
    return counter.bytes / asked


def main() -> None:
    """One table: times and their ratio on both sizes, and the ratio of the traffic on the large one."""
    torch.set_num_threads(1)
    print(
        "| scheduler | small: ours, µs | diffusers, µs | ratio | large: time ratio | large: traffic ratio |"
    )
    print("|---|---|---|---|---|---|")
    for name in PAIRS:
        cells = []
        for shape, repetitions in SHAPES.values():
            mine, reference = our_walk(name, torch.randn(shape)), their_walk(name, torch.randn(shape))
            pairs = [(seconds(mine), seconds(reference)) for _ in range(repetitions)][1:]
            ratio = median(a / b for a, b in pairs)
            cells.append((*(1e6 * median(side) for side in zip(*pairs, strict=True)), ratio))
        (ours, theirs, small), (*_, large) = cells
        moved = traffic(mine) / traffic(reference)
        print(f"| {name} | {ours:.0f} | {theirs:.0f} | {small:.2f} | {large:.2f} | {moved:.2f} |", flush=True)


if __name__ == "__main__":
    main()
