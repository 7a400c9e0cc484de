"""The names of the autoencoder of latent diffusion: from its authors' to diffusers'."""

import re
from collections.abc import Collection

__all__ = ["autoencoder_names"]

_STEPS = (
    (r"\bdown\.(\d+)\.block\.", r"down_blocks.\1.resnets."),
    (r"\bdown\.(\d+)\.downsample\.", r"down_blocks.\1.downsamplers.0."),
    (r"\bup\.(\d+)\.block\.", r"up_blocks.\1.resnets."),
    (r"\bup\.(\d+)\.upsample\.", r"up_blocks.\1.upsamplers.0."),
    (r"\bmid\.block_1\.", "mid_block.resnets.0."),
    (r"\bmid\.block_2\.", "mid_block.resnets.1."),
    (r"\bmid\.attn_1\.norm\.", "mid_block.attentions.0.group_norm."),
    (r"\bmid\.attn_1\.([qkv])\.", r"mid_block.attentions.0.to_\1."),
    (r"\bmid\.attn_1\.proj_out\.", "mid_block.attentions.0.to_out.0."),
    (r"\bnin_shortcut\.", "conv_shortcut."),
    (r"\bnorm_out\.", "conv_norm_out."),
)
_KNOWN = re.compile(
    r"(post_)?quant_conv\.\w+|(encoder|decoder)\.(conv_in|conv_out|conv_norm_out)\.\w+"
    r"|(encoder|decoder)\.(down_blocks\.\d+|up_blocks\.\d+|mid_block)\.\w+\.\d+(\.\w+)+"
)
_UP = re.compile(r"\bdecoder\.up\.(\d+)\.")


def autoencoder_names(names: Collection[str]) -> dict[str, str]:
    """Old name -> new name; new names stay, and names that belong to no known block are left out."""
    levels = max((int(match[1]) + 1 for match in map(_UP.search, names) if match), default=0)
    new = {name: _renamed(name, levels) for name in names}
    return {name: told for name, told in new.items() if _KNOWN.fullmatch(told)}


def _renamed(name: str, levels: int) -> str:
    """The authors number the decoder's levels from the largest picture on; it begins with the smallest."""
    name = _UP.sub(lambda match: f"decoder.up.{levels - 1 - int(match[1])}.", name)
    for old, new in _STEPS:
        name = re.sub(old, new, name)
    return name
