"""DDPM, DDIM and Euler: one evaluation a step, one move."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "ddpm",
        "Ancestral sampling: the posterior's mean, and its noise by variance",
        aliases=("DDPMScheduler", "ddpm_parallel", "DDPMParallelScheduler"),
        renoise="posterior",
        defaults={"variance": "fixed_small"},
        source="Ho et al. 2020, Algorithm 2; Nichol & Dhariwal 2021, eq. 15",
        advice="Many steps (250 and more) of a pixel model; for few steps it stays noisy.",
        order=0,
    ),
    SchedulerCard(
        "ddim",
        "Implicit sampling, noise by eta",
        aliases=("DDIMScheduler", "ddim_parallel", "DDIMParallelScheduler"),
        renoise="ancestral",
        defaults={"eta": 0.0},
        source="Song et al. 2021, eq. 12",
        advice="Inversion, interpolation between latents, and whenever a published result used it.",
    ),
    SchedulerCard(
        "ddim_inverse",
        "From a clean sample to its noise, by the level that a step goes to",
        "diffsmith.diffusion.loops.ddim_inverse:ddim_inverse",
        aliases=("DDIMInverseScheduler", "ddim_inversion"),
        defaults={"held": "epsilon"},
        source="Song et al. 2021, eq. 13 reversed",
        advice="To edit a given picture: invert it, then sample with ddim and another prompt.",
        order=0,
        pushes=False,
    ),
    SchedulerCard(
        "diffwave",
        "DDPM whose state is clipped after every step",
        "diffsmith.diffusion.loops.diffwave:diffwave",
        defaults={"limit": 1.0},
        source="Kong et al. 2021, Algorithm 2, and its reference program",
        advice="Waveforms in [-1, 1], with the six levels of its fast schedule or all of training's.",
        order=0,
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
