"""Second order along the slope dx / dsigma (Karras et al. 2022)."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "heun",
        "Second order by the slopes at both ends; churn by gamma",
        aliases=("HeunDiscreteScheduler", "sample_heun", "edm"),
        estimate="heun",
        renoise="churn",
        walk="sigma",
        defaults={"gamma": 0.0},
        source="Karras et al. 2022, Algorithm 2",
        advice="Exact results where evaluations are cheap; twice the cost of euler a step.",
        order=2,
        evaluations=2,
    ),
    SchedulerCard(
        "dpm_2",
        "Second order by the slope at the middle; churn by gamma",
        aliases=("dpm2", "KDPM2DiscreteScheduler", "sample_dpm_2"),
        estimate="dpm_2",
        renoise="churn",
        walk="sigma",
        defaults={"gamma": 0.0},
        source="Lu et al. 2022 (DPM-Solver-2); Karras et al. 2022",
        advice="As heun; which of the two is better depends on the model.",
        order=2,
        evaluations=2,
    ),
    SchedulerCard(
        "dpm_2_ancestral",
        "Second order by the slope at the middle, with fresh noise",
        aliases=("dpm2 a", "dpm_2_a", "KDPM2AncestralDiscreteScheduler"),
        estimate="dpm_2",
        renoise="ancestral",
        walk="sigma",
        defaults={"eta": 1.0},
        source="k-diffusion, sample_dpm_2_ancestral",
        advice="Varied pictures with more detail than euler_ancestral at twice its cost.",
        order=2,
        evaluations=2,
    ),
]
