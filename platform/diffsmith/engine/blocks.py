"""The repeated blocks of a network: the units that are compiled, offloaded and computed again."""

from torch import nn

__all__ = ["blocks"]


def blocks(network: nn.Module) -> dict[str, nn.Module]:
    """Name to block: what stands in lists and has no list inside, in the order of the names.

    In a U-Net these are the residual blocks, the transformer blocks inside attentions, and what halves and
    doubles; in a transformer its blocks.
    """
    return {
        f"{name}.{place}" if name else place: block
        for name, row in network.named_modules()
        if isinstance(row, nn.ModuleList)
        for place, block in row.named_children()
        if not any(isinstance(part, nn.ModuleList) for part in block.modules()) and _has_weights(block)
    }


def _has_weights(block: nn.Module) -> bool:
    return next(block.parameters(), None) is not None
