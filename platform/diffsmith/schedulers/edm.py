"""What diffusers calls its EDM schedulers: solvers of other families, for networks trained as EDM's."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "edm_euler",
        "Euler on EDM's schedule; churn by gamma",
        aliases=("EDMEulerScheduler",),
        renoise="churn",
        walk="sigma",
        defaults={"gamma": 0.0},
        source="Karras et al. 2022, Algorithm 2 without the correction",
        advice="Playground 2.5 and other models with EDM's preconditioning: 25 to 50 steps, karras spacing.",
    ),
    SchedulerCard(
        "edm_dpmpp_2m",
        "DPM-Solver++ 2M on EDM's schedule; an SDE by eta",
        aliases=("EDMDPMSolverMultistepScheduler", "edm_dpm_multistep"),
        estimate="dpmpp_2m",
        renoise="sde",
        defaults={"eta": 0.0},
        source="Lu et al. 2022, Algorithm 2; Karras et al. 2022",
        advice="The same models at 15 to 25 steps; eta 1 for more detail at 25 to 50.",
        order=2,
    ),
]
