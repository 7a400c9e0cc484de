"""Parts of checkpoints: of random weights, in files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tests.checkpoints import CLIP_LENGTH, CLIP_VOCABULARY
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

__all__ = ["bytes_of", "clip_text", "write"]


def write(folder: Path, make: Callable[[], Any], dtype: torch.dtype, seed: int = 0) -> type:
    """A part as its library saves it, its weights drawn layer by layer in their number format.

    So there is never more in memory than the part itself.
    """
    with torch.device("meta"):
        part = make()
    part = part.to(dtype).to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for name, weight in part.state_dict().items():
        _draw(name, weight, generator)
    part.save_pretrained(folder)
    return type(part)


def _draw(name: str, weight: Tensor, generator: torch.Generator) -> None:
    """A quarter as large as layers begin, so that rounding does not grow along the walk; none is zero."""
    if weight.ndim > 1:
        bound = weight[0].numel() ** -0.5 / 4
        weight.uniform_(-bound, bound, generator=generator)
    else:
        weight.uniform_(-0.1, 0.1, generator=generator).add_(name.endswith("weight"))


def clip_text(told: dict[str, Any], kind: Any = CLIPTextModel) -> nn.Module:
    """As large as the published ones; the tokenizer knows few words, so most of its table is not read."""
    network: nn.Module = kind(
        CLIPTextConfig(
            vocab_size=49408,
            hidden_size=told["hidden_size"],
            intermediate_size=told["intermediate_size"],
            num_hidden_layers=told["layers"],
            num_attention_heads=told["heads"],
            hidden_act=told.get("act", "quick_gelu"),
            projection_dim=1280,
            max_position_embeddings=CLIP_LENGTH,
            bos_token_id=CLIP_VOCABULARY - 2,
            eos_token_id=CLIP_VOCABULARY - 1,
        )
    )
    return network


def bytes_of(folder: Path) -> int:
    """Of all weights in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
