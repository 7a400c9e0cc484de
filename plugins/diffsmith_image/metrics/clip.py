"""torchmetrics' score of how well pictures show what a text says."""

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from diffsmith.errors import DiffsmithError
from diffsmith.metrics import Reference
from diffsmith.metrics.compared import require_comparable

from .pretrained import CLIP_MODELS, ClipModel, clip_snapshot
from .rgb import rgb

__all__ = ["clip_score"]


def clip_score(
    samples: Tensor, reference: Reference, *, prompt: str, model: ClipModel = "openai/clip-vit-base-patch16"
) -> float:
    """How well the samples show the prompt: 100 times CLIP's cosine, by torchmetrics (Hessel et al. 2021)."""
    from torchmetrics.multimodal.clip_score import CLIPScore

    require_comparable(samples, reference, least=1)
    metric = CLIPScore(lambda: _network(model))
    for part in torch.split(rgb(samples), 64):
        metric.update(part, [prompt] * len(part))
    return float(metric.compute())


@cache
def _network(model: str) -> tuple[Any, Any]:
    """(model, processor), from disk only."""
    from transformers import CLIPModel, CLIPProcessor

    snapshot = clip_snapshot(model)
    if snapshot is None:
        there = ", ".join(filter(clip_snapshot, CLIP_MODELS))
        raise DiffsmithError(f"{model} is not in the Hugging Face cache; there is: {there or 'none'}")
    return _Plain(CLIPModel.from_pretrained(snapshot)), CLIPProcessor.from_pretrained(snapshot)


class _Plain(nn.Module):
    """A CLIP whose features are tensors, as torchmetrics expects and transformers 5 no longer gives them."""

    def __init__(self, clip: Any) -> None:
        super().__init__()
        self.clip, self.config = clip, clip.config

    def get_image_features(self, *given: Tensor) -> Any:
        """[B, 3, H, W] -> [B, D]."""
        return _tensor(self.clip.get_image_features(*given))

    def get_text_features(self, *given: Tensor) -> Any:
        """Token ids and mask [B, L] -> [B, D]."""
        return _tensor(self.clip.get_text_features(*given))


def _tensor(answer: Any) -> Any:
    return getattr(answer, "pooler_output", answer)
