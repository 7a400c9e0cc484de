"""How large a published model is, and what its weights take in memory at each precision."""

from typing import Any

from ..cards import ModelCard
from ..registry import Registry
from ..specs import Choice, PartSpec

__all__ = ["sizes_of"]

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}


def sizes_of(card: ModelCard, registry: Registry) -> dict[str, Any]:
    """Parameters by part, counted on networks without weights, and GiB by number format.

    int8 counts the network's weights alone as 8-bit, as the engine holds them; the parts beside stay in
    bfloat16.
    """
    if card.shape is None:
        return {}
    counts = {"network": _network(card, registry), **_autoencoder(card, registry), **card.encoders}
    total, beside = sum(counts.values()), sum(counts.values()) - counts["network"]
    memory = {name: total * size / 2**30 for name, size in _BYTES.items() if name != "int8"}
    memory["int8"] = (counts["network"] + 2 * beside) / 2**30
    return {"parameters": {**counts, "total": total}, "memory": memory}


def _network(card: ModelCard, registry: Registry) -> int:
    import torch

    with torch.device("meta"):
        network = registry.bind("models", Choice(name=card.name), "model")(card.shape, card.classes)
    return sum(weight.numel() for weight in network.parameters())


def _autoencoder(card: ModelCard, registry: Registry) -> dict[str, int]:
    import torch

    if card.autoencoder is None:
        return {}
    with torch.device("meta"):
        network = registry.bind("autoencoders", PartSpec.model_validate(card.autoencoder), "autoencoder")()
    return {"autoencoder": sum(weight.numel() for weight in network.parameters())}
