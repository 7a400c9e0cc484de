"""The schedulers people know by name: rows of (estimate, noise rule)."""

from .cards import SchedulerCard

__all__ = ["SCHEDULERS"]


def _row(
    name: str, estimate: str, renoise: str, summary: str, *aliases: str, **defaults: float
) -> SchedulerCard:
    return SchedulerCard(name, summary, "", aliases, estimate, renoise, defaults)


SCHEDULERS = [
    _row("ddpm", "euler", "ancestral", "Ancestral sampling (Ho et al. 2020)", "DDPMScheduler", eta=1.0),
    _row(
        "ddim",
        "euler",
        "ancestral",
        "Implicit sampling, noise by eta (Song et al. 2021)",
        "DDIMScheduler",
        eta=0.0,
    ),
    _row(
        "euler", "euler", "ode", "First order, deterministic (Karras et al. 2022)", "EulerDiscreteScheduler"
    ),
    _row(
        "euler_ancestral",
        "euler",
        "ancestral",
        "First order with fresh noise (k-diffusion)",
        "euler_a",
        "EulerAncestralDiscreteScheduler",
        eta=1.0,
    ),
    _row(
        "heun",
        "heun",
        "ode",
        "Second order, two evaluations a step (Karras et al. 2022)",
        "HeunDiscreteScheduler",
    ),
    _row("edm", "heun", "churn", "Heun with churn (Karras et al. 2022, Algorithm 2)", gamma=0.1),
    _row(
        "dpm_2",
        "dpm_2",
        "ode",
        "DPM-Solver-2, slope at the middle (Lu et al. 2022)",
        "KDPM2DiscreteScheduler",
    ),
    _row(
        "dpmpp_2s_ancestral",
        "dpmpp_2s",
        "ancestral",
        "DPM-Solver++ 2S with fresh noise (Lu et al. 2022)",
        eta=1.0,
    ),
    _row(
        "dpmpp_2m",
        "dpmpp_2m",
        "ode",
        "DPM-Solver++ 2M: second order at one evaluation (Lu et al. 2022)",
        "dpm++ 2m",
        "DPMSolverMultistepScheduler",
    ),
    _row(
        "dpmpp_2m_sde",
        "dpmpp_2m",
        "sde",
        "DPM-Solver++ 2M as an SDE (Lu et al. 2022)",
        "dpm++ 2m sde",
        eta=1.0,
    ),
    _row(
        "dpmpp_3m_sde", "dpmpp_3m", "sde", "DPM-Solver++ 3M as an SDE (k-diffusion)", "dpm++ 3m sde", eta=1.0
    ),
    _row(
        "flow_euler",
        "euler",
        "ode",
        "Euler on the straight flow (Lipman et al. 2022)",
        "FlowMatchEulerDiscreteScheduler",
    ),
    _row(
        "flow_heun",
        "heun",
        "ode",
        "Heun on the straight flow (Esser et al. 2024)",
        "FlowMatchHeunDiscreteScheduler",
    ),
    _row("lcm", "euler", "fresh", "Few-step consistency sampling (Luo et al. 2023)", "LCMScheduler"),
]
