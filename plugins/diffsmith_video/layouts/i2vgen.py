"""I2VGenXLUNet: the U-Net of I2VGen-XL, as diffusers configures it."""

from collections.abc import Mapping
from typing import Any

from diffsmith.weights.choices import complete, refuse
from diffsmith.weights.layouts import Layout

from ..i2vgen import i2vgen
from .clip_keys import ClipKeys, Positive, keys_of, level_keys, level_options

__all__ = ["LAYOUT", "Keys"]

CLASS = "I2VGenXLUNet"
FRAMES, HEIGHT, WIDTH = 16, 88, 160
"""Of the clips that its pipeline makes, whatever side a configuration tells; height and width are heard."""


class Keys(ClipKeys):
    """The keys and their defaults (diffusers 0.42)."""

    num_attention_heads: Positive | None = None  # the class does not read it


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    keys = keys_of(Keys, CLASS, config)
    refuse(CLASS, keys.model_dump(), {"out_channels": [keys.in_channels]})
    size = keys.sample_size if isinstance(keys.sample_size, tuple) else (HEIGHT, WIDTH)
    return {
        "name": "i2vgen",
        **level_options(keys),
        "shape": (keys.in_channels, FRAMES, *size),
        "classes": None,
    }


def _config(choice: Mapping[str, Any]) -> dict[str, Any]:
    options, (channels, _, *size) = complete(i2vgen, choice), choice["shape"]
    keys = Keys(sample_size=size, in_channels=channels, out_channels=channels, **level_keys(CLASS, options))
    return {"_class_name": CLASS, **keys.model_dump(mode="json")}


LAYOUT = Layout("models", _options, _config)
