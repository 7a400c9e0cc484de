"""Samplers that follow the score: reverse SDEs, Langevin dynamics and the probability-flow ODE."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

_LOOPS = "diffsmith.diffusion.loops"

SCHEDULERS = [
    SchedulerCard(
        "predictor_corrector",
        "Steps of the reverse SDE, with Langevin steps at every level",
        f"{_LOOPS}.score_sde:score_sde",
        aliases=(
            "ScoreSdeVeScheduler",
            "ve_predictor_corrector",
            "vp_predictor_corrector",
            "ve_pc",
            "vp_pc",
        ),
        source="Song et al. 2020, Algorithms 1 to 5; score_sde, get_pc_sampler",
        advice="Score models on VE or VP at hundreds of steps; snr near 0.16 on VE, 0.01 on VP.",
        order=0,
        evaluations=2,
    ),
    SchedulerCard(
        "euler_maruyama",
        "The reverse SDE by its drift and noise at every level",
        f"{_LOOPS}.score_sde:euler_maruyama",
        aliases=("ScoreSdeVpScheduler",),
        source="Song et al. 2020, appendix D.1; score_sde, EulerMaruyamaPredictor",
        advice="To repeat published VP results at 1000 steps; ddpm gets further in fewer.",
        order=0,
    ),
    SchedulerCard(
        "annealed_langevin",
        "Langevin steps alone, level after level",
        f"{_LOOPS}.score_sde:annealed_langevin",
        aliases=("ald", "anneal_langevin_dynamics"),
        walk="sigma",
        source="Song & Ermon 2019, Algorithm 1; ncsn, anneal_Langevin_dynamics",
        advice="For NCSN models: ten geometric levels, a hundred steps at each.",
        order=0,
        evaluations=100,
    ),
    SchedulerCard(
        "probability_flow",
        "The probability-flow ODE to a tolerance, by an adaptive Runge-Kutta solver",
        f"{_LOOPS}.probability_flow:probability_flow",
        aliases=("ode", "rk45"),
        source="Song et al. 2020, section 4.3; score_sde, get_ode_sampler",
        advice="Exact latents and reference results; one or two levels ask the network least.",
        order=0,
        evaluations=0,
        pushes=False,
    ),
    SchedulerCard(
        "runge_kutta_2",
        "Second order over the model's own training time, on its own path",
        f"{_LOOPS}.runge_kutta:runge_kutta_2",
        aliases=("ablation_sampler", "edm_ablation_sampler"),
        source="Karras et al. 2022, appendix D.2; NVlabs/edm, ablation_sampler",
        advice="To repeat the baselines of the EDM paper; heun, in sigma, is better.",
        order=2,
        evaluations=2,
        pushes=False,
    ),
    SchedulerCard(
        "dpm_2_cubic",
        "Second order by the slope at the middle in the cube root of sigma; churn by gamma",
        f"{_LOOPS}.dpm_2_cubic:dpm_2_cubic",
        aliases=("sample_dpm",),
        walk="sigma",
        source="consistency_models, sample_dpm; k-diffusion's first sample_dpm_2",
        advice="To repeat published results; dpm_2 ends on the clean estimate, this one beyond it.",
        order=2,
        evaluations=2,
    ),
]
