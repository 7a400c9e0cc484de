"""Data sets."""

from .split import Data, Split

__all__ = ["Data", "Split"]
