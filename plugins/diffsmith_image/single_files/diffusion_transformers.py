"""Files of the authors' own code: DiT, PixArt and U-ViT, each the network alone."""

from collections.abc import Mapping
from math import isqrt
from typing import Any

from diffsmith.weights.mapped import Tensors
from diffsmith.weights.renamed import renamed
from diffsmith.weights.single_files import Part, Reading

from .transformer_names import dit_pieces, pixart_pieces

__all__ = ["dit", "pixart", "uvit"]

Shapes = Mapping[str, tuple[int, ...]]


def dit(tensors: Tensors) -> Reading | None:
    """`DiT-XL-2-256x256.pt` and its like (Peebles & Xie 2023); None for any other."""
    shapes = tensors.shapes
    if not {"x_embedder.proj.weight", "y_embedder.embedding_table.weight", "pos_embed"} <= set(shapes):
        return None
    width, channels, patch, _ = shapes["x_embedder.proj.weight"]
    heads = _heads(width)
    choice = {
        "name": "dit",
        "patch": patch,
        "heads": heads,
        "head_dim": width // heads,
        "depth": sum(name.endswith(".attn.qkv.weight") for name in shapes),
        "mlp_ratio": shapes["blocks.0.mlp.fc1.bias"][0] / width,
        "variance": shapes["final_layer.linear.bias"][0] == 2 * channels * patch**2,
        "shift": 0.0,
        "eps": 1e-6,
        "shape": _shape(channels, patch, shapes["pos_embed"][1]),
        "classes": shapes["y_embedder.embedding_table.weight"][0] - 1,
        "schedule": {"name": "vp", "betas": "linear"},
        "prediction": {"name": "epsilon"},
    }
    return _chosen(choice, renamed(tensors, dit_pieces(shapes)), width)


def uvit(tensors: Tensors) -> Reading | None:
    """`imagenet256_uvit_large.pth` and its like (Bao et al. 2023); None for any other. Names are ours."""
    shapes = tensors.shapes
    if not {"mid_block.attn.qkv.weight", "patch_embed.proj.weight", "pos_embed"} <= set(shapes):
        return None
    width, channels, patch, _ = shapes["patch_embed.proj.weight"]
    table, text = shapes.get("label_emb.weight"), shapes.get("context_embed.weight")
    said = 1 + bool(table) + (_TEXT_LENGTH if text else 0)  # tokens that are no picture
    choice = {
        "name": "uvit",
        "patch": patch,
        "width": width,
        "depth": 1 + 2 * sum(name.startswith("in_blocks") and name.endswith("qkv.weight") for name in shapes),
        "heads": _heads(width),
        "time_mlp": "time_embed.0.weight" in shapes,
        "bias": "mid_block.attn.qkv.bias" in shapes,
        "skips": "out_blocks.0.skip_linear.weight" in shapes,
        "conv": "final_layer.weight" in shapes,
        **({"text_width": text[1], "text_length": _TEXT_LENGTH} if text else {}),
        "shape": _shape(channels, patch, shapes["pos_embed"][1] - said),
        "classes": table[0] - 1 if table else None,
        **(_ON_A_TABLE if text or width == _HUGE else _CONTINUOUS),
        "prediction": {"name": "epsilon"},
    }
    return _chosen(choice, tensors, width)


_TEXT_LENGTH = 77  # CLIP's
_HUGE = 1152
_ON_A_TABLE: dict[str, Any] = {"schedule": {"name": "vp", "betas": "scaled_linear"}, "first": 1}
_CONTINUOUS: dict[str, Any] = {"schedule": {"name": "vp_sde", "eps": 1e-4}}
"""How U-ViTs were trained, which no shape tells: those with text and the huge ones on a table of betas."""


def pixart(tensors: Tensors) -> Reading | None:
    """`PixArt-XL-2-1024-MS.pth` and its like (Chen et al. 2023, 2024); None for any other."""
    shapes = tensors.shapes
    if not {"x_embedder.proj.weight", "y_embedder.y_proj.fc1.weight", "pos_embed"} <= set(shapes):
        return None
    width, channels, patch, _ = shapes["x_embedder.proj.weight"]
    heads = _heads(width)
    config = {
        "_class_name": "PixArtTransformer2DModel",
        "num_attention_heads": heads,
        "attention_head_dim": width // heads,
        "cross_attention_dim": width,
        "num_layers": sum(name.endswith(".attn.qkv.weight") for name in shapes),
        "patch_size": patch,
        "in_channels": channels,
        "out_channels": shapes["final_layer.linear.bias"][0] // patch**2,
        "sample_size": _shape(channels, patch, shapes["pos_embed"][1])[1],
        "caption_channels": shapes["y_embedder.y_proj.fc1.weight"][1],
        "use_additional_conditions": "csize_embedder.mlp.0.weight" in shapes,
    }
    part = Part(config, renamed(tensors, pixart_pieces(shapes)))
    index = {"transformer": ["diffusers", config["_class_name"]]}
    return Reading(index, {"transformer": part}, notes=_notes(width))


def _chosen(choice: Mapping[str, Any], tensors: Tensors, width: int) -> Reading:
    return Reading({}, {"transformer": Part({}, tensors)}, {"transformer": choice}, notes=_notes(width))


def _shape(channels: int, patch: int, places: int) -> tuple[int, int, int]:
    return channels, patch * isqrt(places), patch * isqrt(places)


def _heads(width: int) -> int:
    return _HEADS.get(width, max(1, width // 64))


def _notes(width: int) -> tuple[str, ...]:
    return () if width in _HEADS else (f"no shape tells the number of heads: {_heads(width)} are assumed",)


_HEADS = {384: 6, 512: 8, 768: 12, 1024: 16, 1152: 16}
"""Of published networks, by their width."""
