"""Autoencoders whose numbers are too large for float16."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from ..nn.attention import PixelAttention
from ..nn.autoencoders.blocks import Downsample, Residual, Upsample
from ..nn.autoencoders.coders import Decoder, Encoder
from ..nn.video.temporal_resnet import TemporalResnet

__all__ = ["fitted_to_float16"]

Network = TypeVar("Network", bound=nn.Module)


@torch.no_grad()
def fitted_to_float16(autoencoder: Network, by: float = 2.0**-5) -> Network:
    """The autoencoder itself, its weights changed so that all numbers inside are so much smaller.

    Every layer of its encoder and decoder adds to a sum that is only ever read through a normalisation,
    which a common factor does not change: so in float32 its answers stay the same, and in float16 they are
    no longer infinite. `by`: a power of 2, so that weights keep their digits. Save the weights before this.
    """
    for coder in (each for each in autoencoder.children() if isinstance(each, Encoder | Decoder)):
        for weight in _adding(coder):
            weight.data = weight.data * by  # not in place: it may lie in a file
        for norm in (each for each in coder.modules() if isinstance(each, nn.GroupNorm)):
            norm.eps *= by**2
    return autoencoder


def _adding(coder: nn.Module) -> list[Tensor]:
    """The weights that decide how large the sums are: of what reads normalised numbers, all; else biases."""
    whole: list[nn.Module] = [coder.get_submodule("conv_in")]
    rest: list[nn.Module] = []
    for layer in coder.modules():
        if isinstance(layer, Residual):
            whole += [layer.conv1, layer.conv2]
            rest += [layer.conv_shortcut]
        elif isinstance(layer, TemporalResnet):
            whole += [layer.conv1, layer.conv2]
        elif isinstance(layer, PixelAttention):
            whole += [layer.to_out]
        elif isinstance(layer, Downsample | Upsample):
            rest += [layer.conv]
    biases = [bias for layer in rest for name, bias in layer.named_parameters() if name == "bias"]
    return [*(weight for layer in whole for weight in layer.parameters()), *biases]
