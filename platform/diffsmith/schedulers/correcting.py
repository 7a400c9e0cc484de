"""Predictor-corrector: the estimate at the end of a step corrects it (Zhao et al. 2023; Xue et al. 2023)."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

_SA = {"tau": 1.0, "tau_from": 5.12, "tau_to": 0.57}
"""From timestep 800 to 200 of Stable Diffusion's table."""

SCHEDULERS = [
    SchedulerCard(
        "unipc",
        "Multistep in log-SNR, each step corrected by the next estimate",
        aliases=("UniPCMultistepScheduler", "uni_pc", "uni_pc_bh2"),
        estimate="unipc",
        correct="unic",
        source="Zhao et al. 2023; diffusers, UniPCMultistepScheduler",
        advice="Few steps: 8 to 20; third order, but for lower_order_final, which calms the last steps.",
        order=2,
        pushes=False,
    ),
    SchedulerCard(
        "uni_pc_bh1",
        "unipc with B(h) = h",
        aliases=("unipc_bh1",),
        estimate="unipc",
        correct="unic",
        defaults={"solver": "bh1"},
        source="Zhao et al. 2023",
        advice="As unipc, for models without guidance in fewer than 10 steps.",
        order=2,
        pushes=False,
    ),
    SchedulerCard(
        "sa_solver",
        "Stochastic Adams: multistep in log-SNR with fresh noise on a part of the way, corrected",
        aliases=("SASolverScheduler",),
        estimate="sa_solver",
        renoise="sa",
        correct="sa_corrector",
        defaults=_SA,
        source="Xue et al. 2023, Algorithm 1 (PEC); diffusers, SASolverScheduler; ComfyUI, sample_sa_solver",
        advice="Fresh noise in 15 to 30 steps; tau sets how much, tau_from and tau_to where.",
        order=2,
        pushes=False,
    ),
    SchedulerCard(
        "sa_solver_pece",
        "sa_solver that asks again where it has corrected",
        ref="diffsmith.diffusion.loops.predictor_corrector:sa_solver_pece",
        defaults=_SA,
        source="Xue et al. 2023, Algorithm 1 (PECE); ComfyUI, sample_sa_solver_pece",
        advice="As sa_solver where evaluations are cheap.",
        order=2,
        pushes=False,
        evaluations=2,
    ),
]
