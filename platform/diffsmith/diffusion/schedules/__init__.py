"""Noise schedules: which levels a network was trained on, and how it is told where it is."""

from .fading import vp_fading
from .formulas import angle, cosine, edm, flow, sub_vp_sde, ve, vp_sde
from .schedule import NoiseSchedule
from .tables import vp

__all__ = ["NoiseSchedule", "angle", "cosine", "edm", "flow", "sub_vp_sde", "ve", "vp", "vp_fading", "vp_sde"]
