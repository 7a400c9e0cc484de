"""A T5 encoder with its tokenizer: texts into its states and a mask."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..weights.components import Components
from .chunks import Tokens, weighted_tokens
from .emphasis import emphasised
from .encoders import required, t5_encoder
from .prompts import Piece, Sections
from .rows import Row
from .tokenizers import t5_tokenizer, tokens_of

__all__ = ["T5Text", "t5_text"]


@dataclass(frozen=True)
class T5Text:
    """Reads texts in lower case, filled up to `length` tokens; all get more where one is longer.

    What fills up is masked, so a text means the same beside a longer one.
    """

    encoder: nn.Module
    tokens: Tokens
    end: int
    pad: int
    sections: Sections
    length: int

    @torch.no_grad()
    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """{"text": states [N, L, D], "text_mask": [N, L], 1 where a token is to be read}."""
        told = [self._words(row.text) for row in rows]
        lengths = torch.tensor([len(words) for words in told])[:, None]
        length = max(self.length, int(lengths.max()))
        device = self.encoder.get_input_embeddings().weight.device  # type: ignore[operator]
        ids = [[token for token, _ in words] + [self.pad] * (length - len(words)) for words in told]
        mask = (torch.arange(length) < lengths).long().to(device)
        output = self.encoder(input_ids=torch.tensor(ids, device=device), attention_mask=mask)
        states = list(map(_emphasised, output.last_hidden_state, told))
        return {"text": torch.stack(states), "text_mask": mask}

    def _words(self, text: str) -> list[tuple[int, float]]:
        """Each token with its weight. T5 reads any length, so parts of a prompt just follow one another."""
        pieces = [_plain(piece) for section in self.sections(text) for piece in section]
        return [*weighted_tokens(pieces, self.tokens), (self.end, 1.0)]


def t5_text(component: Components, sections: Sections, length: int) -> T5Text:
    """The parts "text_encoder" and "tokenizer" of a checkpoint."""
    encoder = t5_encoder(required(component, "text_encoder"))
    tokenizer = t5_tokenizer("tokenizer", component("tokenizer"))
    return T5Text(
        encoder, tokens_of(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id, sections, length
    )


def _plain(piece: Piece) -> Piece:
    """As the published pipelines clean a prompt where ftfy and Beautiful Soup are not installed."""
    return piece[0].lower().strip(), piece[1]


def _emphasised(states: Tensor, words: Sequence[tuple[int, float]]) -> Tensor:
    read = emphasised(states[: len(words)], [weight for _, weight in words])
    return torch.cat([read, states[len(words) :]])
