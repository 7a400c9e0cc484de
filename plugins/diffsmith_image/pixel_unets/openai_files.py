"""OpenAI's files of pixel U-Nets: what a network is, by its tensors' names and shapes."""

import re
from collections.abc import Mapping
from typing import Any

from diffsmith.weights.mapped import Tensors
from diffsmith.weights.renamed import renamed
from diffsmith.weights.single_files import Part, Reading

from .openai_names import Split, by_head, openai_pieces, thirds
from .plain import heads_of
from .told import Shapes, told
from .trained import consistency

__all__ = ["openai_unet"]

_FIRST, _LAST = "input_blocks.0.0.weight", "out.2.weight"
_ATTENTION = re.compile(r"(input_blocks\.\d+\.1|middle_block\.1)\.qkv\.weight")
_COARSEST = 32  # pixels where attention begins, in every published one
_HEAD_DIM = 64

_ASSUMED = (
    "a file of consistency_models does not tell how it was trained: a distilled consistency model is assumed "
    "(trained ones have schedule.timesteps 201 at 64 pixels, 151 at 256; their EDM teachers no boundary)"
)


def openai_unet(tensors: Tensors) -> Reading | None:
    """A file of guided-diffusion or consistency_models; None for any other, such as Stable Diffusion's."""
    if not {_FIRST, _LAST} <= set(tensors) or not any(map(_ATTENTION.fullmatch, tensors)):
        return None
    plain = openai_pieces(tensors)
    choice = _choice(renamed(tensors, plain).shapes)
    pieces = openai_pieces(tensors, _split(choice))
    used = {piece.name for piece in pieces.values()}
    return Reading(
        {},
        {"unet": Part({}, renamed(tensors, pieces))},
        {"unet": {**choice, **(_trained(choice) if choice["variance"] else consistency(40))}},
        left=[name for name in tensors if name not in used],
        notes=() if choice["variance"] else (_ASSUMED,),
    )


def _choice(shapes: Shapes) -> dict[str, Any]:
    """The network by its tensors under our names."""
    found = told(shapes)
    first = next(iter(found["attention"]), 0)
    side = _COARSEST << first
    return {**found, **_heads(found["widths"]), "shape": (shapes["conv_in.weight"][1], side, side)}


def _heads(widths: tuple[int, ...]) -> dict[str, int]:
    """Four of any size at 128 pixels; no shape tells."""
    return {"heads": 4} if widths == (256, 256, 512, 768, 1024) else {"head_dim": min(_HEAD_DIM, widths[0])}


def _split(choice: Mapping[str, Any]) -> Split:
    """The newer order in consistency_models and in guided-diffusion's network for 64 pixels."""
    if not choice["variance"] or choice["widths"] == (192, 384, 576, 768):
        return thirds
    return by_head(heads_of(choice.get("heads"), choice.get("head_dim")))


def _trained(choice: Mapping[str, Any]) -> dict[str, Any]:
    betas = "cosine" if choice["shape"][1] == 64 else "linear"
    return {"schedule": {"name": "vp", "betas": betas}, "prediction": {"name": "epsilon"}}
