"""The stages of published encoders and decoders: which attend, and how large the pictures are."""

from typing import Any

from ..errors import SpecError
from .rows import Config

__all__ = ["faults_of", "levels_of", "numbers", "types_of"]

_KINDS = {
    "down_block_types": ("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
    "up_block_types": ("UpDecoderBlock2D", "AttnUpDecoderBlock2D"),
}


def levels_of(config: Config) -> dict[str, Any]:
    """Which levels attend, and the side of the pictures."""
    attending = [level for level, attends in enumerate(_attends(config, "down_block_types")) if attends]
    side = config.get("sample_size", 32)
    return {"attention": tuple(attending), "sample_size": side[0] if isinstance(side, list | tuple) else side}


def types_of(options: Config) -> dict[str, Any]:
    """The other way."""
    levels = len(options["widths"])
    attending = {level % levels for level in options["attention"]}
    down, up = _KINDS.values()
    return {
        "down_block_types": [down[level in attending] for level in range(levels)],
        "up_block_types": [up[level in attending] for level in reversed(range(levels))],
        "sample_size": options["sample_size"],
    }


def faults_of(config: Config) -> list[str]:
    """What of their stages has no like here."""
    levels = len(numbers(config, "block_out_channels"))
    faults = []
    for key, known in _KINDS.items():
        types = _types(config, key)
        strange = [kind for kind in types if kind not in known]
        faults += [
            f"{key}: {kind!r} is not possible here, only {' and '.join(known)} are" for kind in strange
        ]
        if len(types) != levels:
            faults.append(f"{key}: must name {levels} stages, as block_out_channels does, got {len(types)}")
    if not faults and _attends(config, "down_block_types") != _attends(config, "up_block_types")[::-1]:
        faults.append("up_block_types: must attend at the levels where down_block_types do")
    return faults


def numbers(config: Config, key: str) -> tuple[int, ...]:
    """A list of channels, which these classes take to be (64,) where their file does not say."""
    value = config.get(key, (64,))
    if not isinstance(value, list | tuple) or not value:
        raise SpecError([f"{key}: must be a list of numbers of channels, got {value!r}"])
    return tuple(value)


def _types(config: Config, key: str) -> tuple[str, ...]:
    plain, _ = _KINDS[key]
    return tuple(config.get(key) or (plain,) * len(numbers(config, "block_out_channels")))


def _attends(config: Config, key: str) -> list[bool]:
    return [kind == _KINDS[key][1] for kind in _types(config, key)]
