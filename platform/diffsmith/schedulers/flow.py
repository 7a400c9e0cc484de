"""On the straight flow (Lipman et al. 2022; Esser et al. 2024)."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "flow_euler",
        "Euler on the straight flow",
        aliases=("FlowMatchEulerDiscreteScheduler", "FlowMatchEuler", "flow_match_euler"),
        source="Lipman et al. 2022; Esser et al. 2024",
        advice="What SD3, Flux and Qwen-Image are published with: 28 to 50 steps, shifted spacing.",
    ),
    SchedulerCard(
        "flow_heun",
        "Heun on the straight flow; churn by gamma",
        aliases=("FlowMatchHeunDiscreteScheduler", "FlowMatchHeun", "flow_match_heun"),
        estimate="heun",
        renoise="churn",
        defaults={"gamma": 0.0},
        source="Esser et al. 2024; Karras et al. 2022, Algorithm 2",
        advice="Flow models where evaluations are cheap.",
        order=2,
        evaluations=2,
    ),
    SchedulerCard(
        "flow_lcm",
        "Few-step sampling on the straight flow: jump to the clean estimate, then add fresh noise",
        aliases=("FlowMatchLCMScheduler", "FlowMatchLCM", "flow_match_lcm"),
        renoise="fresh",
        source="Song et al. 2023, Algorithm 1",
        advice="Flow models distilled to 2 to 8 steps; flow_euler with stochastic sampling is the same.",
        order=0,
    ),
]
