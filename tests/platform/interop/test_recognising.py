"""What diffusers saved is recognised: the model, and everything it was published with."""

import inspect
import json
import shutil
from pathlib import Path

import diffusers
import pytest

from diffsmith import factory
from diffsmith.errors import SpecError
from diffsmith.interop.pipelines import opened
from diffsmith.interop.recognising import recognise
from diffsmith.registry import Registry
from diffsmith.specs import PartSpec, PipelineSpec
from diffsmith.weights.sources import open_source
from diffsmith.weights.tensors import load_tensors, save_tensors

CFG = "cfg"
CLIP, SDXL = {"name": "clip"}, {"name": "sdxl", "zeros": True}
REFINER = {"name": "sdxl_refiner", "zeros": False}
RECOGNISED = {
    # name: (network, conditioner, guidance, scheduler, steps, options that must be seen)
    "sd1": ("conditional_unet", CLIP, (CFG, 7.5), "pndm", 50, {"text_width": 32}),
    "sd1_img2img": ("conditional_unet", CLIP, (CFG, 7.5), "pndm", 50, {}),
    "sd1_inpaint": ("conditional_unet", CLIP, (CFG, 7.5), "pndm", 50, {"extra_channels": 5}),
    "sd2": (
        "conditional_unet",
        {"name": "open_clip"},
        (CFG, 7.5),
        "ddim",
        50,
        {"linear": True, "heads": (2, 4)},
    ),
    "lcm": ("conditional_unet", {"name": "clip"}, ("embedded", 8.5), "lcm", 4, {"guidance": 16}),
    "sdxl": ("conditional_unet", SDXL, (CFG, 5.0), "euler", 50, {"added": 80}),
    "sdxl_inpaint": (
        "conditional_unet",
        {"name": "sdxl", "zeros": True},
        (CFG, 7.5),
        "euler",
        50,
        {"extra_channels": 5},
    ),
    "sdxl_refiner": (
        "conditional_unet",
        {"name": "sdxl_refiner", "zeros": False},
        (CFG, 5.0),
        "euler",
        50,
        {"added": 72},
    ),
    "dit": (
        "dit",
        None,
        (CFG, 4.0),
        "ddim",
        50,
        {"classes": 10, "variance": True, "embeddings": "per_block"},
    ),
    "pixart_alpha": (
        "pixart",
        {"name": "pixart", "length": 120, "sizes": False},
        (CFG, 4.5),
        "dpmpp_2m",
        20,
        {"text_width": 32},
    ),
    "pixart_sigma": (
        "pixart",
        {"name": "pixart", "length": 300, "sizes": False},
        (CFG, 4.5),
        "dpmpp_2m",
        20,
        {},
    ),
    "ddpm": ("pixel_unet", None, ("none", None), "ddpm", 1000, {"shape": (3, 16, 16)}),
    "consistency": ("pixel_unet", None, ("none", None), "consistency", 1, {"classes": 10}),
}


@pytest.mark.parametrize("name", RECOGNISED)
def test_a_saved_pipeline_is_recognised_and_can_be_built(name: str, saved, registry: Registry) -> None:
    network, conditioner, (guidance, scale), scheduler, steps, options = RECOGNISED[name]
    values = recognise(saved(name), registry)
    assert values["model"]["name"] == network and values.get("conditioner") == conditioner
    assert (values["guidance"]["name"], values["guidance"].get("scale")) == (guidance, scale)
    assert (values["scheduler"]["name"], values["spacing"]["steps"]) == (scheduler, steps)
    assert {key: values["model"][key] for key in options} == options
    assert values["weights"] == str(saved(name)) and "variant" not in values
    factory.checked(PipelineSpec, values, registry)


@pytest.mark.parametrize(
    ("name", "scaling", "precise"), [("sd1", 0.18215, True), ("sdxl", 0.13025, True), ("ddpm", None, None)]
)
def test_the_autoencoder_that_lies_there_is_recognised(name, scaling, precise, saved, registry) -> None:
    found = recognise(saved(name), registry).get("autoencoder")
    assert (found is None) == (scaling is None)
    if found:
        built = registry.bind("autoencoders", PartSpec.model_validate(found))
        assert built.keywords.get("scaling", 0.18215) == scaling and found["needs_float32"] is precise


def test_the_prediction_and_the_noise_are_the_schedulers(saved, registry) -> None:
    model = recognise(saved("sd2"), registry)["model"]
    assert model["prediction"] == {"name": "v"}
    assert (model["schedule"]["betas"], model["schedule"]["start"]) == ("scaled_linear", 0.00085)
    assert recognise(saved("lcm"), registry)["model"]["boundary"]["name"] == "lcm_boundary"
    assert recognise(saved("ddpm"), registry)["threshold"] == {"name": "clip", "limit": 1.0}


FULL = {
    "sd15": {"cross_attention_dim": 768, "attention_head_dim": 8},
    "sd15_inpaint": {"cross_attention_dim": 768, "in_channels": 9},
    "sd21": {
        "cross_attention_dim": 1024,
        "attention_head_dim": [5, 10, 20, 20],
        "use_linear_projection": True,
        "upcast_attention": True,
        "sample_size": 96,
    },
    "sdxl": {
        "cross_attention_dim": 2048,
        "attention_head_dim": [5, 10, 20],
        "block_out_channels": [320, 640, 1280],
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "use_linear_projection": True,
        "transformer_layers_per_block": [1, 2, 10],
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
        "sample_size": 128,
    },
}


def lone(folder: Path, config: dict) -> Path:
    """One part's settings, and a weights file that nobody reads here."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_tensors(folder / "diffusion_pytorch_model.safetensors", {})
    return folder


@pytest.mark.parametrize("name", FULL)
def test_published_numbers_are_recognised_as_the_published_model(name: str, tmp_path, registry) -> None:
    config = {**_defaults(), **FULL[name]}
    values = recognise(lone(tmp_path, {"_class_name": "UNet2DConditionModel", **config}), registry)
    assert values == {"model": {"name": name}, **registry.get("models", name).usual, "weights": str(tmp_path)}


def _defaults() -> dict:
    """The class's own, as its files write them down; SD 1's samples are 64 wide."""
    known = inspect.signature(diffusers.UNet2DConditionModel.__init__).parameters
    told = {name: each.default for name, each in known.items() if name != "self"}
    return {**json.loads(json.dumps(told)), "sample_size": 64}


def test_another_size_of_a_published_model_says_so(tmp_path, registry) -> None:
    config = {"_class_name": "UNet2DConditionModel", **_defaults(), **FULL["sd15"], "sample_size": 96}
    assert recognise(lone(tmp_path, config), registry)["model"] == {"name": "sd15", "shape": (4, 96, 96)}


def test_an_autoencoder_alone_is_recognised_as_one(tmp_path, registry) -> None:
    values = recognise(lone(tmp_path, {"_class_name": "AutoencoderTiny"}), registry)
    assert values == {"autoencoder": {"name": "tiny"}, "weights": str(tmp_path)}


def test_an_unknown_pipeline_is_told_with_those_that_are_known(tmp_path, registry) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableAudioPipeline"}')
    with pytest.raises(
        SpecError, match=r"its pipeline's class: unknown name 'StableAudioPipeline'.*Known:.*"
    ):
        recognise(tmp_path, registry)


@pytest.mark.parametrize("part", ["unet", "vae"])
def test_an_unknown_class_of_a_part_is_told(part: str, saved, tmp_path, registry) -> None:
    folder = shutil.copytree(saved("sd1"), tmp_path / "changed")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, part: ["diffusers", "Surprise"]}))
    with pytest.raises(SpecError, match=f"changed: the class of its {part}: unknown name 'Surprise'"):
        recognise(folder, registry)


def test_a_scheduler_that_is_not_known_names_its_file(saved, tmp_path, registry) -> None:
    folder = shutil.copytree(saved("sd1"), tmp_path / "changed")
    (folder / "scheduler" / "scheduler_config.json").write_text('{"_class_name": "MagicScheduler"}')
    with pytest.raises(
        SpecError, match="changed/scheduler: scheduler config, _class_name: unknown name 'MagicSch"
    ):
        recognise(folder, registry)


def test_older_names_of_tensors_become_the_newest(saved, tmp_path, registry) -> None:
    folder = shutil.copytree(saved("sd1"), tmp_path / "older")
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    tensors, _ = load_tensors(file)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    save_tensors(file, {_replaced(name, old): tensor for name, tensor in tensors.items()})
    assert any("query" in name for name in open_source(folder).component("vae").tensors)
    assert set(opened(folder, registry).component("vae").tensors) == set(tensors)


def _replaced(name: str, words: dict[str, str]) -> str:
    for new, old in words.items():
        name = name.replace(f".{new}.", f".{old}.")
    return name


def test_a_vq_autoencoder_is_found_under_the_name_of_every_other(tmp_path, registry) -> None:
    network = diffusers.UNet2DModel(
        sample_size=8,
        block_out_channels=(32,),
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
        norm_num_groups=8,
    )
    coder = diffusers.VQModel(block_out_channels=(32,), norm_num_groups=8, num_vq_embeddings=16)
    diffusers.LDMPipeline(coder, network, diffusers.DDIMScheduler()).save_pretrained(tmp_path)
    assert recognise(tmp_path, registry)["autoencoder"]["name"] == "vq"
    assert set(opened(tmp_path, registry).component("vae").tensors) == set(coder.state_dict())


def test_a_variant_that_was_asked_for_stays_in_the_spec(saved, tmp_path, registry) -> None:
    folder = shutil.copytree(saved("ddpm"), tmp_path / "variant")
    plain = folder / "unet" / "diffusion_pytorch_model.safetensors"
    plain.rename(plain.with_name("diffusion_pytorch_model.fp16.safetensors"))
    assert recognise(folder, registry, variant="fp16")["variant"] == "fp16"
