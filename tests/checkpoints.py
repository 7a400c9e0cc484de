"""Tiny text encoders and tokenizers of the published kinds, made on the spot: nothing is downloaded.

    clip_tokenizer(folder / "tokenizer")
    clip_text().save_pretrained(folder / "text_encoder")

writes what reads prompts in a diffusers folder of Stable Diffusion 1. `sdxl_texts(folder)` and
`pixart_texts(folder)` write all that reads prompts in one of theirs; `parts(folder)` gives a folder's parts
as builders get them. Use it as `from tests.checkpoints import clip_text`.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from diffsmith.weights.components import Component, Components

CLIP_LENGTH = 77
CLIP_VOCABULARY = 540  # letters alone and at a word's end, merges, begin and end
T5_VOCABULARY = 256

_MERGES = ("r e", "re d</w>", "c u", "b e</w>", "cu be</w>", "o n</w>", "t a", "b l", "bl e</w>", "c a")
_SENTENCES = (
    *("a red cube on a table", "a photograph of a cat", "an astronaut rides a horse", "the sky at night"),
    *(
        "oil painting of a small house",
        "portrait of an old woman",
        "low quality, blurry",
        "blue water, white",
    ),
)


def clip_tokenizer(folder: Path, *, pad: str = "<|endoftext|>", length: int = CLIP_LENGTH) -> Path:
    """Write vocab.json, merges.txt and the settings of a CLIP tokenizer of CLIP_VOCABULARY tokens.

    Most words split in several tokens ("table" is "ta", "ble"). pad: what fills up, "!" for OpenCLIP, whose
    number is 0 as in the published vocabulary; begin and end are the last two numbers, as there.
    """
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), *(each.replace(" ", "") for each in _MERGES)]
    words += [f"unused{place}" for place in range(CLIP_VOCABULARY - 2 - len(words))]
    vocabulary = {word: place for place, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    settings = {"tokenizer_class": "CLIPTokenizer", "model_max_length": length, "pad_token": pad}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *_MERGES, ""]), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def t5_tokenizer(folder: Path) -> Path:
    """Write spiece.model and the settings of a T5 tokenizer of at most T5_VOCABULARY tokens."""
    from sentencepiece import SentencePieceTrainer

    folder.mkdir(parents=True, exist_ok=True)
    SentencePieceTrainer.train(
        sentence_iterator=iter(_SENTENCES * 4),
        model_prefix=str(folder / "spiece"),
        **{"vocab_size": 60, "hard_vocab_limit": False, "minloglevel": 2},
        **{"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
    )
    (folder / "spiece.vocab").unlink()
    settings = {"tokenizer_class": "T5Tokenizer", "model_max_length": 512, "extra_ids": 100}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def clip_text(*, width: int = 32, layers: int = 3, projection: int | None = None, seed: int = 0) -> nn.Module:
    """A tiny CLIPTextModel for clip_tokenizer, with random weights; with a projection, one that has it.

    projection: the width of the pooled text.
    """
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=CLIP_VOCABULARY,
        hidden_size=width,
        intermediate_size=37,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=CLIP_LENGTH,
        projection_dim=projection or 24,
        bos_token_id=CLIP_VOCABULARY - 2,
        eos_token_id=CLIP_VOCABULARY - 1,
    )
    return _random((CLIPTextModelWithProjection if projection else CLIPTextModel)(config), seed)


def t5(*, width: int = 32, layers: int = 2, seed: int = 0) -> nn.Module:
    """A tiny T5EncoderModel for t5_tokenizer, with random weights."""
    from transformers import T5Config, T5EncoderModel

    config = T5Config(
        vocab_size=T5_VOCABULARY,
        d_model=width,
        d_kv=8,
        d_ff=37,
        num_layers=layers,
        num_heads=4,
        feed_forward_proj="gated-gelu",
    )
    return _random(T5EncoderModel(config), seed, spread=0.1)  # its attention is not scaled down


def sdxl_texts(folder: Path) -> Path:
    """Write both tokenizers and text encoders of SDXL; the first pair is Stable Diffusion 1's, too."""
    clip_tokenizer(folder / "tokenizer")
    clip_tokenizer(folder / "tokenizer_2", pad="!")
    clip_text().save_pretrained(folder / "text_encoder")
    clip_text(width=40, projection=24, seed=1).save_pretrained(folder / "text_encoder_2")
    return folder


def pixart_texts(folder: Path) -> Path:
    """Write the tokenizer and text encoder of PixArt."""
    t5_tokenizer(folder / "tokenizer")
    t5().save_pretrained(folder / "text_encoder")
    return folder


def parts(folder: Path) -> Components:
    """The parts in the folders of a folder, by their names."""

    def part(name: str) -> Component | None:
        own = folder / name
        if not own.is_dir():
            return None
        config, weights = own / "config.json", own / "model.safetensors"
        settings = json.loads(config.read_text()) if config.is_file() else {}
        return Component(own, settings, load_file(weights) if weights.is_file() else {}, own)

    return part


@torch.no_grad()
def _random(model: nn.Module, seed: int, spread: float = 0.2) -> nn.Module:
    """Every weight random: a norm that is as it was made would hide what happens around it."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        around = 1.0 if parameter.ndim == 1 else 0.0
        parameter.copy_(around + spread * torch.randn(parameter.shape, generator=generator))
    return model.eval()
