"""Conditioners against the prompt encoding of diffusers' pipelines."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tests.checkpoints import clip_text, clip_tokenizer, parts, pixart_texts, sdxl_texts
from torch import Tensor

from diffsmith.conditioning import Branches, Wanted, conditioners

PROMPTS = ["a red cube on a table", "", "An old CAT, 2 horses!"]
NEGATIVES = ["blurry", "", "worst, low quality"]
LONG = ["a red cube " * 40, "cat", "a"]
SIZE = (48, 64)


@pytest.fixture(autouse=True)
def _as_pipelines_run() -> Iterator[None]:
    with torch.no_grad():  # attention has other kernels where a gradient is wanted
        yield


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of what reads prompts, by the model."""
    folder = tmp_path_factory.mktemp("published")
    clip_tokenizer(folder / "sd2" / "tokenizer", pad="!")
    clip_text(width=40, seed=2).save_pretrained(folder / "sd2" / "text_encoder")
    return {
        "sdxl": sdxl_texts(folder / "sdxl"),
        "pixart": pixart_texts(folder / "pixart"),
        "sd2": folder / "sd2",
    }


def loaded(folder: Path, kinds: dict[str, str]) -> dict[str, Any]:
    """The parts as diffusers loads them, by transformers alone."""
    import transformers

    found = {name: getattr(transformers, kind).from_pretrained(folder / name) for name, kind in kinds.items()}
    encoder = found.get("text_encoder")
    if encoder is not None and not hasattr(encoder, "text_model"):
        object.__setattr__(encoder, "text_model", encoder)  # diffusers' clip_skip looks for the older name
    return found


def same(ours: Tensor, theirs: Tensor) -> bool:
    return ours.shape == theirs.shape and (ours - theirs).abs().max().item() <= 1e-6


@pytest.mark.parametrize("negatives", [None, NEGATIVES], ids=["none", "given"])
@pytest.mark.parametrize(
    ("name", "model", "skip"),
    [
        *(("clip", "sdxl", skip) for skip in (None, 0, 1, 2)),
        *(("open_clip", "sd2", skip) for skip in (None, 1)),
        ("uvit_t2i", "sdxl", None),
    ],
)
def test_stable_diffusion_reads_what_diffusers_reads(
    published: dict[str, Path], name: str, model: str, skip: int | None, negatives: list[str] | None
) -> None:
    from diffusers import StableDiffusionPipeline

    options = {} if skip is None else {"clip_skip": skip}
    ours = getattr(conditioners, name)(parts(published[model]), **options)
    kinds = {"text_encoder": "CLIPTextModel", "tokenizer": "CLIPTokenizer"}
    nothing = dict.fromkeys(["vae", "unet", "scheduler", "safety_checker", "feature_extractor"])
    pipeline = StableDiffusionPipeline(
        **loaded(published[model], kinds), **nothing, requires_safety_checker=False
    )
    theirs = pipeline.encode_prompt(PROMPTS, "cpu", 1, True, negatives, clip_skip=skip)
    known = ours(Wanted(PROMPTS, negatives, SIZE), guided=True)
    assert same(known["conditional"]["text"], theirs[0])
    assert same(known["unconditional"]["text"], theirs[1])


@pytest.mark.parametrize("zeros", [True, False])
@pytest.mark.parametrize("negatives", [None, NEGATIVES], ids=["none", "given"])
@pytest.mark.parametrize("skip", [None, 1])
@pytest.mark.parametrize("name", ["sdxl", "sdxl_refiner"])
def test_sdxl_and_its_refiner_read_what_diffusers_reads(
    published: dict[str, Path], name: str, skip: int | None, negatives: list[str] | None, zeros: bool
) -> None:
    options = {} if skip is None else {"clip_skip": skip}
    ours = getattr(conditioners, name)(parts(published["sdxl"]), zeros=zeros, **options)
    theirs = _xl(published["sdxl"], name, zeros).encode_prompt(
        PROMPTS, device="cpu", negative_prompt=negatives, clip_skip=skip
    )
    known = ours(Wanted(PROMPTS, negatives, SIZE), guided=True)
    _compare(known, "text", theirs[0], theirs[1])
    _compare(known, "pooled", theirs[2], theirs[3])


def _xl(folder: Path, name: str, zeros: bool) -> Any:
    import diffusers

    kind = {"sdxl": "StableDiffusionXLPipeline", "sdxl_refiner": "StableDiffusionXLImg2ImgPipeline"}[name]
    second = {"text_encoder_2": "CLIPTextModelWithProjection", "tokenizer_2": "CLIPTokenizer"}
    first = {"text_encoder": "CLIPTextModel", "tokenizer": "CLIPTokenizer"} if name == "sdxl" else {}
    absent = [part for part in ("vae", "unet", "scheduler", "text_encoder", "tokenizer") if part not in first]
    return getattr(diffusers, kind)(
        **loaded(folder, {**second, **first}), **dict.fromkeys(absent), force_zeros_for_empty_prompt=zeros
    )


def _compare(known: Branches, name: str, conditional: Tensor, unconditional: Tensor) -> None:
    assert same(known["conditional"][name], conditional)
    assert same(known["unconditional"][name], unconditional)


def test_the_refiner_is_told_the_sizes_and_scores_that_diffusers_tells(published: dict[str, Path]) -> None:
    from diffusers import StableDiffusionXLImg2ImgPipeline

    theirs = StableDiffusionXLImg2ImgPipeline._get_add_time_ids(
        _asking(5, requires_aesthetics_score=True),
        *(SIZE, (0, 0), SIZE, 6.0, 2.5, SIZE, (0, 0), SIZE, torch.float32),
        text_encoder_projection_dim=24,
    )
    known = conditioners.sdxl_refiner(parts(published["sdxl"]))(Wanted(PROMPTS, None, SIZE), guided=True)
    _compare(known, "sizes", *(each.expand(3, -1) for each in theirs))


def test_sdxl_is_told_the_sizes_that_diffusers_tells(published: dict[str, Path]) -> None:
    from diffusers import StableDiffusionXLPipeline

    theirs = StableDiffusionXLPipeline._get_add_time_ids(
        _asking(6), (512, 384), (8, 16), SIZE, torch.float32, text_encoder_projection_dim=24
    ).expand(3, -1)
    ours = conditioners.sdxl(parts(published["sdxl"]), original=(512, 384), crop=(8, 16))
    _compare(ours(Wanted(PROMPTS, None, SIZE), guided=True), "sizes", theirs, theirs)


def _asking(numbers: int, **config: bool) -> Any:
    """What diffusers looks up in a pipeline to check how many numbers its network takes."""
    layer = SimpleNamespace(linear_1=SimpleNamespace(in_features=8 * numbers + 24))
    network = SimpleNamespace(config=SimpleNamespace(addition_time_embed_dim=8), add_embedding=layer)
    return SimpleNamespace(unet=network, config=SimpleNamespace(**config))


@pytest.mark.parametrize("negatives", [None, NEGATIVES], ids=["none", "given"])
@pytest.mark.parametrize(("kind", "length"), [("PixArtAlphaPipeline", 120), ("PixArtSigmaPipeline", 300)])
def test_pixart_reads_what_diffusers_reads(
    published: dict[str, Path], kind: str, length: int, negatives: list[str] | None
) -> None:
    import diffusers

    kinds = {"text_encoder": "T5EncoderModel", "tokenizer": "T5Tokenizer"}
    nothing = dict.fromkeys(["vae", "transformer", "scheduler"])
    pipeline = getattr(diffusers, kind)(**loaded(published["pixart"], kinds), **nothing)
    text, mask, negative, negative_mask = pipeline.encode_prompt(PROMPTS, True, negatives or "", device="cpu")
    known = conditioners.pixart(parts(published["pixart"]), length=length)(
        Wanted(PROMPTS, negatives, SIZE), guided=True
    )
    _compare(known, "text", text, negative)
    _compare(known, "text_mask", mask, negative_mask)
    assert known["conditional"]["sizes"].tolist() == [[48, 64, 0.75]] * 3


def test_the_first_chunk_of_a_long_prompt_is_all_that_diffusers_reads(published: dict[str, Path]) -> None:
    theirs = _xl(published["sdxl"], "sdxl", True).encode_prompt(LONG, device="cpu", negative_prompt=NEGATIVES)
    known = conditioners.sdxl(parts(published["sdxl"]))(Wanted(LONG, NEGATIVES, SIZE), guided=True)[
        "conditional"
    ]
    assert known["text"].shape[1] > 77
    assert same(known["text"][:, :77], theirs[0])
    assert same(known["pooled"], theirs[2])
