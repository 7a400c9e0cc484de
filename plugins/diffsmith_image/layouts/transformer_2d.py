"""Transformer2DModel: what DiT and PixArt were called when their weights were published."""

from collections.abc import Mapping
from typing import Any

from diffsmith.weights.choices import refuse
from diffsmith.weights.layouts import Layout

from . import dit, pixart

__all__ = ["LAYOUT"]

LAYOUTS = {"ada_norm_zero": dit.LAYOUT, "ada_norm_single": pixart.LAYOUT}
"""By norm_type."""


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    kind = config.get("norm_type", "layer_norm")
    refuse("Transformer2DModel", {"norm_type": kind}, {"norm_type": list(LAYOUTS)})
    return LAYOUTS[kind].options(config)


def _config(choice: Mapping[str, Any]) -> dict[str, Any]:
    layout = pixart.LAYOUT if choice["name"] == "pixart" else dit.LAYOUT
    return layout.config(choice)


LAYOUT = Layout("models", _options, _config)
