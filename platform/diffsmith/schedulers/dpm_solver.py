"""DPM-Solver and DPM-Solver++ (Lu et al. 2022): exact in the linear part, in log-SNR."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "dpmpp_2s_ancestral",
        "DPM-Solver++ 2S with fresh noise",
        aliases=("dpm++ 2s a", "sample_dpmpp_2s_ancestral"),
        estimate="dpmpp_2s",
        renoise="ancestral",
        defaults={"eta": 1.0},
        source="Lu et al. 2022; k-diffusion, sample_dpmpp_2s_ancestral",
        advice="Varied, detailed pictures at two evaluations a step.",
        order=0,
        evaluations=2,
    ),
    SchedulerCard(
        "dpmpp_2m",
        "DPM-Solver++ 2M: second order at one evaluation a step",
        aliases=("DPMSolverMultistepScheduler", "sample_dpmpp_2m"),
        estimate="dpmpp_2m",
        source="Lu et al. 2022, Algorithm 2; k-diffusion, sample_dpmpp_2m",
        advice="The first choice for guided latent models: 15 to 25 steps, karras spacing.",
        order=2,
    ),
    SchedulerCard(
        "dpmpp_2m_sde",
        "DPM-Solver++ 2M as an SDE",
        aliases=("sample_dpmpp_2m_sde",),
        estimate="dpmpp_2m",
        renoise="sde",
        defaults={"eta": 1.0},
        source="Lu et al. 2022; k-diffusion, sample_dpmpp_2m_sde",
        advice="Best detail at 25 to 50 steps; the result changes with the number of steps.",
        order=0,
    ),
    SchedulerCard(
        "dpmpp_3m_sde",
        "DPM-Solver++ 3M as an SDE",
        aliases=("sample_dpmpp_3m_sde",),
        estimate="dpmpp_3m",
        renoise="sde",
        defaults={"eta": 1.0},
        source="k-diffusion, sample_dpmpp_3m_sde",
        advice="As dpmpp_2m_sde with 30 steps and more; exponential spacing suits it.",
        order=0,
    ),
]
