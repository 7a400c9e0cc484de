"""U-Nets over pixels: DDPM, NCSN++, ADM, consistency models, and EDM's; published ones as rows of numbers."""

from .cards import PIXEL_UNETS

__all__ = ["PIXEL_UNETS"]
