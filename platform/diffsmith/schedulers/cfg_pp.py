"""Solvers as the programs for CFG++ have them; to be used with guidance cfg_pp."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "euler_cfg_pp",
        "Euler for CFG++ guidance",
        source="Chung et al. 2024, Algorithm 2; ComfyUI, sample_euler_cfg_pp",
        advice="With guidance cfg_pp only; the same as euler, which heeds it too.",
    ),
    SchedulerCard(
        "euler_ancestral_cfg_pp",
        "Euler with fresh noise for CFG++ guidance",
        renoise="ancestral",
        defaults={"eta": 1.0},
        source="Chung et al. 2024, reference program; ComfyUI, sample_euler_ancestral_cfg_pp",
        advice="With guidance cfg_pp only; the same as euler_ancestral, which heeds it too.",
    ),
    SchedulerCard(
        "dpmpp_2m_cfg_pp",
        "DPM-Solver++ 2M for CFG++ guidance",
        estimate="dpmpp_2m_cfg_pp",
        source="Chung et al. 2024, reference program; ComfyUI, sample_dpmpp_2m_cfg_pp",
        advice="With guidance cfg_pp only, where a published result used it; else dpmpp_2m.",
        order=2,
    ),
    SchedulerCard(
        "dpmpp_2s_ancestral_cfg_pp",
        "DPM-Solver++ 2S with fresh noise for CFG++ guidance",
        estimate="dpmpp_2s_cfg_pp",
        renoise="ancestral",
        defaults={"eta": 1.0},
        source="ComfyUI, sample_dpmpp_2s_ancestral_cfg_pp",
        advice="With guidance cfg_pp only, where a published result used it; else dpmpp_2s_ancestral.",
        order=2,
        evaluations=2,
    ),
    SchedulerCard(
        "res_multistep_cfg_pp",
        "RES multistep for CFG++ guidance",
        estimate="res_multistep_cfg_pp",
        source="ComfyUI, sample_res_multistep_cfg_pp",
        advice="With guidance cfg_pp only, where a published result used it; else res_multistep.",
        order=2,
    ),
    SchedulerCard(
        "res_multistep_ancestral_cfg_pp",
        "RES multistep with fresh noise for CFG++ guidance",
        estimate="res_multistep_cfg_pp",
        renoise="ancestral",
        defaults={"eta": 1.0},
        source="ComfyUI, sample_res_multistep_ancestral_cfg_pp",
        advice="With guidance cfg_pp only, where a published result used it; else res_multistep_ancestral.",
        order=2,
    ),
]
