"""Tokenizers from a folder, from the cache, or a sentence on how to get them."""

import json
from pathlib import Path

import pytest
from tests import checkpoints

from diffsmith.conditioning import tokenizers
from diffsmith.conditioning.tokenizers import clip_tokenizer, t5_tokenizer, tokens_of
from diffsmith.errors import FileFault
from diffsmith.weights.components import Component


def own(folder: Path) -> Component:
    return Component(folder, {}, {}, folder)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache, and no network."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path / "hub"


def snapshot(cache: Path, repository: str, revision: str) -> Path:
    return cache / f"models--{repository.replace('/', '--')}" / "snapshots" / revision


def test_a_folders_own_tokenizer_is_used_with_its_own_padding(tmp_path: Path) -> None:
    folder = checkpoints.clip_tokenizer(tmp_path / "tokenizer_2", pad="!")
    assert clip_tokenizer("tokenizer_2", own(folder), pad="a").pad_token_id == 0


def test_settings_beside_the_vocabulary_are_heeded_as_published(tmp_path: Path) -> None:
    folder = checkpoints.clip_tokenizer(tmp_path)
    (folder / "special_tokens_map.json").write_text(json.dumps({"pad_token": "!"}))
    assert clip_tokenizer("tokenizer", own(folder)).pad_token_id == 0


@pytest.mark.parametrize("part", [None, Component(Path("sd.safetensors"), {}, {})], ids=["none", "in a file"])
@pytest.mark.parametrize(("pad", "number"), [(None, checkpoints.CLIP_VOCABULARY - 1), ("!", 0)])
def test_without_one_the_usual_one_comes_from_the_cache(
    cache: Path, part: Component | None, pad: str | None, number: int
) -> None:
    checkpoints.clip_tokenizer(snapshot(cache, tokenizers.CLIP.repository, tokenizers.CLIP.revision))
    assert clip_tokenizer("tokenizer", part, pad).pad_token_id == number


def test_t5s_comes_from_the_cache_too(cache: Path) -> None:
    folder = checkpoints.t5_tokenizer(snapshot(cache, tokenizers.T5.repository, tokenizers.T5.revision))
    known, usual = t5_tokenizer("tokenizer", own(folder)), t5_tokenizer("tokenizer", None)
    assert tokens_of(known)("a red cube") == tokens_of(usual)("a red cube") != []


@pytest.mark.parametrize("kept", [False, True], ids=["nothing", "an empty snapshot"])
def test_without_any_the_error_says_how_to_get_one(cache: Path, kept: bool) -> None:
    if kept:
        snapshot(cache, tokenizers.CLIP.repository, tokenizers.CLIP.revision).mkdir(parents=True)
    with pytest.raises(FileFault) as error:
        clip_tokenizer("tokenizer_2", None)
    assert "tokenizer_2" in str(error.value)
    assert "openai/clip-vit-large-patch14" in str(error.value)


def test_an_empty_folder_is_no_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(
        FileFault, match=r"holds no tokenizer, expected tokenizer.json or vocab.json and merges"
    ):
        clip_tokenizer("tokenizer", own(tmp_path))
    with pytest.raises(FileFault, match=r"expected tokenizer.json or spiece.model"):
        t5_tokenizer("tokenizer", own(tmp_path))


@pytest.mark.parametrize("file", ["vocab.json", "tokenizer_config.json"])
def test_a_damaged_tokenizer_is_told(tmp_path: Path, file: str) -> None:
    folder = checkpoints.clip_tokenizer(tmp_path)
    (folder / file).write_text("{not json")
    with pytest.raises(FileFault, match=r"its files make no CLIPTokenizer: \S"):
        clip_tokenizer("tokenizer", own(folder))


def test_texts_of_any_length_are_tokens_without_a_warning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tokens = tokens_of(clip_tokenizer("tokenizer", own(checkpoints.clip_tokenizer(tmp_path))))
    assert len(tokens("red " * 500)) == 500
    assert capfd.readouterr() == ("", "")
