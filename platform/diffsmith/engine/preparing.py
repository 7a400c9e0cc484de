"""All choices about a network's run, carried out in the order in which they fit one another."""

import torch
from torch import nn

from ..errors import SpecError
from .attention import attending, fastest
from .compiling import compiled
from .graphs import graphed
from .guard import guarded
from .islands import in_float32
from .offload import offloaded
from .packing import packed
from .placement import device_of, dtype_of, stilled
from .quantising import quantised
from .reuse import reusing_text
from .settings import Settings

__all__ = ["prepared", "settled"]


def settled(module: nn.Module, settings: Settings) -> nn.Module:
    """A module where it shall be, in its number format and layout, ready to sample.

    All that an autoencoder needs. What calls a network again and again wants `prepared`.
    """
    _require_sense(settings)
    device = device_of(settings.device)
    home, dtype = torch.device("cpu") if settings.offload else device, dtype_of(settings.dtype, device)
    layout = _layout(settings, home)
    if layout == "packed" and not settings.islands and settings.quantize is None:
        packed(module, dtype)  # before the rest is converted: these are when they are packed
    module = stilled(module, home, dtype)
    if settings.islands:
        in_float32(module, settings.islands)
    if settings.quantize is not None:
        quantised(module, settings.quantize)
    return _laid_out(module, layout)


def prepared(network: nn.Module, settings: Settings) -> nn.Module:
    """The network, settled and wrapped as the settings say; a SpecError tells what cannot be.

    The module, its names and its answers stay what they were (the answers to rounding, unless dtype, quantize
    or cache were chosen). Call `begin(network)` at the start of every walk.
    """
    network, device = settled(network, settings), device_of(settings.device)
    fast = fastest(device, dtype_of(settings.dtype, device))
    if settings.reuse_text and not settings.graphs:
        reusing_text(network)
    if settings.compile:
        compiled(network)
    if settings.cache is not None:
        settings.cache(network)
    if settings.offload:
        offloaded(network, device)
    attending(network, fast if settings.attention == "auto" else settings.attention)
    if settings.graphs:
        graphed(network)
    return guarded(network) if settings.guard else network


def _layout(settings: Settings, home: torch.device) -> str:
    if settings.layout != "auto":
        return settings.layout
    stays = home.type == "cpu" and not (settings.compile or settings.offload)
    return "packed" if stays else "channels_last"


def _laid_out(network: nn.Module, layout: str) -> nn.Module:
    if layout == "packed":
        return packed(network)
    if layout == "channels_last":
        for weight in network.parameters():
            if weight.ndim == 4:
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return network


def _require_sense(settings: Settings) -> None:
    """A SpecError lists the choices that contradict each other."""
    packs, moves = settings.layout == "packed", settings.offload
    clashes = {
        "layout: packed weights cannot be compiled; leave layout out": packs and settings.compile,
        "layout: packed weights cannot be offloaded; leave layout out": packs and moves,
        "graphs: a recording needs its weights in place, and offload moves them": settings.graphs and moves,
        "graphs: a recording decides nothing, and cache does": settings.graphs and settings.cache is not None,
        "offload: needs a GPU for the weights to visit": moves and device_of(settings.device).type == "cpu",
        "compile: blocks that move are compiled again and again; leave offload out": settings.compile
        and moves,
    }
    if faults := [f"engine.{fault}" for fault, true in clashes.items() if true]:
        raise SpecError(faults)
