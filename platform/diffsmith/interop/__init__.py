"""What other programs wrote, read as specs of ours."""

from .scheduler_config import load_scheduler

__all__ = ["load_scheduler"]
