"""Folders as diffusers writes them: the right file of each part, and what is said of other folders."""

import json
from pathlib import Path

import pytest
import torch

from diffsmith.errors import FileFault
from diffsmith.weights.file_names import weights_among, weights_for
from diffsmith.weights.folders import open_folder
from diffsmith.weights.tensors import save_tensors

PLAIN, FP16 = "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors"
INDEX = "diffusion_pytorch_model.safetensors.index.json"
SHARDS = [
    "diffusion_pytorch_model-00001-of-00002.safetensors",
    "diffusion_pytorch_model-00002-of-00002.safetensors",
]


@pytest.mark.parametrize(
    ("names", "variant", "first"),
    [
        ([PLAIN, FP16], None, PLAIN),
        ([PLAIN, FP16], "fp16", FP16),
        ([PLAIN], "fp16", PLAIN),
        (["diffusion_pytorch_model.bin", PLAIN], None, PLAIN),
        (
            ["diffusion_pytorch_model.bin", "model.onnx", "flax_model.msgpack"],
            None,
            "diffusion_pytorch_model.bin",
        ),
        (["pytorch_model.bin", "model.safetensors"], None, "model.safetensors"),
        (["pytorch_model.fp16.bin", "model.safetensors"], "fp16", "pytorch_model.fp16.bin"),
        (["diffusion_pytorch_model.non_ema.safetensors", PLAIN], None, PLAIN),
        (["sd_xl_base_1.0.safetensors", "taesd_decoder.safetensors", PLAIN], None, PLAIN),
        ([INDEX, *SHARDS], None, INDEX),
        (
            ["pytorch_model.bin.index.json", "pytorch_model-00001-of-00001.bin"],
            None,
            "pytorch_model.bin.index.json",
        ),
        (
            ["model.safetensors.index.fp16.json", "model.fp16-00001-of-00001.safetensors"],
            "fp16",
            "model.safetensors.index.fp16.json",
        ),
        (
            ["model.fp16.safetensors.index.json", "model-00001-of-00001.fp16.safetensors"],
            "fp16",
            "model.fp16.safetensors.index.json",
        ),
    ],
)
def test_the_right_file_is_chosen_by_name(names: list[str], variant: str | None, first: str) -> None:
    chosen = weights_for("here", names, variant)
    assert chosen is not None and chosen.first == first
    if "index" in first:
        assert set(chosen.files) == set(names)


def test_shards_without_their_index_are_no_weights() -> None:
    assert weights_among(SHARDS) == []


def test_only_variants_and_none_asked_for_is_told_with_their_names() -> None:
    with pytest.raises(FileFault, match=r"unet: holds its weights only as variants: fp16; .*variant: fp16"):
        weights_for("unet", [FP16], None)


def part(folder: Path, config: object, *names: str, value: float = 0.0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    for name in names:
        save_tensors(folder / name, {"w": torch.full((2,), value)})
    return folder


def pipeline(folder: Path, **parts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_index.json").write_text(
        json.dumps({"_class_name": "P", **{k: ["diffusers", v] for k, v in parts.items()}})
    )
    return folder


def test_each_part_gives_the_variant_or_else_its_plain_weights(tmp_path) -> None:
    folder = pipeline(tmp_path, unet="UNet2DModel", vae="AutoencoderKL")
    part(folder / "unet", {}, PLAIN, value=1.0)
    part(folder / "unet", {}, FP16, value=2.0)
    part(folder / "vae", {}, PLAIN, value=3.0)
    found = open_folder(folder, "it", "fp16")
    assert [found.component(name).tensors["w"][0].item() for name in ("unet", "vae")] == [2.0, 3.0]
    assert found.component("text_encoder") is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("unet", r"unet/config\.json: is missing, though this pipeline needs it"),
        ("scheduler", r"scheduler/scheduler_config\.json: is missing"),
        ("tokenizer", r"tokenizer: holds no vocabulary"),
        ("tokenizer_2", r"tokenizer_2: holds no vocabulary"),
    ],
)
def test_a_part_without_its_folder_is_told_by_the_folder_that_it_should_have(tmp_path, name, told) -> None:
    folder = pipeline(tmp_path, vae="AutoencoderKL", **{name: "Any"})
    part(folder / "vae", {}, PLAIN)
    with pytest.raises(FileFault, match=told):
        open_folder(folder, "it").component(name)


def test_a_pipeline_without_folders_for_its_parts_is_read(tmp_path) -> None:
    folder = part(
        pipeline(tmp_path, unet="UNet2DModel", scheduler="DDPMScheduler"),
        {"_class_name": "UNet2DModel"},
        PLAIN,
    )
    (folder / "scheduler_config.json").write_text('{"_class_name": "DDPMScheduler"}')
    found = open_folder(folder, "it")
    assert found.component("unet").config == {"_class_name": "UNet2DModel"}
    assert found.component("scheduler").config == {"_class_name": "DDPMScheduler"}


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"_class_name": "UNet2DConditionModel"}, "unet"),
        ({"_class_name": "PixArtTransformer2DModel"}, "transformer"),
        ({"_class_name": "AutoencoderKL"}, "vae"),
        ({"_class_name": "AutoencoderTiny"}, "vae"),
        ({"_class_name": "VQModel"}, "vae"),
        ({"architectures": ["CLIPTextModelWithProjection"]}, "text_encoder"),
        ({"architectures": ["T5EncoderModel"]}, "text_encoder"),
    ],
)
def test_a_folder_of_one_part_is_a_pipeline_of_one_part(tmp_path, config: dict, place: str) -> None:
    found = open_folder(part(tmp_path, config, "model.safetensors"), "it")
    assert list(found.index) == [place] and found.class_of(place) in str(config)
    assert found.component(place).config == config and list(found.component(place).tensors) == ["w"]


def test_a_tokenizer_and_a_scheduler_beside_one_part_are_found(tmp_path) -> None:
    folder = part(tmp_path, {"architectures": ["CLIPTextModel"]}, "model.safetensors")
    (folder / "vocab.json").write_text("{}")
    (folder / "scheduler_config.json").write_text("{}")
    found = open_folder(folder, "it")
    assert found.component("tokenizer").folder == folder and found.component("scheduler") is not None


def test_nothing_is_opened_before_it_is_asked_for_and_then_once(tmp_path) -> None:
    folder = pipeline(tmp_path, unet="UNet2DModel", vae="AutoencoderKL")
    part(folder / "unet", {}, PLAIN)
    found = open_folder(folder, "it")
    assert found.component("unet") is found.component("unet")
    with pytest.raises(
        FileFault, match=r"config.json: is missing, though this pipeline needs it; fetch or copy it again"
    ):
        found.component("vae")


@pytest.mark.parametrize(
    ("write", "told"),
    {
        "nothing": (lambda folder: None, "is no published pipeline: it holds no model_index.json.*: nothing"),
        "a file": (lambda folder: (folder / "x.ckpt").write_bytes(b""), r"name one of its files: .*/x\.ckpt"),
        "no JSON": (
            lambda folder: (folder / "model_index.json").write_bytes(b"{"),
            "model_index.json: is no JSON",
        ),
        "not text": (lambda folder: (folder / "model_index.json").write_bytes(b"\xff"), "is no JSON"),
        "deep": (lambda folder: (folder / "config.json").write_text("[" * 100_000), "is no JSON"),
        "a list": (
            lambda folder: (folder / "model_index.json").write_text("[]"),
            "no settings by name but a list",
        ),
        "a folder": (lambda folder: (folder / "config.json").mkdir(), "cannot be read: Is a directory"),
        "no class": (
            lambda folder: (folder / "config.json").write_text("{}"),
            "tells no _class_name and no archi",
        ),
        "another class": (
            lambda folder: (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}'),
            "tells of 'LlamaForCausalLM', which is no part of a pipeline",
        ),
    }.values(),
)
def test_a_folder_that_is_no_pipeline_is_told(tmp_path, write, told: str) -> None:
    write(tmp_path)
    with pytest.raises(FileFault, match=told):
        open_folder(tmp_path, "it")


def test_settings_without_weights_are_told(tmp_path) -> None:
    found = open_folder(part(tmp_path, {"_class_name": "UNet2DModel"}), "it")
    with pytest.raises(FileFault, match="holds settings but no weights, expected diffusion_pytorch_model"):
        found.component("unet")


def test_a_tokenizer_without_a_vocabulary_is_told(tmp_path) -> None:
    folder = pipeline(tmp_path, tokenizer="CLIPTokenizer")
    (folder / "tokenizer").mkdir()
    with pytest.raises(FileFault, match="holds no vocabulary, expected one of"):
        open_folder(folder, "it").component("tokenizer")


def test_parts_that_a_pipeline_leaves_out_and_other_lines_are_no_parts(tmp_path) -> None:
    index = {
        "_class_name": "P",
        "safety_checker": [None, None],
        "requires": True,
        "../../etc": ["a", "b"],
        "x": [1],
    }
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    found = open_folder(tmp_path, "it")
    assert not any(found.component(name) for name in index)
