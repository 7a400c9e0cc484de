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
        advice="Only for models distilled for it, at 2 to 8 steps.",
        order=0,
    ),
]
