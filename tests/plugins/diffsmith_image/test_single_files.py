"""Latent diffusion's single files: every published name, and small files whose networks are known."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.loaders import single_file_utils as theirs
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from diffsmith import factory
from diffsmith.errors import FileFault
from diffsmith.interop.recognising import recognise
from diffsmith.interop.scheduler_meaning import meaning
from diffsmith.specs import PipelineSpec
from diffsmith.weights.components import Component
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.sources import Source, open_source
from diffsmith.weights.tensors import save_tensors
from diffsmith_image.single_files.ldm import ldm

KEYS = Path(__file__).parents[2] / "goldens" / "keys"
SMALL = partial(ldm, heads=4, head_size=8, groups=8)
WHOLE = {
    "StableDiffusionPipeline": ("sd15_unet", "sd15_text_encoder", "vae_sd15_sdxl", "sd15_extra"),
    "StableDiffusionXLPipeline": ("sdxl_unet", "sdxl_text_encoder_1", "sdxl_text_encoder_2", "vae_sd15_sdxl"),
}
PARAMETERS = {
    "StableDiffusionPipeline": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
    "StableDiffusionXLPipeline": {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    },
}


def listed(*files: str) -> list[dict[str, Any]]:
    """The keys of published files: name, shape, and what diffusers calls it."""
    texts = [(KEYS / f"single_file_{file}.json").read_text() for file in files]
    return [key for text in texts for key in json.loads(text)["keys"]]


def without_numbers(shapes: dict[str, tuple[int, ...]]) -> Tensors:
    return Tensors(shapes, dict.fromkeys(shapes, torch.float32), lambda name: torch.empty(shapes[name]))


def network_of(config: dict[str, Any]) -> nn.Module:
    """The reference's network of a configuration, without numbers."""
    with torch.device("meta"):
        if name := config.get("_class_name"):
            return getattr(diffusers, name)(**{key: value for key, value in config.items() if key[0] != "_"})
        projects = config["architectures"][0] != "CLIPTextModel"
        return (CLIPTextModelWithProjection if projects else CLIPTextModel)(CLIPTextConfig(**config))


def published(network: nn.Module) -> dict[str, Tensor]:
    """Its tensors as files name them; transformers' own names change from version to version."""
    first = "" if isinstance(network, diffusers.ModelMixin) else "text_model."
    state = {name.removeprefix(first): tensor for name, tensor in network.state_dict().items()}
    return {
        name if name.startswith("text_projection") else first + name: each for name, each in state.items()
    }


@pytest.mark.parametrize("pipeline", WHOLE)
def test_every_tensor_of_a_published_file_finds_its_place_in_networks_of_the_published_size(
    pipeline: str,
) -> None:
    keys = listed(*WHOLE[pipeline])
    read = ldm(without_numbers({key["original"]: tuple(key["shape"]) for key in keys}))
    assert read is not None and read.index["_class_name"] == pipeline and not read.left and not read.notes
    found = [name for part in read.parts.values() for name in part.tensors]
    assert sorted(found) == sorted(name for key in keys for name in key["diffusers"])
    for part, count in PARAMETERS[pipeline].items():
        config, tensors = read.parts[part]
        network = network_of(config)
        assert {name: each.shape for name, each in published(network).items()} == tensors.shapes
        assert sum(each.numel() for each in network.parameters()) == count


@pytest.mark.parametrize(("pipeline", "name"), zip(WHOLE, ["sd15", "sdxl"], strict=True))
def test_a_published_file_is_recognised_as_the_published_model(pipeline: str, name: str, registry) -> None:
    keys = listed(*WHOLE[pipeline])
    read = ldm(without_numbers({key["original"]: tuple(key["shape"]) for key in keys}))
    file = Path("it.safetensors")
    parts = {part: Component(file, *told) for part, told in read.parts.items()}
    values = recognise(Source("it.safetensors", file, read.index, parts.get), registry)
    card = registry.get("models", name)
    assert values["model"].keys() == {"name", "schedule", "prediction"} and values["model"]["name"] == name
    assert values["conditioner"]["name"] == card.conditioner["name"]
    assert values["autoencoder"].keys() <= {"name", "sample_size"}  # the rest is as the model's card says
    spec = factory.checked(PipelineSpec, values, registry)
    assert meaning(spec, registry) == meaning(
        PipelineSpec.model_validate({"model": name, **card.usual}), registry
    )


FULL = {
    "sd21": {
        "cross_attention_dim": 1024,
        "attention_head_dim": (5, 10, 20, 20),
        "use_linear_projection": True,
    },
    "sdxl_refiner": {
        "block_out_channels": (384, 768, 1536, 1536),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": 4,
        "cross_attention_dim": 1280,
        "attention_head_dim": (6, 12, 24, 24),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2560,
    },
}


@pytest.mark.parametrize("name", FULL)
def test_a_published_network_alone_is_recognised_too(name: str, registry) -> None:
    with torch.device("meta"):
        network = diffusers.UNet2DConditionModel(**FULL[name])
    read = ldm(without_numbers({old: tuple(tensor.shape) for old, tensor in old_unet(network).items()}))
    parts = {part: Component(Path("it"), *told) for part, told in read.parts.items()}
    values = recognise(Source("it", Path("it"), read.index, parts.get), registry)
    assert values["model"]["name"] == name and "shape" not in values["model"]


UNET = {
    "sample_size": 64,
    "block_out_channels": (32, 64, 64),
    "layers_per_block": 2,
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 32,
    "attention_head_dim": 4,
    "norm_num_groups": 8,
}
LINEAR = {**UNET, "attention_head_dim": (4, 8, 8), "use_linear_projection": True}
SIZED = {
    **LINEAR,
    "sample_size": 128,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 1, 2),
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
}
XL = {**SIZED, "projection_class_embeddings_input_dim": 32 + 6 * 8, "cross_attention_dim": 64}
REFINER = {**SIZED, "projection_class_embeddings_input_dim": 32 + 5 * 8}
VAE = {
    "block_out_channels": (32, 64, 64),
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "sample_size": 512,
}


def text(kind: type, **options: Any) -> nn.Module:
    sizes = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 3, "num_attention_heads": 4}
    more = {"max_position_embeddings": 16, "projection_dim": 32, "bos_token_id": 97, "eos_token_id": 98}
    return kind(CLIPTextConfig(vocab_size=99, **{**sizes, **more, **options}))


def old_unet(network: nn.Module) -> dict[str, Tensor]:
    """A U-Net under its authors' names: its blocks are numbered through, one more a level than layers."""
    config = network.config
    each, levels = config.layers_per_block + 1, len(config.block_out_channels)
    old = {
        "conv_in.": "input_blocks.0.0.",
        "time_embedding.linear_1.": "time_embed.0.",
        "time_embedding.linear_2.": "time_embed.2.",
        "add_embedding.linear_1.": "label_emb.0.0.",
        "add_embedding.linear_2.": "label_emb.0.2.",
        "mid_block.resnets.0.": "middle_block.0.",
        "mid_block.attentions.0.": "middle_block.1.",
        "mid_block.resnets.1.": "middle_block.2.",
        "conv_norm_out.": "out.0.",
        "conv_out.": "out.2.",
    }
    for level in range(levels):
        attends = "CrossAttn" in config.up_block_types[level]
        for layer in range(each):
            down, up = 1 + level * each + layer, level * each + layer
            old[f"down_blocks.{level}.resnets.{layer}."] = f"input_blocks.{down}.0."
            old[f"down_blocks.{level}.attentions.{layer}."] = f"input_blocks.{down}.1."
            old[f"up_blocks.{level}.resnets.{layer}."] = f"output_blocks.{up}.0."
            old[f"up_blocks.{level}.attentions.{layer}."] = f"output_blocks.{up}.1."
        old[f"down_blocks.{level}.downsamplers.0.conv."] = f"input_blocks.{(level + 1) * each}.0.op."
        old[f"up_blocks.{level}.upsamplers.0."] = f"output_blocks.{(level + 1) * each - 1}.{1 + attends}."
    inside = {"norm1.": "in_layers.0.", "conv1.": "in_layers.2.", "time_emb_proj.": "emb_layers.1."}
    inside |= {"norm2.": "out_layers.0.", "conv2.": "out_layers.3.", "conv_shortcut.": "skip_connection."}

    def named(name: str) -> str:
        place = max((place for place in old if name.startswith(place)), key=len)
        rest = name.removeprefix(place)
        layer = next((word for word in inside if ".resnets." in place and rest.startswith(word)), "")
        return f"model.diffusion_model.{old[place]}{inside[layer] if layer else ''}{rest.removeprefix(layer)}"

    return {named(name): tensor for name, tensor in network.state_dict().items()}


def old_vae(network: nn.Module) -> dict[str, Tensor]:
    """An autoencoder under its authors' names: attention convolves, the decoder is counted from the end."""
    levels = len(network.config.block_out_channels)
    words = {
        "mid_block.attentions.0.group_norm": "mid.attn_1.norm",
        "mid_block.attentions.0.to_out.0": "mid.attn_1.proj_out",
    }
    words |= {f"mid_block.attentions.0.to_{letter}": f"mid.attn_1.{letter}" for letter in "qkv"}
    words |= {f"mid_block.resnets.{number}": f"mid.block_{number + 1}" for number in (0, 1)}
    words |= {"conv_norm_out": "norm_out", "conv_shortcut": "nin_shortcut", "downsamplers.0": "downsample"}
    words |= {"upsamplers.0": "upsample", ".resnets.": ".block.", "down_blocks": "down"}
    words |= {f"up_blocks.{level}.": f"up.{levels - 1 - level}." for level in range(levels)}
    found = {}
    for name, tensor in network.state_dict().items():
        convolved = "attentions" in name and tensor.ndim == 2
        for new, old in words.items():
            name = name.replace(new, old)  # noqa: PLW2901 — one word after another
        found[f"first_stage_model.{name}"] = tensor[:, :, None, None] if convolved else tensor
    return found


def old_text(network: nn.Module, place: str) -> dict[str, Tensor]:
    return {place + name: tensor for name, tensor in published(network).items()}


def open_clip(network: nn.Module, place: str, *, more_layers: int = 0) -> dict[str, Tensor]:
    """A text encoder as open_clip names it: query, key and value in one, its projection turned round."""
    state = {name.removeprefix("text_model."): tensor for name, tensor in published(network).items()}
    found = {
        "positional_embedding": state.pop("embeddings.position_embedding.weight"),
        "logit_scale": torch.ones([]),
    }
    width = len(state["final_layer_norm.weight"])
    projection = state.pop("text_projection.weight", torch.zeros(width, width))
    for name, tensor in state.items():
        new = name.replace("embeddings.token", "token").replace("final_layer_norm", "ln_final")
        new = new.replace("encoder.layers", "transformer.resblocks").replace("layer_norm", "ln_")
        new = new.replace("mlp.fc1", "mlp.c_fc").replace("mlp.fc2", "mlp.c_proj").replace("self_attn", "attn")
        if "q_proj" in new:
            fused = [state[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
            found[new.replace("q_proj.", "in_proj_")] = torch.cat(fused)
        elif "k_proj" not in new and "v_proj" not in new:
            found[new] = tensor
    last = {name: tensor for name, tensor in found.items() if ".resblocks.2." in name}
    extra = {
        name.replace(".2.", f".{3 + more}.", 1): each
        for more in range(more_layers)
        for name, each in last.items()
    }
    return {
        place + name: tensor for name, tensor in {**found, **extra, "text_projection": projection.t()}.items()
    }


class Small:
    """A small checkpoint: what it is made of, and its file's tensors."""

    def __init__(
        self, unet: dict[str, Any], vae: dict[str, Any], **encoders: tuple[nn.Module, Callable]
    ) -> None:
        torch.manual_seed(0)
        self.networks = {
            "unet": diffusers.UNet2DConditionModel(**unet),
            "vae": diffusers.AutoencoderKL(**vae),
        }
        self.networks |= {part: network for part, (network, _) in encoders.items()}
        self.tensors = old_unet(self.networks["unet"]) | old_vae(self.networks["vae"])
        for network, old in encoders.values():
            self.tensors |= old(network)


FIRST = partial(old_text, place="cond_stage_model.transformer.")
SECOND = partial(open_clip, place="cond_stage_model.model.", more_layers=1)
XL_FIRST = partial(old_text, place="conditioner.embedders.0.transformer.")
XL_SECOND = partial(open_clip, place="conditioner.embedders.1.model.")
REFINING = partial(open_clip, place="conditioner.embedders.0.model.")
GELU = {"hidden_act": "gelu"}
XL_VAE = {**VAE, "scaling_factor": 0.13025, "force_upcast": True, "sample_size": 1024}
CASES: dict[str, tuple[str, Callable[[], Small]]] = {
    "sd1": ("StableDiffusionPipeline", lambda: Small(UNET, VAE, text_encoder=(text(CLIPTextModel), FIRST))),
    "sd1 inpainting": (
        "StableDiffusionInpaintPipeline",
        lambda: Small({**UNET, "in_channels": 9}, VAE, text_encoder=(text(CLIPTextModel), FIRST)),
    ),
    "sd2": (
        "StableDiffusionPipeline",
        lambda: Small(
            {**LINEAR, "sample_size": 96, "upcast_attention": True},
            {**VAE, "sample_size": 768},
            text_encoder=(text(CLIPTextModel, **GELU), SECOND),
        ),
    ),
    "sdxl": (
        "StableDiffusionXLPipeline",
        lambda: Small(
            XL,
            XL_VAE,
            text_encoder=(text(CLIPTextModel), XL_FIRST),
            text_encoder_2=(text(CLIPTextModelWithProjection, **GELU), XL_SECOND),
        ),
    ),
    "sdxl refiner": (
        "StableDiffusionXLImg2ImgPipeline",
        lambda: Small(REFINER, XL_VAE, text_encoder_2=(text(CLIPTextModelWithProjection, **GELU), REFINING)),
    ),
}


@pytest.fixture(params=CASES)
def case(request, tmp_path) -> tuple[str, Small, Source]:
    pipeline, make = CASES[request.param]
    small = make()
    file = save_tensors(tmp_path / "small.safetensors", small.tensors)
    return pipeline, small, open_source(file, formats=[SMALL])


def test_a_small_file_is_the_pipeline_that_it_was_made_from(case) -> None:
    pipeline, small, found = case
    assert found.index["_class_name"] == pipeline
    assert {part for part in found.index if found.component(part)} == {*small.networks, "scheduler"}
    for part, network in small.networks.items():
        opened, wanted = found.component(part), published(network)
        assert set(opened.tensors) == set(wanted)
        assert all(torch.equal(opened.tensors[name], each) for name, each in wanted.items())


def test_the_settings_of_a_small_file_are_those_that_it_was_made_with(case) -> None:
    _, small, found = case
    for part, network in small.networks.items():
        config, wanted = (
            found.component(part).config,
            network.config.to_dict() if "text" in part else network.config,
        )
        told = {
            key: value
            for key, value in config.items()
            if key not in ("_class_name", "architectures", "model_type")
        }
        read = {key: tuple(value) if isinstance(value, list) else value for key, value in told.items()}
        meant = {key: tuple(wanted[key]) if isinstance(wanted[key], list) else wanted[key] for key in read}
        assert read == {**meant, **_same_meaning(read, meant)}


def _same_meaning(read: dict[str, Any], meant: dict[str, Any]) -> dict[str, Any]:
    """One number for each level where they are all the same."""
    spread = {key: (value,) * 3 for key, value in meant.items() if isinstance(value, int)}
    return {key: read[key] for key, value in spread.items() if read[key] == value}


def test_diffusers_reads_the_same_from_a_small_unet(case) -> None:
    _, small, found = case
    config = {**small.networks["unet"].config, "layers_per_block": 2}
    converted = theirs.convert_ldm_unet_checkpoint(dict(small.tensors), config=config)
    ours = found.component("unet").tensors
    assert converted.keys() == set(ours)
    assert all(torch.equal(each, ours[name]) for name, each in converted.items())


@pytest.fixture
def sd1() -> dict[str, Tensor]:
    return CASES["sd1"][1]().tensors


def reading(tensors: dict[str, Tensor]):
    return SMALL(
        Tensors(
            {n: t.shape for n, t in tensors.items()}, {n: t.dtype for n, t in tensors.items()}, tensors.get
        )
    )


def test_a_pickle_of_a_checkpoint_is_read_alike(sd1, tmp_path, monkeypatch) -> None:
    torch.save({"state_dict": sd1, "global_step": 470_000}, tmp_path / "small.ckpt")
    found = open_source(tmp_path / "small.ckpt", formats=[SMALL])
    assert found.index["_class_name"] == "StableDiffusionPipeline"
    ours = found.component("unet").tensors
    assert torch.equal(ours["conv_in.weight"], sd1["model.diffusion_model.input_blocks.0.0.weight"])


def test_what_training_left_in_a_file_is_ignored(sd1) -> None:
    extra = {key["original"]: torch.zeros(2) for key in listed("sd15_extra")}
    extra |= {
        "model_ema.diffusion_modelinput_blocks00weight": torch.zeros(1),
        "model_ema.decay": torch.zeros([]),
    }
    extra |= {"cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(16)[None]}
    read = reading(sd1 | extra)
    assert not read.left and read.parts["unet"].tensors.shapes == reading(sd1).parts["unet"].tensors.shapes
    assert read.notes == ("the file also holds averaged weights (model_ema), which are not used",)


def test_what_belongs_nowhere_is_told(sd1, tmp_path) -> None:
    file = save_tensors(tmp_path / "small.safetensors", sd1 | {"surprise": torch.zeros(1)})
    with pytest.raises(FileFault, match=r"belongs to no part of its model: 1 tensors \(surprise\)"):
        open_source(file, formats=[SMALL])


def test_a_missing_layer_is_told(sd1, tmp_path) -> None:
    del sd1["model.diffusion_model.input_blocks.1.0.in_layers.2.weight"]
    file = save_tensors(tmp_path / "small.safetensors", sd1)
    with pytest.raises(FileFault, match=r"its networks lack 'down_blocks.0.resnets.0.conv1.weight'"):
        open_source(file, formats=[SMALL])


@pytest.mark.parametrize("names", ["old", "new"])
@pytest.mark.parametrize("part", ["unet", "vae"])
def test_one_network_alone_is_read_under_the_authors_names_and_under_diffusers(names: str, part: str) -> None:
    network = CASES["sd1"][1]().networks[part]
    old = {"unet": old_unet, "vae": old_vae}[part](network)
    place = {"unet": "model.diffusion_model.", "vae": "first_stage_model."}[part]
    bare = {name.removeprefix(place): tensor for name, tensor in old.items()}
    read = reading(bare if names == "old" else network.state_dict())
    assert not read.left
    assert {name: read.parts[part].tensors[name].shape for name in read.parts[part].tensors} == {
        name: each.shape for name, each in network.state_dict().items()
    }


def test_an_autoencoder_alone_says_what_scaling_it_assumes() -> None:
    read = reading(old_vae(diffusers.AutoencoderKL(**VAE)))
    assert list(read.index) == ["vae"] and read.parts["vae"].config["scaling_factor"] == 0.18215
    assert "for SDXL's set autoencoder.scaling: 0.13025" in read.notes[0]


def test_stable_diffusion_2_says_that_v_is_assumed_and_how_to_say_otherwise() -> None:
    read = reading(CASES["sd2"][1]().tensors)
    assert read.parts["scheduler"].config["prediction_type"] == "v_prediction"
    assert "set model.prediction: epsilon" in read.notes[0]


@pytest.mark.parametrize("mark", [("v_pred",), ("v_pred", "ztsnr")])
def test_marks_tell_of_another_training(sd1, mark: tuple[str, ...]) -> None:
    scheduler = reading(sd1 | {name: torch.zeros(0) for name in mark}).parts["scheduler"].config
    assert scheduler["prediction_type"] == "v_prediction"
    assert scheduler.get("rescale_betas_zero_snr", False) == ("ztsnr" in mark)


def test_channels_tell_the_task() -> None:
    edit = reading(Small({**UNET, "in_channels": 8}, VAE, text_encoder=(text(CLIPTextModel), FIRST)).tensors)
    assert edit.index["_class_name"] == "StableDiffusionInstructPix2PixPipeline"
    other = reading(Small({**UNET, "in_channels": 6}, VAE, text_encoder=(text(CLIPTextModel), FIRST)).tensors)
    assert other.index["_class_name"] == "Stable Diffusion 1 of 6 channels"


def test_a_second_encoder_that_was_cut_already_keeps_its_layers() -> None:
    network = text(CLIPTextModel, num_hidden_layers=23, **GELU)
    tensors = Small(
        LINEAR, VAE, text_encoder=(network, partial(open_clip, place="cond_stage_model.model."))
    ).tensors
    assert reading(tensors).parts["text_encoder"].config["num_hidden_layers"] == 23


def test_names_from_before_text_model_are_understood(sd1) -> None:
    older = {name.replace(".transformer.text_model.", ".transformer."): each for name, each in sd1.items()}
    assert (
        reading(older).parts["text_encoder"].tensors.shapes
        == reading(sd1).parts["text_encoder"].tensors.shapes
    )


@pytest.mark.parametrize(
    "tensors", [{"w": torch.zeros(1)}, {"control_model.input_blocks.0.0.weight": torch.zeros(1)}]
)
def test_other_files_are_left_to_others(tensors) -> None:
    assert reading(tensors) is None
