"""State dicts of NVlabs/edm: which network is in them, and where each tensor goes."""

import pytest
import torch
from torch import nn

from diffsmith.nn.attention import PixelAttention
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.networks import assign
from diffsmith_image.pixel_unets.edm import ddpmpp, ncsnpp
from diffsmith_image.pixel_unets.edm_files import edm
from diffsmith_image.pixel_unets.edm_names import dhariwal_pieces
from diffsmith_image.pixel_unets.plain import pixel_unet

BUILDERS = {"pixel_unet": pixel_unet, "ddpmpp": ddpmpp, "ncsnpp": ncsnpp}
FACTS = ("name", "schedule", "prediction", "boundary", "shape", "classes")


def tensors_of(state):
    shapes = {name: each.shape for name, each in state.items()}
    return Tensors(shapes, {name: each.dtype for name, each in state.items()}, state.__getitem__)


def network_of(choice):
    options = {key: value for key, value in choice.items() if key not in FACTS}
    with torch.device("meta"):
        return BUILDERS[choice["name"]](choice["shape"], choice["classes"], **options)


def block(name, into, out, emb, *, attends=False, resampled=False):
    """A residual block of ADM: names and shapes."""
    names = {f"{name}.norm0.weight": (into,), f"{name}.norm0.bias": (into,)}
    names |= {f"{name}.conv0.weight": (out, into, 3, 3), f"{name}.conv0.bias": (out,)}
    names |= {f"{name}.conv0.resample_filter": (1, 1, 2, 2)} if resampled else {}
    names |= {f"{name}.affine.weight": (2 * out, emb), f"{name}.affine.bias": (2 * out,)}
    names |= {f"{name}.norm1.weight": (out,), f"{name}.norm1.bias": (out,)}
    names |= {f"{name}.conv1.weight": (out, out, 3, 3), f"{name}.conv1.bias": (out,)}
    names |= {f"{name}.skip.resample_filter": (1, 1, 2, 2)} if resampled else {}
    names |= {f"{name}.skip.weight": (out, into, 1, 1), f"{name}.skip.bias": (out,)} if into != out else {}
    if attends:
        names |= {f"{name}.norm2.weight": (out,), f"{name}.norm2.bias": (out,)}
        names |= {f"{name}.qkv.weight": (3 * out, out, 1, 1), f"{name}.qkv.bias": (3 * out,)}
        names |= {f"{name}.proj.weight": (out, out, 1, 1), f"{name}.proj.bias": (out,)}
    return names


def dhariwal(widths, layers, attends, *, side, classes=None, variance=False):
    """ADM as EDM names it: by the way, the side and the place."""
    emb, wide, skips = 4 * widths[0], widths[0], [widths[0]]
    names = {"map_layer0.weight": (emb, wide), "map_layer0.bias": (emb,)}
    names |= {"map_layer1.weight": (emb, emb), "map_layer1.bias": (emb,)}
    names |= {"map_label.weight": (emb, classes)} if classes else {}
    names |= {f"enc.{side}x{side}_conv.weight": (wide, 3, 3, 3), f"enc.{side}x{side}_conv.bias": (wide,)}
    for level, width in enumerate(widths):
        at = f"enc.{side >> level}x{side >> level}"
        if level:
            names |= block(f"{at}_down", wide, wide, emb, resampled=True)
            skips.append(wide)
        for layer in range(layers):
            names |= block(f"{at}_block{layer}", wide, width, emb, attends=level in attends)
            wide = width
            skips.append(wide)
    for level, width in reversed([*enumerate(widths)]):
        at = f"dec.{side >> level}x{side >> level}"
        if level == len(widths) - 1:
            names |= block(f"{at}_in0", wide, wide, emb, attends=True) | block(f"{at}_in1", wide, wide, emb)
        else:
            names |= block(f"{at}_up", wide, wide, emb, resampled=True)
        for layer in range(layers + 1):
            names |= block(f"{at}_block{layer}", wide + skips.pop(), width, emb, attends=level in attends)
            wide = width
    names |= {"out_norm.weight": (wide,), "out_norm.bias": (wide,)}
    return names | {
        "out_conv.weight": (6 if variance else 3, wide, 3, 3),
        "out_conv.bias": (6 if variance else 3,),
    }


def filled(names, place="model."):
    torch.manual_seed(0)
    return {place + name: torch.randn(shape) for name, shape in names.items()}


@pytest.mark.parametrize("place", ["model.", ""])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("widths", [(64,), (64, 128), (64, 64, 128)])
def test_every_tensor_of_any_adm_finds_its_place(tmp_path, widths, layers, place):
    attends = {len(widths) - 1}
    reading = edm(tensors_of(filled(dhariwal(widths, layers, attends, side=16, classes=5), place)))
    choice = reading.choices["unet"]
    assert reading.left == []
    assert (choice["widths"], choice["layers"], choice["attention"]) == (widths, layers, tuple(attends))
    assert (choice["classes"], choice["shape"], choice["head_dim"]) == (5, (3, 16, 16), 64)
    network = assign(network_of(choice), reading.parts["unet"].tensors, tmp_path)
    label = torch.tensor([4, 5])
    assert network(torch.randn(2, 3, 16, 16), torch.tensor(0.2), label).shape == (2, 3, 16, 16)


def test_the_published_adm_is_the_row_of_imagenet():
    from diffsmith_image.pixel_unets.edm_published import EDM

    row = next(card for card in EDM if card.name == "edm_imagenet64")
    names = dhariwal((192, 384, 576, 768), 3, {1, 2, 3}, side=64, classes=1000)
    meta = {f"model.{name}": torch.empty(shape, device="meta") for name, shape in names.items()}
    choice = edm(tensors_of(meta)).choices["unet"]
    assert row.defaults.items() <= choice.items()
    assert (choice["shape"], choice["classes"]) == (row.shape, row.classes)
    assert (choice["schedule"], choice["prediction"]) == (row.schedule, row.prediction)


@pytest.mark.parametrize("builder", [ddpmpp, ncsnpp])
@pytest.mark.parametrize(
    "options", [{"augment": 9, "attention": (0, 1)}, {"layers": 2, "multipliers": (2, 1, 2)}]
)
@pytest.mark.parametrize("classes", [None, 5])
def test_song_s_networks_are_told_by_their_own_names(builder, options, classes):
    with torch.device("meta"):
        made = builder((3, 16, 16), classes, **options)
    state = {
        f"model.{name}".replace("map_noise.weight", "map_noise.freqs"): each
        for name, each in made.state_dict().items()
    }
    constants = {"model.enc.8x8_down.conv0.resample_filter": torch.ones(1, 1, 4, 4)}
    reading = edm(tensors_of(state | constants))
    choice = reading.choices["unet"]
    assert reading.left == []
    assert (choice["name"], choice["classes"], choice["shape"]) == (builder.__name__, classes, (3, 16, 16))
    assert options.items() <= choice.items()
    again = network_of(choice)
    shapes = {name: each.shape for name, each in again.state_dict().items()}
    assert reading.parts["unet"].tensors.shapes == shapes


def test_a_table_of_sigmas_tells_iddpm_s_preconditioning():
    names = dhariwal((64, 64), 1, {1}, side=16, variance=True)
    with_table = edm(tensors_of(filled(names) | {"u": torch.zeros(1001)}))
    assert with_table.choices["unet"]["schedule"]["label"] == "rounded"
    assert with_table.choices["unet"]["variance"]
    assert with_table.notes == ()
    without = edm(tensors_of(filled(names)))
    assert without.choices["unet"]["schedule"] == {"name": "edm"}
    assert "EDM's is assumed" in without.notes[0]


def test_other_files_are_not_taken_for_one():
    names = dhariwal((64, 64), 1, {1}, side=16)
    assert edm(tensors_of(filled({"conv_in.weight": (8, 3, 3, 3)}))) is None
    assert (
        edm(tensors_of(filled({name: shape for name, shape in names.items() if "enc." not in name}))) is None
    )


def test_attention_is_edm_s():
    """By its formula: within a head, a channel's query, key and value are neighbours."""
    heads, width, places = 3, 12, 4
    names = {"dec.8x8_in0.norm2.weight": (width,), "dec.8x8_in0.norm2.bias": (width,)}
    names |= {"dec.8x8_in0.qkv.weight": (3 * width, width, 1, 1), "dec.8x8_in0.qkv.bias": (3 * width,)}
    names |= {"dec.8x8_in0.proj.weight": (width, width, 1, 1), "dec.8x8_in0.proj.bias": (width,)}
    state = filled(names, "")
    layer = PixelAttention(width, heads, lambda channels: nn.GroupNorm(4, channels))
    layer.load_state_dict(
        {
            name.removeprefix("mid_block.attentions.0."): piece.change(state[piece.name])
            if piece.change
            else state[piece.name]
            for name, piece in dhariwal_pieces(state).items()
        }
    )
    x = torch.randn(2, width, 2, 2)
    at = "dec.8x8_in0"
    normed = layer.group_norm(x).flatten(2)
    fused = state[f"{at}.qkv.weight"][:, :, 0, 0] @ normed + state[f"{at}.qkv.bias"][:, None]
    query, key, value = fused.reshape(2 * heads, width // heads, 3, places).unbind(2)
    weight = torch.softmax(query.mT @ key / (width // heads) ** 0.5, dim=-1)
    read = (value @ weight.mT).reshape(2, width, places)
    out = state[f"{at}.proj.weight"][:, :, 0, 0] @ read + state[f"{at}.proj.bias"][:, None]
    torch.testing.assert_close(layer(x), x + out.reshape(x.shape), rtol=1e-4, atol=1e-4)
