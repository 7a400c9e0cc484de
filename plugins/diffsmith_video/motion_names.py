"""The names of motion modules: their authors', and diffusers'."""

import re

__all__ = ["motion_name", "motion_place"]

_STEPS = (
    (r"^module\.", ""),  # of a network that was trained on several devices
    (r"\.temporal_transformer\.", "."),
    (r"\.attention_blocks\.0\.pos_encoder\.", ".pos_embed."),
    (r"\.attention_blocks\.0\.", ".attn1."),
    (r"\.attention_blocks\.1\.", ".attn2."),
    (r"\.norms\.0\.", ".norm1."),
    (r"\.norms\.1\.", ".norm2."),
    (r"\.ff_norm\.", ".norm3."),
)
_PLACE = re.compile(r"((?:down_blocks\.\d+|up_blocks\.\d+|mid_block))\.motion_modules\.(\d+)\.")


def motion_name(name: str) -> str:
    """An original name as the newest one; those that are new already stay."""
    for old, new in _STEPS:
        name = re.sub(old, new, name)
    return name


def motion_place(name: str) -> tuple[str, int] | None:
    """The block and the number of the motion module that a tensor belongs to, by its newest name."""
    match = _PLACE.match(name)
    return (match[1], int(match[2])) if match else None
