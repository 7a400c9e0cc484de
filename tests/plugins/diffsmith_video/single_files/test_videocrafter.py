"""VideoCrafter's single files: every published name finds its place, and tells which model it is of."""

import json
import re
from pathlib import Path

import diffusers
import pytest
import torch
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPVisionConfig, CLIPVisionModelWithProjection

from diffsmith.interop.recognising import recognise
from diffsmith.weights.components import Component
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.sources import Source, open_source
from diffsmith.weights.tensors import save_tensors
from diffsmith_video.single_files.videocrafter import videocrafter
from diffsmith_video.text_to_video import TEXT_TO_VIDEO
from diffsmith_video.videocrafter import videocrafter as build

GOLDENS = Path(__file__).parents[3] / "goldens"
CARDS = {card.name: card for card in TEXT_TO_VIDEO if card.name.startswith("videocrafter")}
FADED = {"videocrafter1_t2v_1024": 0.3, "videocrafter1_i2v": 0.7, "videocrafter2": 0.7}


# ---- files of the published sizes, without numbers but for those of the noise -------------------------


def old_network(network):
    """A U-Net's shapes under its authors' names: three blocks a level, the last one halves or doubles."""
    places = {
        "conv_in.": "input_blocks.0.0.",
        "time_embedding.linear_1.": "time_embed.0.",
        "time_embedding.linear_2.": "time_embed.2.",
        "transformer_in.": "init_attn.0.",
        "mid_block.resnets.0.": "middle_block.0.",
        "mid_block.temp_convs.0.": "middle_block.0.temopral_conv.",
        "mid_block.attentions.0.": "middle_block.1.",
        "mid_block.temp_attentions.0.": "middle_block.2.",
        "mid_block.resnets.1.": "middle_block.3.",
        "mid_block.temp_convs.1.": "middle_block.3.temopral_conv.",
        "conv_norm_out.": "out.0.",
        "conv_out.": "out.2.",
    }
    for level in range(4):
        for layer in range(3):
            rows = {
                "down": f"input_blocks.{1 + 3 * level + layer}",
                "up": f"output_blocks.{3 * level + layer}",
            }
            for way, block in rows.items():
                row = f"{way}_blocks.{level}."
                places[f"{row}resnets.{layer}."] = f"{block}.0."
                places[f"{row}temp_convs.{layer}."] = f"{block}.0.temopral_conv."
                places[f"{row}attentions.{layer}."] = f"{block}.1."
                places[f"{row}temp_attentions.{layer}."] = f"{block}.2."
        places[f"down_blocks.{level}.downsamplers.0.conv."] = f"input_blocks.{3 * level + 3}.0.op."
        places[f"up_blocks.{level}.upsamplers.0."] = f"output_blocks.{3 * level + 2}.{3 if level else 1}."
    inside = {"norm1.": "in_layers.0.", "conv1.": "in_layers.2.", "time_emb_proj.": "emb_layers.1."}
    inside |= {"norm2.": "out_layers.0.", "conv2.": "out_layers.3.", "conv_shortcut.": "skip_connection."}
    found = {}
    for name, tensor in network.state_dict().items():
        if name.startswith("image_proj_model."):
            found |= old_resampler(name, tuple(tensor.shape))
            continue
        place = max((each for each in places if name.startswith(each)), key=len, default="")
        rest = name.removeprefix(place)
        layer = next((word for word in inside if ".resnets." in place and rest.startswith(word)), "")
        old = f"{places.get(place, '')}{inside.get(layer, '')}{rest.removeprefix(layer)}"
        convolved = re.fullmatch(r"init_attn\.0\.proj_(in|out)\.weight", old)
        found[f"model.diffusion_model.{old}"] = (*tensor.shape, 1) if convolved else tuple(tensor.shape)
    return found


def old_resampler(name, shape):
    """Its authors' name; nothing for values, whose weights follow those of the keys."""
    for new, old in (
        (r"layers\.(\d+)\.ln([01])\.", lambda match: f"layers.{match[1]}.0.norm{int(match[2]) + 1}."),
        (r"layers\.(\d+)\.attn\.to_out\.0\.", r"layers.\1.0.to_out."),
        (r"layers\.(\d+)\.attn\.to_q\.", r"layers.\1.0.to_q."),
        (r"layers\.(\d+)\.attn\.to_k\.", r"layers.\1.0.to_kv."),
        (r"layers\.(\d+)\.ff\.0\.", r"layers.\1.1.0."),
        (r"layers\.(\d+)\.ff\.1\.net\.0\.proj\.", r"layers.\1.1.1."),
        (r"layers\.(\d+)\.ff\.1\.net\.2\.", r"layers.\1.1.3."),
    ):
        name = re.sub(new, old, name)
    if ".attn.to_v." in name:
        return {}
    return {name: (2 * shape[0], *shape[1:]) if ".to_kv." in name else shape}


def open_clip(place, width, layers):
    """The layers of one of open_clip's towers."""
    sizes = {
        "attn.in_proj_": 3 * width,
        "attn.out_proj.": width,
        "mlp.c_fc.": 4 * width,
        "mlp.c_proj.": width,
    }
    found = {}
    for layer in range(layers):
        block = f"{place}transformer.resblocks.{layer}."
        for name, size in sizes.items():
            found[f"{block}{name}weight"] = (size, 4 * width if "c_proj" in name else width)
            found[f"{block}{name}bias"] = (size,)
        found |= {f"{block}ln_{each}.{kind}": (width,) for each in "12" for kind in ("weight", "bias")}
    return found


def tower(place, ends):
    return {f"{place}{name}": shape for name, shape in ends.items()}


WORDS = {
    "token_embedding.weight": (49408, 1024),
    "positional_embedding": (77, 1024),
    "ln_final.weight": (1024,),
    "ln_final.bias": (1024,),
    "text_projection": (1024, 1024),
    "logit_scale": (),
}
EYES = {
    "class_embedding": (1280,),
    "positional_embedding": (257, 1280),
    "conv1.weight": (1280, 3, 14, 14),
    "proj": (1280, 1024),
    **{f"ln_{end}.{kind}": (1280,) for end in ("pre", "post") for kind in ("weight", "bias")},
}


def shapes_of(name):
    card = CARDS[name]
    with torch.device("meta"):
        network = card.function(card.shape, None, **card.defaults)
    found = old_network(network)
    keys = json.loads((GOLDENS / "keys" / "single_file_vae_sd15_sdxl.json").read_text())["keys"]
    found |= {key["original"]: tuple(key["shape"]) for key in keys}
    found |= tower("cond_stage_model.model.", WORDS) | open_clip("cond_stage_model.model.", 1024, 24)
    found |= dict.fromkeys(("betas", "alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "logvar"), (1000,))
    if name in FADED:
        found["scale_arr"] = (1400,)
    if name == "videocrafter1_i2v":
        eyes = "embedder.model.visual."
        found |= tower(eyes, EYES) | open_clip(eyes, 1280, 32) | tower("embedder.model.", WORDS)
        found |= {"embedder.mean": (3,), "embedder.std": (3,)}
    return found, network


def file_of(name, prefix=""):
    shapes, network = shapes_of(name)
    least = FADED.get(name, 1.0)

    def read(tensor):
        return torch.full(
            shapes[tensor.removeprefix(prefix)], least, device="cpu" if "scale" in tensor else "meta"
        )

    told = {f"{prefix}{each}": shape for each, shape in shapes.items()}
    return Tensors(told, dict.fromkeys(told, torch.float32), read), network


@pytest.mark.parametrize("name", CARDS)
def test_every_tensor_of_a_published_file_finds_its_place_in_networks_of_the_published_size(name):
    tensors, network = file_of(name)
    read = videocrafter(tensors)
    assert read is not None and not read.left
    assert read.parts["unet"].tensors.shapes == {
        key: each.shape for key, each in network.state_dict().items()
    }
    counts = {part: sum(map(_numbers, each.tensors.shapes.values())) for part, each in read.parts.items()}
    del counts["unet"]
    assert counts == {"vae": 83_653_863, **CARDS[name].encoders}


def _numbers(shape):
    return torch.Size(shape).numel()


@pytest.mark.parametrize("prefix", ["", "_forward_module."])
@pytest.mark.parametrize("name", CARDS)
def test_a_published_file_is_recognised_as_the_published_model(name, prefix, registry):
    read = videocrafter(file_of(name, prefix)[0])
    parts = {part: Component(Path("it"), *told) for part, told in read.parts.items()}
    found = Source("it", Path("it"), read.index, parts.get, read.notes, read.choices)
    values, card = recognise(found, registry), CARDS[name]
    assert values["model"] == {"name": name, "schedule": card.schedule, "prediction": {"name": "epsilon"}}
    assert {key: values[key] for key in card.usual} == card.usual


def test_configurations_make_the_networks_that_the_tensors_are_of():
    read = videocrafter(file_of("videocrafter1_i2v")[0])
    kinds = {"text_encoder": (CLIPTextModel, CLIPTextConfig, "text_model."), "image_encoder": SEEING}
    with torch.device("meta"):
        vae = diffusers.AutoencoderKL.from_config(read.parts["vae"].config)
        assert _shapes(vae.state_dict()) == read.parts["vae"].tensors.shapes
        for part, (kind, config, first) in kinds.items():
            state = _shapes(kind(config(**read.parts[part].config)).state_dict())
            named = {first + key.removeprefix(first): shape for key, shape in state.items()}
            assert {key: named[key] for key in read.parts[part].tensors.shapes} == read.parts[
                part
            ].tensors.shapes


SEEING = (CLIPVisionModelWithProjection, CLIPVisionConfig, "")


def _shapes(state):
    return {name: tuple(each.shape) for name, each in state.items()}


# ---- a small file, with numbers ------------------------------------------------------------------------


@torch.no_grad()
def test_a_small_file_gives_what_its_authors_program_gave(tmp_path):
    golden = load_file(GOLDENS / "models" / "videocrafter_i2v.safetensors")
    state = {name.partition(".")[2]: each for name, each in golden.items() if name.startswith("state.")}
    held = {f"model.diffusion_model.{name}": each for name, each in state.items()} | fused()
    held["scale_arr"] = torch.cat([torch.linspace(1, 0.7, 400), torch.full((600,), 0.7)])
    found = open_source(save_tensors(tmp_path / "small.safetensors", held), formats=[videocrafter])
    choice = dict(found.choices["unet"])
    assert (choice["schedule"]["least"], choice["fps"], choice["convolved"], choice["reach"]) == (
        0.7,
        True,
        True,
        0,
    )
    told = {name: choice[name] for name in choice if name not in UNTOLD}
    network = build(choice["shape"], None, **told).eval()
    network.load_state_dict(found.component("unet").tensors)
    tokens = network.image_proj_model(torch.ones(1, 3, 5))
    torch.testing.assert_close(tokens, by_hand(fused(), torch.ones(1, 3, 5)))
    network.image_proj_model = torch.nn.Identity()
    context, x = golden["input.context"], golden["input.x"]
    conditions = {"text": context[:, :77], "image": context[:, 77:], "fps": golden["input.fps"]}
    out = network(x, golden["input.timesteps"], **conditions)
    torch.testing.assert_close(out, golden["output.eps"], rtol=0, atol=1.4e-5)


UNTOLD = ("name", "shape", "classes", "schedule", "prediction")


def fused():
    """A picture's resampler, of width 16 and four layers with one head of 64, as its authors name it."""
    draws = torch.Generator().manual_seed(0)
    shapes = {"latents": (1, 4, 16), "proj_in.weight": (16, 5), "proj_in.bias": (16,)}
    shapes |= {"proj_out.weight": (16, 16), "proj_out.bias": (16,)}
    norms = ["norm_out"]
    for layer in (f"layers.{number}." for number in range(4)):
        shapes |= {f"{layer}0.to_q.weight": (64, 16), f"{layer}0.to_kv.weight": (128, 16)}
        shapes |= {f"{layer}0.to_out.weight": (16, 64)}
        shapes |= {f"{layer}1.1.weight": (64, 16), f"{layer}1.3.weight": (16, 64)}
        norms += [f"{layer}{norm}" for norm in ("0.norm1", "0.norm2", "1.0")]
    shapes |= {f"{norm}.{kind}": (16,) for norm in norms for kind in ("weight", "bias")}
    return {f"image_proj_model.{name}": torch.randn(shape, generator=draws) for name, shape in shapes.items()}


def by_hand(state, states):
    """The tokens that it makes, by the paper's steps (Alayrac et al. 2022, figure 5)."""

    def to(x, name):
        return x @ state[f"image_proj_model.{name}.weight"].T + state.get(f"image_proj_model.{name}.bias", 0)

    def norm(x, name):
        weight, bias = (state[f"image_proj_model.{name}.{kind}"] for kind in ("weight", "bias"))
        return torch.nn.functional.layer_norm(x, x.shape[-1:], weight, bias)

    x, tokens = to(states, "proj_in"), state["image_proj_model.latents"]
    for layer in (f"layers.{number}" for number in range(4)):
        normed = norm(tokens, f"{layer}.0.norm2")
        both = torch.cat([norm(x, f"{layer}.0.norm1"), normed], dim=1)
        keys, values = to(both, f"{layer}.0.to_kv").chunk(2, dim=2)
        weights = (to(normed, f"{layer}.0.to_q") @ keys.mT / 8).softmax(-1)
        tokens = tokens + to(weights @ values, f"{layer}.0.to_out")
        hidden = torch.nn.functional.gelu(to(norm(tokens, f"{layer}.1.0"), f"{layer}.1.1"))
        tokens = tokens + to(hidden, f"{layer}.1.3")
    return norm(to(tokens, "proj_out"), "norm_out")


def test_other_files_are_none_of_these():
    shapes = {"model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3)}
    tensors = Tensors(shapes, dict.fromkeys(shapes, torch.float32), lambda name: torch.empty(shapes[name]))
    assert videocrafter(tensors) is None
