"""DDPM, DDIM and Euler: one evaluation a step, one move."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "ddpm",
        "Ancestral sampling, the posterior's noise at every step",
        aliases=("DDPMScheduler",),
        renoise="ancestral",
        defaults={"eta": 1.0},
        source="Ho et al. 2020, Algorithm 2",
        advice="Many steps (250 and more) of a pixel model; for few steps it stays noisy.",
    ),
    SchedulerCard(
        "ddim",
        "Implicit sampling, noise by eta",
        aliases=("DDIMScheduler",),
        renoise="ancestral",
        defaults={"eta": 0.0},
        source="Song et al. 2021, eq. 12",
        advice="Inversion, interpolation between latents, and whenever a published result used it.",
    ),
    SchedulerCard(
        "euler",
        "First order, deterministic; churn by gamma",
        aliases=("EulerDiscreteScheduler", "sample_euler"),
        renoise="churn",
        walk="sigma",
        defaults={"gamma": 0.0},
        source="Karras et al. 2022, Algorithm 2 without the correction",
        advice="A safe default: 20 to 30 steps; few-step distilled models at 1 to 8.",
    ),
    SchedulerCard(
        "euler_ancestral",
        "First order with fresh noise",
        aliases=("euler_a", "EulerAncestralDiscreteScheduler", "sample_euler_ancestral"),
        renoise="ancestral",
        defaults={"eta": 1.0},
        source="k-diffusion, sample_euler_ancestral",
        advice="Varied, soft pictures; they keep changing with the number of steps.",
    ),
]
