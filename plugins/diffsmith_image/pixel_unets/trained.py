"""How the published pixel U-Nets were trained: the noise they know and what they answer."""

from typing import Any

__all__ = ["EDM", "IDDPM", "VE", "VP", "consistency"]

Facts = dict[str, Any]

EDM: Facts = {"schedule": {"name": "edm"}, "prediction": {"name": "edm"}}
"""Karras et al. 2022, Table 1; NVlabs/edm's EDMPrecond."""

VP: Facts = {"schedule": {"name": "vp_sde"}, "prediction": {"name": "epsilon"}}
"""NVlabs/edm's VPPrecond."""

VE: Facts = {
    "schedule": {"name": "ve", "sigma_min": 0.02, "sigma_max": 100.0, "label": "log_half_sigma"},
    "prediction": {"name": "epsilon", "negated": True},
}
"""NVlabs/edm's VEPrecond."""

IDDPM: Facts = {
    "schedule": {"name": "vp", "betas": "cosine", "interpolation": "sigma", "label": "rounded"},
    "prediction": {"name": "epsilon"},
}
"""NVlabs/edm's iDDPMPrecond: told the timestep of the nearest sigma that was trained."""


def consistency(timesteps: int) -> Facts:
    """Consistency models trained at so many levels (Song et al. 2023, appendix C)."""
    return {
        "schedule": {"name": "edm", "rho": 7.0, "timesteps": timesteps, "label_scale": 1000.0},
        "prediction": {"name": "edm"},
        "boundary": {"name": "cm_boundary"},
    }
