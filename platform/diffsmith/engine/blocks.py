"""The repeated blocks of a network: the units that are compiled, offloaded and computed again."""

from torch import nn

__all__ = ["blocks"]


def blocks(network: nn.Module) -> dict[str, nn.Module]:
    """Name to block: what stands in lists (or in dictionaries) and has none inside, in the network's order.

    In a U-Net these are the residual blocks, the transformer blocks inside attentions, and what halves and
    doubles; in a transformer its blocks.
    """
    return {
        f"{name}.{place}" if name else place: block
        for name, row in network.named_modules()
        if isinstance(row, _ROWS)
        for place, block in row.named_children()
        if not any(isinstance(part, _ROWS) for part in block.modules()) and _has_weights(block)
    }


_ROWS = (nn.ModuleList, nn.ModuleDict)


def _has_weights(block: nn.Module) -> bool:
    return next(block.parameters(), None) is not None
