"""Sampling with a person's own network: `diffsmith.sample`, step by step as `diffsmith.frames`."""

from .kept import load_frame, save_frame
from .verbs import frames, sample

__all__ = ["frames", "load_frame", "sample", "save_frame"]
