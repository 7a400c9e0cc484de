"""Files of the authors of DiT, PixArt and U-ViT: told by names and shapes, and filling our networks."""

import pytest
import torch

from diffsmith.options import checked_options
from diffsmith.weights.mapped import Tensors
from diffsmith_image.dit import dit as build_dit
from diffsmith_image.layouts.pixart import LAYOUT
from diffsmith_image.pixart import pixart as build_pixart
from diffsmith_image.single_files.diffusion_transformers import dit, pixart, uvit
from diffsmith_image.transformers_published import TRANSFORMERS
from diffsmith_image.uvit import uvit as build_uvit

CARDS = {card.name: card for card in TRANSFORMERS}
FORMATS = [dit, pixart, uvit]
BUILDERS = {"dit": build_dit, "pixart": build_pixart, "uvit": build_uvit}
OWN = {"name", "shape", "classes", "schedule", "prediction"}


def in_memory(tensors):
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    return Tensors(shapes, {name: value.dtype for name, value in tensors.items()}, tensors.__getitem__)


def layers(**sizes):
    """A weight and a bias of each size; names have "__" where a file has a dot."""
    named = {name.replace("__", "."): size for name, size in sizes.items()}
    weights = {f"{name}.weight": torch.randn(size) for name, size in named.items()}
    return weights | {f"{name}.bias": torch.randn(size[0]) for name, size in named.items()}


def original_dit(width, channels, classes):
    """One block without learnt variance, weights as the authors name them."""
    tensors = layers(
        x_embedder__proj=(width, channels, 2, 2),
        t_embedder__mlp__0=(width, 256),
        t_embedder__mlp__2=(width, width),
        final_layer__linear=(4 * channels, width),
        final_layer__adaLN_modulation__1=(2 * width, width),
        blocks__0__attn__qkv=(3 * width, width),
        blocks__0__attn__proj=(width, width),
        blocks__0__mlp__fc1=(4 * width, width),
        blocks__0__mlp__fc2=(width, 4 * width),
        blocks__0__adaLN_modulation__1=(6 * width, width),
    )
    table = torch.randn(classes + 1, width)
    return tensors | {"y_embedder.embedding_table.weight": table, "pos_embed": torch.randn(1, 16, width)}


def original_pixart(width, channels, text_width):
    """One block that reads sizes, weights as the authors name them."""
    part = width // 3
    tensors = layers(
        x_embedder__proj=(width, channels, 2, 2),
        t_embedder__mlp__0=(width, 256),
        t_embedder__mlp__2=(width, width),
        csize_embedder__mlp__0=(part, 256),
        csize_embedder__mlp__2=(part, part),
        ar_embedder__mlp__0=(part, 256),
        ar_embedder__mlp__2=(part, part),
        t_block__1=(6 * width, width),
        y_embedder__y_proj__fc1=(width, text_width),
        y_embedder__y_proj__fc2=(width, width),
        final_layer__linear=(8 * channels, width),
        blocks__0__attn__qkv=(3 * width, width),
        blocks__0__attn__proj=(width, width),
        blocks__0__cross_attn__q_linear=(width, width),
        blocks__0__cross_attn__kv_linear=(2 * width, width),
        blocks__0__cross_attn__proj=(width, width),
        blocks__0__mlp__fc1=(4 * width, width),
        blocks__0__mlp__fc2=(width, 4 * width),
    )
    tables = {"blocks.0.scale_shift_table": 6, "final_layer.scale_shift_table": 2}
    tables["y_embedder.y_embedding"] = 120
    places = {"pos_embed": torch.randn(1, 16, width)}
    return tensors | places | {name: torch.randn(rows, width) for name, rows in tables.items()}


def filled(choice, reading):
    """The network of a choice with the file's tensors."""
    builder = BUILDERS[choice["name"]]
    options = {name: value for name, value in choice.items() if name not in OWN}
    network = builder(choice["shape"], choice["classes"], **checked_options(builder, options, "model"))
    network.load_state_dict(dict(reading.parts["transformer"].tensors), strict=True)
    return network


def test_the_authors_file_of_a_dit_fills_ours():
    theirs = original_dit(128, 4, 10)
    reading = dit(in_memory(theirs))
    choice = reading.choices["transformer"]
    network = filled(choice, reading)
    assert (choice["heads"], choice["head_dim"], choice["shape"], choice["classes"]) == (2, 64, (4, 8, 8), 10)
    assert (choice["variance"], choice["shift"], choice["eps"]) == (False, 0.0, 1e-6)
    assert reading.notes == ("no shape tells the number of heads: 2 are assumed",)
    attention = network.transformer_blocks[0].attn1
    fused = torch.cat([layer.weight for layer in (attention.to_q, attention.to_k, attention.to_v)])
    assert torch.equal(fused, theirs["blocks.0.attn.qkv.weight"])


def test_the_authors_file_of_a_pixart_fills_ours():
    theirs = original_pixart(192, 4, 32)
    reading = pixart(in_memory(theirs))
    config = reading.parts["transformer"].config
    assert reading.index == {"transformer": ["diffusers", config["_class_name"]]}
    network = filled(LAYOUT.options(config), reading)
    block = network.transformer_blocks[0]
    fused = torch.cat([block.attn2.to_k.weight, block.attn2.to_v.weight])
    assert torch.equal(fused, theirs["blocks.0.cross_attn.kv_linear.weight"])
    assert torch.equal(block.attn1.to_v.bias, theirs["blocks.0.attn.qkv.bias"][384:])
    assert torch.equal(network.scale_shift_table, theirs["final_layer.scale_shift_table"])
    assert network.adaln_single.emb.resolution_embedder is not None


@pytest.mark.parametrize("name", ["uvit_l_2", "uvit_s_2_coco"])
def test_the_shapes_of_a_published_uvit_tell_its_row(name):
    card = CARDS[name]
    with torch.device("meta"):
        network = card.function(card.shape, card.classes, **card.defaults)
    reading = uvit(in_memory(network.state_dict()))
    choice = reading.choices["transformer"]
    assert {key: choice[key] for key in card.defaults} == card.defaults
    assert (choice["shape"], choice["classes"]) == (card.shape, card.classes)
    assert (choice["schedule"], choice["prediction"]) == (card.schedule, card.prediction)
    assert reading.notes == ()


@pytest.mark.parametrize("options", [{"time_mlp": True, "bias": True}, {"skips": False, "conv": False}])
def test_a_uvit_with_other_parts_is_read_with_them(options):
    network = build_uvit((3, 8, 8), 4, width=128, depth=5, heads=2, patch=4, **options)
    reading = uvit(in_memory(network.state_dict()))
    again = filled(reading.choices["transformer"], reading)
    x, t, label = torch.randn(2, 3, 8, 8), torch.tensor(5.0), torch.tensor([1, 4])
    assert torch.equal(again(x, t, label), network(x, t, label))


def test_a_file_is_known_by_its_own_reader_alone():
    files = {
        dit: original_dit(64, 4, 3),
        pixart: original_pixart(192, 4, 8),
        uvit: build_uvit((1, 8, 8), None).state_dict(),
        None: {"conv_in.weight": torch.zeros(1), "pos_embed": torch.zeros(1)},
    }
    for known, tensors in files.items():
        found = [read for read in FORMATS if read(in_memory(tensors)) is not None]
        assert found == ([known] if known else [])
