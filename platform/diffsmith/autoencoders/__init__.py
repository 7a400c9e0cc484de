"""Autoencoders as they are chosen and used: by name, by published class, in tiles, in float16."""

from .autoencoder import Autoencoder
from .float16 import fitted_to_float16
from .frames import encoded
from .sliced import sliced
from .tiled import tiled

__all__ = ["Autoencoder", "encoded", "fitted_to_float16", "sliced", "tiled"]
