"""Wuerstchen and Stable Cascade, whose noise has a formula and no table."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "ddpm_wuerstchen",
        "Ancestral sampling that adds no noise in its last step",
        ref="diffsmith.diffusion.loops.ddpm_wuerstchen:ddpm_wuerstchen",
        aliases=("DDPMWuerstchenScheduler",),
        source="Pernias et al. 2023; diffusers, DDPMWuerstchenScheduler",
        advice="What Stable Cascade is published with: schedule cosine, 20 steps for its prior, 10 after.",
        order=0,
    ),
]
