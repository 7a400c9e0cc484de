"""The names of Stable Video Diffusion's tensors: from its authors' to diffusers' and transformers'."""

import re
from collections.abc import Callable, Collection, Mapping

from torch import Tensor

from diffsmith.weights.ldm.autoencoder_names import autoencoder_names
from diffsmith.weights.ldm.text_names import layers_of, open_clip_pieces
from diffsmith.weights.ldm.unet_names import unet_names
from diffsmith.weights.renamed import Piece

__all__ = ["clip_autoencoder_pieces", "clip_unet_pieces", "vision_pieces"]

Pieces = dict[str, Piece]
Shapes = Mapping[str, tuple[int, ...]]

# Names of latent diffusion's layers have been changed by then; those of the layers along the frames are left.
_RESNET = (
    (r"\.time_stack\.in_layers\.0\.", ".temporal_res_block.norm1."),
    (r"\.time_stack\.in_layers\.2\.", ".temporal_res_block.conv1."),
    (r"\.time_stack\.emb_layers\.1\.", ".temporal_res_block.time_emb_proj."),
    (r"\.time_stack\.out_layers\.0\.", ".temporal_res_block.norm2."),
    (r"\.time_stack\.out_layers\.3\.", ".temporal_res_block.conv2."),
    (r"(\.resnets\.\d+)\.mix_factor$", r"\1.time_mixer.mix_factor"),
    (
        r"(\.resnets\.\d+)\.(norm1|conv1|time_emb_proj|norm2|conv2|conv_shortcut)\.",
        r"\1.spatial_res_block.\2.",
    ),
)
_ATTENTION = (
    (r"(\.attentions\.\d+)\.time_stack\.", r"\1.temporal_transformer_blocks."),
    (r"\.time_pos_embed\.0\.", ".time_pos_embed.linear_1."),
    (r"\.time_pos_embed\.2\.", ".time_pos_embed.linear_2."),
)
_TIME_CONV = "decoder.conv_out.time_mix_conv."
_VISION = {
    "class_embedding": "vision_model.embeddings.class_embedding",
    "positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "ln_post.weight": "vision_model.post_layernorm.weight",
    "ln_post.bias": "vision_model.post_layernorm.bias",
    "proj": "visual_projection.weight",
}


def clip_unet_pieces(names: Collection[str], place: str) -> Pieces:
    """UNetSpatioTemporalConditionModel's."""
    told = unet_names(_inside(names, place)).items()
    return {_changed(new, (*_ATTENTION, *_RESNET)): Piece(place + old) for old, new in told}


def clip_autoencoder_pieces(names: Collection[str], encoder: str, decoder: str, shapes: Shapes) -> Pieces:
    """AutoencoderKLTemporalDecoder's, whose two halves lie at two places.

    The encoder is the one that the network was shown pictures by, before the decoder was trained on.
    """
    first = {encoder + old: new for old, new in _coder(names, encoder, "encoder.", "quant_conv.")}
    last = {decoder + old: _changed(new, _RESNET) for old, new in _coder(names, decoder, "decoder.")}
    joined = {
        f"{decoder}{name}": name.replace(_TIME_CONV, "decoder.time_conv_out.")
        for name in _inside(names, decoder)
        if name.startswith(_TIME_CONV)
    }
    return {new: Piece(old, _flat(new, shapes[old])) for old, new in {**first, **last, **joined}.items()}


def vision_pieces(names: Collection[str], place: str) -> Pieces:
    """CLIPVisionModelWithProjection's, of open_clip's, which has query, key and value in one."""
    inside = _inside(names, place)
    blocks = [name for name in inside if name.startswith("transformer.resblocks.")]
    found = open_clip_pieces(blocks, layers=layers_of(blocks), projected=False)
    layers = {name.replace("text_model.", "vision_model.", 1): piece for name, piece in found.items()}
    ends = {
        _VISION[name]: Piece(name, Tensor.t if name == "proj" else None) for name in inside if name in _VISION
    }
    return {new: piece._replace(name=place + piece.name) for new, piece in {**layers, **ends}.items()}


def _inside(names: Collection[str], place: str) -> list[str]:
    return [name.removeprefix(place) for name in names if name.startswith(place)]


def _coder(names: Collection[str], place: str, *parts: str) -> list[tuple[str, str]]:
    wanted = [name for name in _inside(names, place) if name.startswith(parts)]
    return list(autoencoder_names(wanted).items())


def _changed(name: str, steps: tuple[tuple[str, str], ...]) -> str:
    for old, new in steps:
        name = re.sub(old, new, name)
    return name


def _flat(new: str, shape: tuple[int, ...]) -> Callable[[Tensor], Tensor] | None:
    """Attention was written as convolutions of one pixel."""
    return (lambda weight: weight.flatten(1)) if ".attentions." in new and len(shape) == 4 else None
