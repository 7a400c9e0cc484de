"""State dicts of NVlabs/edm's networks: what a network is, by its tensors' names and shapes."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from diffsmith.weights.mapped import Tensors
from diffsmith.weights.renamed import Piece, renamed
from diffsmith.weights.single_files import Part, Reading

from .edm_names import dhariwal_pieces, song_pieces
from .told import Shapes, attending, count, told
from .trained import EDM, IDDPM

__all__ = ["edm"]

_ASSUMED = (
    "a state dict does not tell its preconditioning: EDM's is assumed (the baselines need the schedule and "
    "prediction of edm_baseline_cifar10_vp or _ve)"
)
_HEAD_DIM, _GROUPS = 64, 32

Choose = Callable[[Shapes, int], dict[str, Any]]


def edm(tensors: Tensors) -> Reading | None:
    """A network of NVlabs/edm, inside its preconditioning or alone; None for any other file."""
    names = {name.removeprefix("model.") for name in tensors}
    if "map_layer0.weight" not in names or not any(re.match(r"enc\.\d+x\d+_conv\.", name) for name in names):
        return None
    if "out_conv.weight" in names:
        return _reading(tensors, dhariwal_pieces(tensors), _dhariwal)
    return _reading(tensors, song_pieces(tensors), _song)


def _reading(tensors: Tensors, pieces: Mapping[str, Piece], choose: Choose) -> Reading:
    read = renamed(tensors, pieces)
    side = max(int(match[1]) for match in map(partial(re.search, r"enc\.(\d+)x"), tensors) if match)
    trained, notes = (IDDPM, ()) if "u" in tensors else (EDM, (_ASSUMED,))
    choice = {**choose(read.shapes, side), **trained}
    used = {piece.name for piece in pieces.values()}
    left = [
        name for name in tensors if name not in used and not name.endswith("resample_filter") and name != "u"
    ]
    return Reading({}, {"unet": Part({}, read)}, {"unet": choice}, left, notes)


def _dhariwal(shapes: Shapes, side: int) -> dict[str, Any]:
    found = told(shapes)
    small = {"group_size": 4} if found["widths"][0] < 4 * _GROUPS else {}
    return {**found, "head_dim": _HEAD_DIM, **small, "shape": (shapes["conv_in.weight"][1], side, side)}


def _song(shapes: Shapes, side: int) -> dict[str, Any]:
    sides = sorted({int(name.split(".")[1].partition("x")[0]) for name in shapes if name[:4] == "enc."})[::-1]
    first = shapes[f"enc.{side}x{side}_conv.weight"]
    label, augment = shapes.get("map_label.weight"), shapes.get("map_augment.weight")
    widths = [shapes[f"enc.{each}x{each}_block0.conv0.weight"][0] for each in sides]
    return {
        "name": "ncsnpp" if "map_noise.weight" in shapes else "ddpmpp",
        "width": first[0],
        "multipliers": tuple(width // first[0] for width in widths),
        "layers": count(rf"enc\.{side}x{side}_block(\d+)\.", shapes),
        "attention": attending(
            len(sides), lambda level: f"enc.{sides[level]}x{sides[level]}_block0.qkv.weight", shapes
        ),
        "augment": augment[1] if augment else 0,
        "shape": (first[1], side, side),
        "classes": label[1] if label else None,
    }
