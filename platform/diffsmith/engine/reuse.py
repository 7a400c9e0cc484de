"""What a network makes of a text alone, made once for all steps of a walk."""

from collections.abc import Callable

from torch import Tensor, nn

from ..nn.attention import Attention
from ..nn.once import Once
from .wrapping import wrap

__all__ = ["reusing_text"]

PROJECTIONS = ("caption_projection", "encoder_hid_proj")
"""Published names of what stands between a text and the attentions."""


def reusing_text(network: nn.Module) -> nn.Module:
    """The network, which computes a text's keys and values once for as long as the text's tensor lives.

    Exact. It helps where every step hands over the very same tensor, in no matter how many branches.
    """
    for name, layer in network.named_modules():
        if isinstance(layer, Attention):
            layer.once = Once()
        elif name.rpartition(".")[2] in PROJECTIONS:
            wrap(layer, _once, Once(), layer)
    return network


def _once(forward: Callable[..., Tensor], once: Once, layer: nn.Module, text: Tensor) -> Tensor:
    return once(text, forward, [*layer.parameters()])
