"""Features kept across steps: approximations, each with a measured loss."""

from .deep_features import deep_features
from .first_block import first_block

__all__ = ["deep_features", "first_block"]
