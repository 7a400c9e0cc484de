"""OpenAI's files: which network is in them, and where each tensor goes."""

from itertools import product

import pytest
import torch
from torch import nn

from diffsmith.nn.attention import PixelAttention
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.networks import assign
from diffsmith_image.pixel_unets.openai_files import openai_unet
from diffsmith_image.pixel_unets.openai_names import by_head, openai_pieces, thirds
from diffsmith_image.pixel_unets.plain import pixel_unet


def tensors_of(state):
    shapes = {name: each.shape for name, each in state.items()}
    return Tensors(shapes, {name: each.dtype for name, each in state.items()}, state.__getitem__)


def conv(name, out, into, kernel=3, bias=True):
    return {f"{name}.weight": (out, into, kernel, kernel)} | ({f"{name}.bias": (out,)} if bias else {})


def resblock(name, into, out, emb, parts):
    names = {f"{name}.in_layers.0.weight": (into,), f"{name}.in_layers.0.bias": (into,)}
    names |= conv(f"{name}.in_layers.2", out, into)
    names |= {f"{name}.emb_layers.1.weight": (parts * out, emb), f"{name}.emb_layers.1.bias": (parts * out,)}
    names |= {f"{name}.out_layers.0.weight": (out,), f"{name}.out_layers.0.bias": (out,)}
    names |= conv(f"{name}.out_layers.3", out, out)
    return names | (conv(f"{name}.skip_connection", out, into, 1) if into != out else {})


def attention(name, width, flat):
    one = (1,) if flat else (1, 1)
    return {
        f"{name}.norm.weight": (width,),
        f"{name}.norm.bias": (width,),
        f"{name}.qkv.weight": (3 * width, width, *one),
        f"{name}.qkv.bias": (3 * width,),
        f"{name}.proj_out.weight": (width, width, *one),
        f"{name}.proj_out.bias": (width,),
    }


def written(widths, layers, attends, *, classes=None, variance=False, resnets=True, scaled=True, flat=False):
    """Names and shapes as the original program numbers its blocks: one after the other, down and up."""
    base, emb, parts = widths[0], 4 * widths[0], 2 if scaled else 1
    names = {"time_embed.0.weight": (emb, base), "time_embed.0.bias": (emb,)}
    names |= {"time_embed.2.weight": (emb, emb), "time_embed.2.bias": (emb,)}
    names |= {"label_emb.weight": (classes, emb)} if classes else {}
    names |= conv("input_blocks.0.0", base, 3)
    wide, skips, number = base, [base], 1
    for level, width in enumerate(widths):
        for _ in range(layers):
            names |= resblock(f"input_blocks.{number}.0", wide, width, emb, parts)
            names |= attention(f"input_blocks.{number}.1", width, flat) if level in attends else {}
            wide, number = width, number + 1
            skips.append(wide)
        if level + 1 < len(widths):
            down = f"input_blocks.{number}.0"
            names |= resblock(down, wide, wide, emb, parts) if resnets else conv(f"{down}.op", wide, wide)
            number += 1
            skips.append(wide)
    for place in (0, 2):
        names |= resblock(f"middle_block.{place}", wide, wide, emb, parts)
    names |= attention("middle_block.1", wide, flat)
    number = 0
    for level, width in reversed([*enumerate(widths)]):
        for layer in range(layers + 1):
            names |= resblock(f"output_blocks.{number}.0", wide + skips.pop(), width, emb, parts)
            names |= attention(f"output_blocks.{number}.1", width, flat) if level in attends else {}
            wide = width
            if level and layer == layers:
                up = f"output_blocks.{number}.{2 if level in attends else 1}"
                names |= resblock(up, wide, wide, emb, parts) if resnets else conv(f"{up}.conv", wide, wide)
            number += 1
    names |= {"out.0.weight": (wide,), "out.0.bias": (wide,)} | conv("out.2", 6 if variance else 3, wide)
    return names


def filled(names):
    torch.manual_seed(0)
    return {name: torch.randn(shape) for name, shape in names.items()}


def network_of(reading):
    choice = dict(reading.choices["unet"])
    options = {
        key: choice[key] for key in choice if key not in ("name", "schedule", "prediction", "boundary")
    }
    shape, classes = options.pop("shape"), options.pop("classes")
    with torch.device("meta"):
        return pixel_unet(shape, classes, **options)


@pytest.mark.parametrize(
    ("widths", "layers", "resnets", "variance"),
    [*product([(8,), (8, 16), (8, 8, 16, 8)], [1, 2, 3], [True, False], [True, False])],
)
def test_every_tensor_of_any_network_finds_its_place(tmp_path, widths, layers, resnets, variance):
    attends = {len(widths) - 1}
    names = written(widths, layers, attends, classes=5, variance=variance, resnets=resnets, scaled=variance)
    reading = openai_unet(tensors_of(filled(names)))
    choice = reading.choices["unet"]
    assert reading.left == []
    assert (choice["widths"], choice["layers"], choice["attention"]) == (widths, layers, tuple(attends))
    assert (choice["classes"], choice["variance"]) == (5, variance)
    assert choice["time"] == ("scale_shift" if variance else "add")
    assert len(widths) == 1 or choice["resample"] == ("resnet" if resnets else "conv")
    assign(network_of(reading), reading.parts["unet"].tensors, tmp_path)


ADM = {"variance": True, "scaled": True, "flat": True}
WIDE = (256, 256, 512, 512, 1024, 1024)


@pytest.mark.parametrize(
    ("names", "own", "side", "schedule"),
    [
        (
            written((192, 384, 576, 768), 3, {1, 2, 3}, classes=1000, **ADM),
            {"head_dim": 64},
            64,
            {"name": "vp", "betas": "cosine"},
        ),
        (
            written((256, 256, 512, 768, 1024), 2, {2, 3, 4}, classes=1000, **ADM),
            {"heads": 4},
            128,
            {"name": "vp", "betas": "linear"},
        ),
        (written(WIDE, 2, {3, 4, 5}, **ADM), {"head_dim": 64}, 256, {"name": "vp", "betas": "linear"}),
        (
            written(WIDE, 2, {3, 4, 5}, scaled=False),
            {"head_dim": 64, "boundary": {"name": "cm_boundary"}},
            256,
            {"name": "edm", "rho": 7.0, "timesteps": 40, "label_scale": 1000.0},
        ),
    ],
    ids=["64x64_diffusion", "128x128_diffusion", "lsun_bedroom", "cd_bedroom256_l2"],
)
def test_published_files_are_recognised(names, own, side, schedule):
    meta = {name: torch.empty(shape, device="meta") for name, shape in names.items()}
    choice = openai_unet(tensors_of(meta)).choices["unet"]
    assert choice["shape"] == (3, side, side)
    assert choice["schedule"] == schedule
    assert own.items() <= choice.items()


def test_what_a_file_does_not_tell_is_said():
    consistency = openai_unet(tensors_of(filled(written((8, 16), 1, {1}))))
    assert "a distilled consistency model is assumed" in consistency.notes[0]
    assert openai_unet(tensors_of(filled(written((8, 16), 1, {1}, variance=True)))).notes == ()


def test_tensors_of_no_known_block_are_left():
    names = written((8, 16), 1, {1}) | {"encoder.out.weight": (3, 3)}
    assert openai_unet(tensors_of(filled(names))).left == ["encoder.out.weight"]


@pytest.mark.parametrize("missing", ["out.2.weight", "input_blocks.0.0.weight", "qkv"])
def test_other_files_are_not_taken_for_one(missing):
    names = {name: shape for name, shape in written((8, 16), 1, {1}).items() if missing not in name}
    assert openai_unet(tensors_of(filled(names))) is None


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("order", ["thirds", "by head"])
def test_attention_is_the_original_s(order, flat):
    """By both programs' formulas: heads before query, key and value, or after them."""
    heads, width, places = 3, 12, 4
    state = filled(attention("middle_block.1", width, flat))
    split = thirds if order == "thirds" else by_head(lambda channels: heads)
    pieces = openai_pieces(state, split)
    layer = PixelAttention(width, heads, lambda channels: nn.GroupNorm(4, channels))
    layer.load_state_dict(
        {
            name.removeprefix("mid_block.attentions.0."): piece.change(state[piece.name])
            if piece.change
            else state[piece.name]
            for name, piece in pieces.items()
        }
    )
    x = torch.randn(2, width, 2, 2)
    normed = layer.group_norm(x).flatten(2)
    prefix = "middle_block.1"
    fused = (
        state[f"{prefix}.qkv.weight"].reshape(3 * width, width) @ normed
        + state[f"{prefix}.qkv.bias"][:, None]
    )
    if order == "thirds":
        query, key, value = fused.reshape(2, 3, heads, width // heads, places).unbind(1)
    else:
        query, key, value = fused.reshape(2, heads, 3, width // heads, places).unbind(2)
    weight = torch.softmax(query.mT @ key / (width // heads) ** 0.5, dim=-1)
    read = (value @ weight.mT).reshape(2, width, places)
    out = (
        state[f"{prefix}.proj_out.weight"].reshape(width, width) @ read
        + state[f"{prefix}.proj_out.bias"][:, None]
    )
    torch.testing.assert_close(layer(x), x + out.reshape(x.shape), rtol=1e-4, atol=1e-4)
