"""One CLIP text encoder with its tokenizer: texts of any length into its states."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import FileFault
from ..weights.components import Components
from .chunks import Chunk, Tokens, Window, chunks
from .emphasis import emphasised
from .encoders import clip_encoder, required
from .prompts import Sections
from .rows import Row
from .tokenizers import clip_tokenizer, tokens_of

__all__ = ["ClipText", "Layer", "clip_text", "normed", "penultimate", "projecting"]

Layer = Callable[[nn.Module, Any, int], Tensor]
"""(encoder, its output, layers to leave out) -> states [N, L, D]."""

_AT_ONCE = 16  # chunks; their states in every layer are held together


def normed(encoder: nn.Module, output: Any, skip: int) -> Tensor:
    """The last states, or those before the `skip` last layers, after the final norm."""
    if not skip:
        return output.last_hidden_state  # type: ignore[no-any-return]
    return getattr(encoder, "text_model", encoder).final_layer_norm(output.hidden_states[-(skip + 1)])  # type: ignore


def penultimate(encoder: nn.Module, output: Any, skip: int) -> Tensor:
    """The states before the last layer, and before `skip` more, as they are."""
    return output.hidden_states[-(skip + 2)]  # type: ignore[no-any-return]


@dataclass(frozen=True)
class ClipText:
    """Reads texts chunk by chunk. sections: text -> its weighted pieces, parted where chunks must part."""

    encoder: nn.Module
    tokens: Tokens
    window: Window
    sections: Sections
    layer: Layer
    where: Path

    @property
    def layers(self) -> int:
        """How many the encoder has."""
        return self.encoder.config.num_hidden_layers  # type: ignore[union-attr, return-value]

    def chunks(self, text: str) -> list[Chunk]:
        """A text as the encoder gets it."""
        return chunks(self.sections(text), self.tokens, self.window)

    @torch.no_grad()
    def __call__(self, rows: Sequence[Row]) -> tuple[list[Tensor], Tensor]:
        """(each row's states [L_i, D], all rows' pooled states [N, P], those of their first chunks)."""
        told = [self.chunks(row.text) for row in rows]
        asked = [(chunk, row.skip) for row, own in zip(rows, told, strict=True) for chunk in own]
        read = (one for at in range(0, len(asked), _AT_ONCE) for one in self._read(asked[at : at + _AT_ONCE]))
        parts = [list(islice(read, len(own))) for own in told]
        states = [torch.cat([each for each, _ in part]) for part in parts]
        return states, torch.stack([part[0][1] for part in parts])

    def _read(self, asked: Sequence[tuple[Chunk, int]]) -> list[tuple[Tensor, Tensor]]:
        device = self.encoder.get_input_embeddings().weight.device  # type: ignore[operator]
        ids = torch.tensor([chunk.ids for chunk, _ in asked], device=device)
        output = self.encoder(input_ids=ids, output_hidden_states=True)
        layers = {skip: self.layer(self.encoder, output, skip) for skip in {skip for _, skip in asked}}
        states = [layers[skip][at] for at, (_, skip) in enumerate(asked)]
        pooled = output.text_embeds if "text_embeds" in output else output.pooler_output
        weights = [chunk.weights for chunk, _ in asked]
        return list(zip(map(emphasised, states, weights), pooled, strict=True))


def clip_text(
    component: Components, number: str, sections: Sections, layer: Layer, pad: str | None = None
) -> ClipText:
    """The encoder "text_encoder" + number with the tokenizer of that number.

    pad: the token that fills up, where the checkpoint has no tokenizer of its own.
    """
    part = required(component, f"text_encoder{number}")
    encoder = clip_encoder(part)
    tokenizer = clip_tokenizer(f"tokenizer{number}", component(f"tokenizer{number}"), pad)
    settings: Any = encoder.config
    if len(tokenizer) > settings.vocab_size:
        told = f"it knows {settings.vocab_size} tokens, its tokenizer {len(tokenizer)}"
        raise FileFault(part.where, f"{told}; they do not belong together")
    length = min(tokenizer.model_max_length, settings.max_position_embeddings)
    window = Window(tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, length)
    return ClipText(encoder, tokens_of(tokenizer), window, sections, layer, part.where)


def projecting(words: ClipText) -> ClipText:
    """The same, if its pooled states are projected; a FileFault if not."""
    if not hasattr(words.encoder, "text_projection"):
        raise FileFault(words.where, "has no text_projection.weight, and the model reads what that makes")
    return words
