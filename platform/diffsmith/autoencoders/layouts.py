"""Published classes of autoencoders: their config.json in our options, and back."""

from typing import Any

from ..weights.layouts import Layout
from . import networks
from .rows import Config, Rows, check, completed, others, read, written
from .stages import faults_of, levels_of, numbers, types_of

__all__ = ["KL", "KL_TEMPORAL", "PAELLA", "TINY", "VQ"]

# Ours: (theirs, what it is where their file does not say).
_CODERS: Rows = {
    "in_channels": ("in_channels", 3),
    "out_channels": ("out_channels", 3),
    "widths": ("block_out_channels", (64,)),
    "layers": ("layers_per_block", 1),
    "groups": ("norm_num_groups", 32),
    "middle_attention": ("mid_block_add_attention", True),
    "scaling": ("scaling_factor", 0.18215),
    "needs_float32": ("force_upcast", False),  # the class says True, but SD 1's files, silent, need none
}
_KL: Rows = {
    **_CODERS,
    "channels": ("latent_channels", 4),
    "shift": ("shift_factor", 0.0),
    "mean": ("latents_mean", ()),
    "std": ("latents_std", ()),
    "quant_conv": ("use_quant_conv", True),
    "post_quant_conv": ("use_post_quant_conv", True),
}
_TEMPORAL: Rows = {
    "in_channels": ("in_channels", 3),
    "out_channels": ("out_channels", 3),
    "channels": ("latent_channels", 4),
    "widths": ("block_out_channels", (64,)),
    "layers": ("layers_per_block", 1),
    "scaling": ("scaling_factor", 0.18215),
    "sample_size": ("sample_size", 32),
    "needs_float32": ("force_upcast", True),
}
_VQ: Rows = {
    **_CODERS,
    "channels": ("latent_channels", 3),
    "codes": ("num_vq_embeddings", 256),
    "code_channels": ("vq_embed_dim", None),
}
_TINY: Rows = {
    "in_channels": ("in_channels", 3),
    "out_channels": ("out_channels", 3),
    "channels": ("latent_channels", 4),
    "encoder_blocks": ("num_encoder_blocks", (1, 3, 3, 3)),
    "decoder_blocks": ("num_decoder_blocks", (3, 3, 3, 1)),
    "magnitude": ("latent_magnitude", 3),
    "centre": ("latent_shift", 0.5),
    "scaling": ("scaling_factor", 1.0),
    "shift": ("shift_factor", 0.0),
}
_PAELLA: Rows = {
    "in_channels": ("in_channels", 3),
    "out_channels": ("out_channels", 3),
    "channels": ("latent_channels", 4),
    "width": ("embed_dim", 384),
    "levels": ("levels", 2),
    "blocks": ("bottleneck_blocks", 12),
    "codes": ("num_vq_embeddings", 8192),
    "patch": ("up_down_scale_factor", 2),
}

# What their classes can do otherwise, and ours cannot.
_KL_ONLY = {"act_fn": "silu"}
_VQ_ONLY = {"act_fn": "silu", "norm_type": "group", "lookup_from_codebook": False}
_TINY_ONLY = {"act_fn": "relu", "upsample_fn": "nearest", "upsampling_scaling_factor": 2}


def _kl_options(config: Config) -> dict[str, Any]:
    check("AutoencoderKL", [*others(config, _KL_ONLY), *faults_of(config)])
    return {"name": "kl", **read(config, _KL), **levels_of(config)}


def _temporal_options(config: Config) -> dict[str, Any]:
    attending = "Attn" in str(config.get("down_block_types"))
    told = "down_block_types: stages that attend are not possible here, only DownEncoderBlock2D are"
    check("AutoencoderKLTemporalDecoder", [told] if attending else faults_of(config))
    return {"name": "kl_temporal", **read(config, _TEMPORAL)}


def _vq_options(config: Config) -> dict[str, Any]:
    check("VQModel", [*others(config, _VQ_ONLY), *faults_of(config)])
    return {"name": "vq", **read(config, _VQ), **levels_of(config)}


def _tiny_options(config: Config) -> dict[str, Any]:
    widths = {coder: numbers(config, f"{coder}_block_out_channels") for coder in ("encoder", "decoder")}
    unequal = {coder: each for coder, each in widths.items() if len(set(each)) > 1}
    faults = [
        f"{coder}_block_out_channels: must all be the same, got {each}" for coder, each in unequal.items()
    ]
    check("AutoencoderTiny", [*others(config, _TINY_ONLY), *faults])
    chosen = {f"{coder}_width": each[0] for coder, each in widths.items()}
    return {"name": "tiny", **read(config, _TINY), **chosen}


def _paella_options(config: Config) -> dict[str, Any]:
    scale = config.get("scale_factor", 0.3764)
    wrong = not isinstance(scale, int | float) or scale <= 0
    check("PaellaVQModel", [f"scale_factor: must be a number above 0, got {scale!r}"] if wrong else [])
    return {"name": "paella", **read(config, _PAELLA), "scaling": 1 / scale}


def _kl_config(choice: Config) -> dict[str, Any]:
    options = completed(networks.kl, choice)
    return {"_class_name": "AutoencoderKL", **_KL_ONLY, **written(options, _KL), **types_of(options)}


def _temporal_config(choice: Config) -> dict[str, Any]:
    options = completed(networks.kl_temporal, choice)
    types = {"down_block_types": ["DownEncoderBlock2D"] * len(options["widths"])}
    return {"_class_name": "AutoencoderKLTemporalDecoder", **written(options, _TEMPORAL), **types}


def _vq_config(choice: Config) -> dict[str, Any]:
    options = completed(networks.vq, choice)
    return {"_class_name": "VQModel", **_VQ_ONLY, **written(options, _VQ), **types_of(options)}


def _tiny_config(choice: Config) -> dict[str, Any]:
    options = completed(networks.tiny, choice)
    widths = {
        f"{coder}_block_out_channels": [options[f"{coder}_width"]] * len(options[f"{coder}_blocks"])
        for coder in ("encoder", "decoder")
    }
    fixed = {"force_upcast": False, **_TINY_ONLY}
    return {"_class_name": "AutoencoderTiny", **fixed, **written(options, _TINY), **widths}


def _paella_config(choice: Config) -> dict[str, Any]:
    options = completed(networks.paella, choice)
    scale = {"scale_factor": 1 / options["scaling"]}  # theirs multiplies what the decoder reads
    return {"_class_name": "PaellaVQModel", **written(options, _PAELLA), **scale}


# What attention's four projections were called in older files.
_OLD = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_ATTENTION = tuple((rf"(attentions\.\d+\.){old}\.", rf"\1{new}.") for old, new in _OLD.items())

# The original files count layers without a "layers."; in the decoder the clamp is the first.
_TAESD = (
    (r"^(?:taesd_)?encoder\.(\d+)\.", r"encoder.layers.\1."),
    *((rf"^(?:taesd_)?decoder\.{place}\.", f"decoder.layers.{place - 1}.") for place in range(1, 33)),
)

KL = Layout("autoencoders", _kl_options, _kl_config, _ATTENTION)
KL_TEMPORAL = Layout("autoencoders", _temporal_options, _temporal_config, _ATTENTION)
VQ = Layout("autoencoders", _vq_options, _vq_config, _ATTENTION)
TINY = Layout("autoencoders", _tiny_options, _tiny_config, _TAESD)
PAELLA = Layout(
    "autoencoders", _paella_options, _paella_config, ((r"^vquantizer\.codebook\.", "vquantizer.embedding."),)
)
