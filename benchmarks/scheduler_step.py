"""What a DDIM step costs beside the network: ours against diffusers, interleaved, one thread.

PYTHONPATH=platform python benchmarks/scheduler_step.py
"""

from statistics import median
from time import perf_counter

import torch
from diffusers import DDIMScheduler
from torch import Tensor

from diffsmith.diffusion import prediction, schedules, spacings
from diffsmith.diffusion.denoiser import Denoise, Denoiser
from diffsmith.diffusion.estimates.single import euler
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.trajectory import trajectory

STEPS = 50
SCHEDULE = schedules.vp()
# The loop alone, and with what diffusers' step does too: reading the clean estimate in an epsilon.
DENOISERS: dict[str, Denoise] = {
    "loop": lambda x, level: x,
    "with Denoiser": Denoiser(lambda x, label: x, SCHEDULE, prediction.epsilon()),
}
SHAPES = {(1, 4, 8, 8): 60, (8, 4, 128, 128): 12}


def ours(x: Tensor, denoise: Denoise) -> float:
    """Seconds a step of our whole loop."""
    log_snrs = spacings.leading(SCHEDULE, STEPS)
    start = perf_counter()
    for _ in trajectory(denoise, x, SCHEDULE, log_snrs, Seeded([]), estimate=euler):
        pass
    return (perf_counter() - start) / STEPS


def theirs(x: Tensor) -> float:
    """Seconds a step of theirs, the network's epsilon being there already."""
    scheduler = DDIMScheduler(clip_sample=False)
    scheduler.set_timesteps(STEPS)
    start = perf_counter()
    for t in scheduler.timesteps:
        x = scheduler.step(x, t, x).prev_sample
    return (perf_counter() - start) / STEPS


def main() -> None:
    torch.set_num_threads(1)
    print(f"{'shape':>18} {'':<14} {'ours, us':>9} {'diffusers, us':>14} {'ratio':>6}")
    for shape, repetitions in SHAPES.items():
        x = torch.randn(shape)
        for name, denoise in DENOISERS.items():
            pairs = [(ours(x, denoise), theirs(x)) for _ in range(repetitions)][1:]
            mine, reference = (1e6 * median(seconds) for seconds in zip(*pairs, strict=True))
            ratio = median(a / b for a, b in pairs)
            print(f"{shape!s:>18} {name:<14} {mine:>9.1f} {reference:>14.1f} {ratio:>6.2f}")


if __name__ == "__main__":
    main()
