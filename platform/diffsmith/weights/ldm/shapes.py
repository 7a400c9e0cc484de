"""What the shapes of a network's tensors tell of its configuration: config.json, where there is none.

Names are diffusers'. What no shape tells is handed over: how channels are grouped and split into heads.
"""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["autoencoder_config", "text_config", "unet_config"]

Shapes = Mapping[str, tuple[int, ...]]


def unet_config(shapes: Shapes, *, heads: int, head_size: int, groups: int) -> dict[str, Any]:
    """UNet2DConditionModel.

    heads: of networks with convolutions around their attention, as the first ones have; head_size: of the
    others, whose layers there are linear.
    """
    widths = [shapes[f"{level}.resnets.0.conv1.weight"][0] for level in _levels("down_blocks", shapes)]
    attending = _attending("down_blocks", shapes)
    linear = any(len(shape) == 2 for name, shape in shapes.items() if name.endswith(".proj_in.weight"))
    context = next((shape[1] for name, shape in shapes.items() if name.endswith("attn2.to_k.weight")), None)
    return {
        "_class_name": "UNet2DConditionModel",
        "in_channels": shapes["conv_in.weight"][1],
        "out_channels": shapes["conv_out.weight"][0],
        "block_out_channels": widths,
        "layers_per_block": _count(r"down_blocks\.0\.resnets\.(\d+)", shapes),
        "down_block_types": [_block("Down", attends) for attends in attending],
        "up_block_types": [_block("Up", attends) for attends in _attending("up_blocks", shapes)],
        "cross_attention_dim": context,
        "transformer_layers_per_block": _depths(shapes, attending),
        "attention_head_dim": [width // head_size for width in widths] if linear else heads,
        "use_linear_projection": linear,
        "norm_num_groups": groups,
        **_sized(shapes),
    }


def _sized(shapes: Shapes) -> dict[str, Any]:
    """What a network that is told sizes has for them."""
    told = shapes.get("add_embedding.linear_1.weight")
    if told is None:
        return {}
    return {"addition_embed_type": "text_time", "projection_class_embeddings_input_dim": told[1]}


def _depths(shapes: Shapes, attending: list[bool]) -> int | list[int]:
    """How many transformer layers each level has; the last number is the middle's, too."""
    middle = _count(r"mid_block\.attentions\.0\.transformer_blocks\.(\d+)", shapes)
    each = [
        _count(rf"down_blocks\.{level}\.attentions\.0\.transformer_blocks\.(\d+)", shapes)
        for level in range(len(attending))
    ]
    if {depth for depth in each if depth} <= {middle}:
        return middle
    return [*(depth or 1 for depth in each[:-1]), middle]


def _block(way: str, attends: bool) -> str:
    return f"{'CrossAttn' if attends else ''}{way}Block2D"


def autoencoder_config(shapes: Shapes, *, groups: int) -> dict[str, Any]:
    """AutoencoderKL; no shape tells how its latents are scaled."""
    levels = _levels("encoder.down_blocks", shapes)
    return {
        "_class_name": "AutoencoderKL",
        "in_channels": shapes["encoder.conv_in.weight"][1],
        "out_channels": shapes["decoder.conv_out.weight"][0],
        "latent_channels": shapes["decoder.conv_in.weight"][1],
        "block_out_channels": [shapes[f"{level}.resnets.0.conv1.weight"][0] for level in levels],
        "layers_per_block": _count(r"encoder\.down_blocks\.0\.resnets\.(\d+)", shapes),
        "down_block_types": ["DownEncoderBlock2D"] * len(levels),
        "up_block_types": ["UpDecoderBlock2D"] * len(levels),
        "use_quant_conv": "quant_conv.weight" in shapes,
        "use_post_quant_conv": "post_quant_conv.weight" in shapes,
        "norm_num_groups": groups,
    }


def text_config(shapes: Shapes, *, act: str, head_size: int) -> dict[str, Any]:
    """CLIPTextModel, or with a projection if there is one."""
    words, width = shapes["text_model.embeddings.token_embedding.weight"]
    projection = shapes.get("text_projection.weight")
    return {
        "architectures": ["CLIPTextModelWithProjection" if projection else "CLIPTextModel"],
        "model_type": "clip_text_model",
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": shapes["text_model.encoder.layers.0.mlp.fc1.weight"][0],
        "num_hidden_layers": _count(r"text_model\.encoder\.layers\.(\d+)", shapes),
        "num_attention_heads": max(width // head_size, 1),
        "max_position_embeddings": shapes["text_model.embeddings.position_embedding.weight"][0],
        "projection_dim": projection[0] if projection else width,
        "hidden_act": act,
        "bos_token_id": words - 2,
        "eos_token_id": words - 1,
    }


def _levels(way: str, shapes: Shapes) -> list[str]:
    return [f"{way}.{level}" for level in range(_count(rf"{re.escape(way)}\.(\d+)", shapes))]


def _attending(way: str, shapes: Shapes) -> list[bool]:
    return [any(name.startswith(f"{level}.attentions.") for name in shapes) for level in _levels(way, shapes)]


def _count(pattern: str, shapes: Shapes) -> int:
    """One more than the largest number that stands in the pattern's place."""
    known = re.compile(pattern + r"\.")
    return max((int(match[1]) + 1 for match in map(known.match, shapes) if match), default=0)
