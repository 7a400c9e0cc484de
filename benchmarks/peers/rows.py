"""What is measured: each side's ways to run, in pairs that belong together."""

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["BRIEF", "LAYOUTS", "Row", "rows"]


@dataclass(frozen=True)
class Row:
    """One way to run. told: fields of our engine, or what diffusers' pipeline is made to do.

    against: the rows of diffusers that it is compared with. approximate: its picture is meant to differ.
    """

    name: str
    side: Literal["ours", "theirs"]
    dtype: str
    told: dict[str, Any] = field(default_factory=dict)
    against: tuple[str, ...] = ()
    approximate: bool = False


_CACHE = {"cache": {"name": "deep_features", "every": 3}}
_LAST = {"channels_last": True}
_EAGER, _HALF, _HALF_LAST = "diffusers, float32", "diffusers, bfloat16", "diffusers, bfloat16, channels last"


def _ours(half: str) -> list[Row]:
    """half: the row of diffusers in bfloat16 that those in ours are compared with."""
    both = (_EAGER, half)
    return [
        Row("ours, float32", "ours", "float32", {}, (_EAGER,)),
        Row("ours, automatic precision", "ours", "auto", {}, both),
        Row("ours, automatic, deep features kept", "ours", "auto", _CACHE, both, True),
    ]


BRIEF = [Row(_EAGER, "theirs", "float32"), Row(_HALF, "theirs", "bfloat16"), *_ours(_HALF)]
"""On a CPU, each side as it is loaded."""

LAYOUTS = [
    Row(_EAGER, "theirs", "float32"),
    Row("diffusers, float32, channels last", "theirs", "float32", _LAST),
    Row(_HALF, "theirs", "bfloat16"),
    Row(_HALF_LAST, "theirs", "bfloat16", _LAST),
    Row("ours, float32, plain layout", "ours", "float32", {"layout": "plain"}, (_EAGER,)),
    *_ours(_HALF_LAST),
]
"""On a CPU, in other layouts of memory, too."""


def rows(on_cpu: list[Row], device: str, dtype: str = "") -> list[Row]:
    """The rows for that device; on a GPU in one number format."""
    return on_cpu if device == "cpu" else _gpu(f"diffusers, {dtype}", f"ours, {dtype}", dtype)


def _gpu(theirs: str, ours: str, dtype: str) -> list[Row]:
    compiled = f"{theirs}, compiled"
    both = {"compile": True, "graphs": True}
    return [
        Row(theirs, "theirs", dtype, _LAST),
        Row(compiled, "theirs", dtype, {**_LAST, "compile": True}),
        Row(ours, "ours", dtype, {}, (theirs,)),
        Row(f"{ours}, graphs", "ours", dtype, {"graphs": True}, (theirs, compiled)),
        Row(f"{ours}, compiled", "ours", dtype, {"compile": True}, (theirs, compiled)),
        Row(f"{ours}, compiled, graphs", "ours", dtype, both, (theirs, compiled)),
        Row(f"{ours}, deep features kept", "ours", dtype, _CACHE, (theirs, compiled), True),
    ]
