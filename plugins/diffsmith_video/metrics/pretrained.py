"""Metrics of published networks exist where those lie on disk; to look imports nothing heavy."""

from importlib.util import find_spec
from pathlib import Path

from diffsmith.caches import library_folder
from diffsmith.cards import Card, MetricCard, cards_in

__all__ = ["pretrained_cards", "r3d18_file"]


def pretrained_cards() -> list[Card]:
    """The Frechet distance of R3D-18 where torchvision and its weights are."""
    if find_spec("torchvision") is None or r3d18_file() is None:
        return []
    return cards_in("diffsmith_video.metrics.kinetics", MetricCard, modality="video")


def r3d18_file() -> Path | None:
    """The weights that torchvision publishes for r3d_18, among torch hub's checkpoints."""
    path = library_folder("TORCH_HOME", "torch") / "hub" / "checkpoints" / "r3d_18-b3b3357e.pth"
    return path if path.is_file() else None
