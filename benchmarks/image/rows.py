"""What is measured: each side's ways to run, in pairs that belong together."""

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Row", "rows"]


@dataclass(frozen=True)
class Row:
    """One way to run. told: fields of our engine, or what diffusers' pipeline is made to do.

    against: the row of diffusers that it is compared with. approximate: its picture is meant to differ.
    """

    name: str
    side: Literal["ours", "theirs"]
    dtype: str
    told: dict[str, Any] = field(default_factory=dict)
    against: str = ""
    approximate: bool = False


_CACHE = {"cache": {"name": "deep_features", "every": 3}}
_LAST = {"channels_last": True}

_CPU = [
    Row("diffusers, float32", "theirs", "float32"),
    Row("diffusers, float32, channels last", "theirs", "float32", _LAST),
    Row("diffusers, bfloat16", "theirs", "bfloat16"),
    Row("diffusers, bfloat16, channels last", "theirs", "bfloat16", _LAST),
    Row("ours, float32, plain layout", "ours", "float32", {"layout": "plain"}, "diffusers, float32"),
    Row("ours, float32", "ours", "float32", {}, "diffusers, float32"),
    Row("ours, automatic precision", "ours", "auto", {}, "diffusers, float32"),
    Row("ours, automatic, deep features kept", "ours", "auto", _CACHE, "diffusers, float32", True),
]


def rows(device: str, dtype: str = "") -> list[Row]:
    """The rows for that device; on a GPU in one number format."""
    if device == "cpu":
        return _CPU
    eager, compiled = f"diffusers, {dtype}", f"diffusers, {dtype}, compiled"
    return [
        Row(eager, "theirs", dtype, _LAST),
        Row(compiled, "theirs", dtype, {**_LAST, "compile": True}),
        Row(f"ours, {dtype}", "ours", dtype, {}, eager),
        Row(f"ours, {dtype}, graphs", "ours", dtype, {"graphs": True}, eager),
        Row(f"ours, {dtype}, compiled", "ours", dtype, {"compile": True}, compiled),
        Row(f"ours, {dtype}, compiled, graphs", "ours", dtype, {"compile": True, "graphs": True}, compiled),
        Row(f"ours, {dtype}, deep features kept", "ours", dtype, _CACHE, eager, True),
    ]
