"""On the straight flow (Lipman et al. 2022; Esser et al. 2024)."""

from ..cards import SchedulerCard

__all__ = ["SCHEDULERS"]

SCHEDULERS = [
    SchedulerCard(
        "flow_euler",
        "Euler on the straight flow",
        aliases=("FlowMatchEulerDiscreteScheduler",),
        source="Lipman et al. 2022; Esser et al. 2024",
        advice="What SD3, Flux and Qwen-Image are published with: 28 to 50 steps, shifted spacing.",
    ),
    SchedulerCard(
        "flow_heun",
        "Heun on the straight flow",
        aliases=("FlowMatchHeunDiscreteScheduler",),
        estimate="heun",
        source="Esser et al. 2024",
        advice="Flow models where evaluations are cheap.",
        order=2,
        evaluations=2,
    ),
]
