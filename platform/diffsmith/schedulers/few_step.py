"""For networks distilled to answer in one to eight steps."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "lcm",
        "Few-step consistency sampling: jump to the clean estimate, then add fresh noise",
        aliases=("LCMScheduler",),
        renoise="fresh",
        source="Luo et al. 2023; Song et al. 2023, Algorithm 1",
        advice="Only for models distilled for it, at 2 to 8 steps; spacing lcm has their timesteps.",
        order=0,
    ),
    SchedulerCard(
        "tcd",
        "Jump part of the way to the clean end, then add noise by eta",
        "diffsmith.diffusion.loops.tcd:tcd",
        aliases=("TCDScheduler", "trajectory_consistency"),
        defaults={"eta": 0.3},
        source="Zheng et al. 2024, Algorithm 4",
        advice="TCD- and Hyper-distilled models at 2 to 8 steps; more steps want a larger eta.",
    ),
    SchedulerCard(
        "consistency",
        "Consistency models: jump to the clean estimate, then add noise down from sigma_min",
        aliases=("CMStochasticIterativeScheduler", "stochastic_iterative", "consistency_multistep"),
        renoise="consistency",
        defaults={"sigma_min": 0.002},
        source="Song et al. 2023, Algorithm 1",
        advice="Consistency models trained on EDM's schedule, at 1 to 4 steps.",
        order=0,
    ),
]
