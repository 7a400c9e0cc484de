"""How large a published model is, and what its weights take in memory at each precision."""

from typing import Any

from ..cards import ModelCard
from ..registry import Registry
from ..specs import Choice, PartSpec

__all__ = ["sizes_of"]

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def sizes_of(card: ModelCard, registry: Registry) -> dict[str, Any]:
    """Height and width in pixels; frames; parameters by part, counted without weights; GiB by number format.

    frames_max: as many as it can see at once, where it has learnt so many places.
    int8 counts the weights of the network's linear layers as 8-bit, as the engine holds them; the rest stays
    in bfloat16.
    """
    import torch

    if card.shape is None:
        return {}
    with torch.device("meta"):
        network = registry.bind("models", Choice(name=card.name), "model")(card.shape, card.classes)
        autoencoder = _autoencoder(card, registry)
    factor = getattr(autoencoder, "factor", 1)
    counted = {"network": _count(network), "autoencoder": _count(autoencoder), **card.encoders}
    counts = {part: count for part, count in counted.items() if count}
    return {
        "pixels": [side * factor for side in card.shape[-2:]],
        **_frames(card.shape, network),
        "parameters": {**counts, "total": sum(counts.values())},
        "memory": _memory(sum(counts.values()), _linear(network)),
    }


def _frames(shape: tuple[int, ...], network: Any) -> dict[str, int]:
    if len(shape) < _CLIP:
        return {}
    most = getattr(network, "frames_max", None)
    return {"frames": shape[1]} | ({} if most is None else {"frames_max": most})


_CLIP = 4  # numbers in the shape of a clip


def _autoencoder(card: ModelCard, registry: Registry) -> Any:
    if card.autoencoder is None:
        return None
    return registry.bind("autoencoders", PartSpec.model_validate(card.autoencoder), "autoencoder")()


def _count(network: Any) -> int:
    return 0 if network is None else sum(weight.numel() for weight in network.parameters())


def _linear(network: Any) -> int:
    """Parameters that 8-bit weights can hold."""
    from torch import nn

    return sum(layer.weight.numel() for layer in network.modules() if isinstance(layer, nn.Linear))


def _memory(total: int, linear: int) -> dict[str, float]:
    memory = {name: total * size / 2**30 for name, size in _BYTES.items()}
    return {**memory, "int8": (2 * total - linear) / 2**30}
