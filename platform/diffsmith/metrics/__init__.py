"""How good a set of samples is, as one number: what is compared, and metrics over any feature space."""

from .reference import Metric, Reference, noise_floor

__all__ = ["Metric", "Reference", "noise_floor"]
