"""Clips that people have: videos, animated pictures, pictures one by one; each as moments in time."""

from .moments import Clip, Content, Moment
from .opening import lasting, moments
from .pictures import is_picture

__all__ = ["Clip", "Content", "Moment", "is_picture", "lasting", "moments"]
