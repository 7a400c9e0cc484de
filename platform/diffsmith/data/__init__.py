"""Data sets."""

from .split import Data, Split, Unread

__all__ = ["Data", "Split", "Unread"]
