"""Diffusion transformers equal their references: same weights, numbers, names and configurations."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import DiTTransformer2DModel, PixArtTransformer2DModel
from safetensors import safe_open
from torch import Tensor

from diffsmith.options import checked_options
from diffsmith_image.dit import dit
from diffsmith_image.layouts import dit as dit_layout
from diffsmith_image.layouts import pixart as pixart_layout
from diffsmith_image.layouts import transformer_2d
from diffsmith_image.pixart import pixart
from diffsmith_image.single_files.transformer_names import dit_pieces
from diffsmith_image.transformers_published import TRANSFORMERS
from diffsmith_image.uvit import uvit

GOLDENS = Path(__file__).parents[1] / "goldens" / "models"
CARDS = {card.name: card for card in TRANSFORMERS}
CLASSES = {"dit": (DiTTransformer2DModel, dit), "pixart": (PixArtTransformer2DModel, pixart)}


def built(choice):
    """The network of a choice, its options checked as a spec's are."""
    builder = CLASSES[choice["name"]][1]
    options = {name: value for name, value in choice.items() if name not in {"name", "shape", "classes"}}
    return builder(choice["shape"], choice["classes"], **checked_options(builder, options, "model"))


def relative_difference(ours: Tensor, expected: Tensor) -> float:
    return float((ours - expected).abs().max() / expected.abs().max())


# ---- against diffusers, small ----------------------------------------------------------------------

DIT = {
    "sample_size": 8,
    "num_layers": 2,
    "patch_size": 2,
    "attention_head_dim": 8,
    "num_attention_heads": 2,
    "in_channels": 4,
    "out_channels": 8,
    "num_embeds_ada_norm": 10,
}
PIXART = {
    "sample_size": 8,
    "num_layers": 2,
    "patch_size": 2,
    "attention_head_dim": 8,
    "num_attention_heads": 3,
    "caption_channels": 32,
    "in_channels": 4,
    "cross_attention_dim": 24,
    "out_channels": 8,
}
SMALL = {
    "DiT": (DiTTransformer2DModel, DIT, 20_176),
    "DiT without variance": (DiTTransformer2DModel, DIT | {"out_channels": None, "norm_eps": 1e-6}, None),
    "DiT of single pixels": (DiTTransformer2DModel, DIT | {"patch_size": 1, "num_layers": 1}, None),
    "PixArt": (PixArtTransformer2DModel, PIXART, 32_360),
    "PixArt 1024": (PixArtTransformer2DModel, PIXART | {"sample_size": 128}, 36_616),
    "PixArt Sigma 1024": (
        PixArtTransformer2DModel,
        PIXART | {"sample_size": 128, "use_additional_conditions": False, "interpolation_scale": 2},
        32_360,
    ),
    "PixArt Sigma 256": (
        PixArtTransformer2DModel,
        PIXART | {"sample_size": 32, "interpolation_scale": 0.5},
        32_360,
    ),
}
SIZES = {DiTTransformer2DModel: [(8, 8), (12, 12)], PixArtTransformer2DModel: [(8, 8), (12, 8), (6, 20)]}
TIMES = torch.tensor([0.37, 500.25, 999.0])


def reference_and_ours(name):
    """A reference with random weights everywhere, and our network by its configuration with the same."""
    kind, config, count = SMALL[name]
    torch.manual_seed(0)
    reference = kind(**config).eval()
    assert count in (None, sum(weight.numel() for weight in reference.parameters()))
    with torch.no_grad():
        for weight in reference.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    layout = dit_layout.LAYOUT if kind is DiTTransformer2DModel else pixart_layout.LAYOUT
    ours = built(layout.options(reference.config)).eval()
    ours.load_state_dict(reference.state_dict(), strict=True)
    return reference, ours


@pytest.mark.parametrize("name", SMALL)
@torch.no_grad()
def test_diffusers_gives_the_same_at_any_size(name):
    reference, ours = reference_and_ours(name)
    draws = torch.Generator().manual_seed(1)
    for size in SIZES[type(reference)]:
        x = torch.randn(3, 4, *size, generator=draws)
        expected, answer = both(reference, ours, x, draws)
        assert answer.shape == expected.shape
        assert relative_difference(answer, expected) < 3e-6


def both(reference, ours, x, draws):
    """Answers of both, for texts of three lengths in one batch where they read texts."""
    if isinstance(reference, DiTTransformer2DModel):
        label = torch.tensor([3, 10, 9])  # the one in the middle is "no class"
        return reference(x, TIMES, label).sample, ours(x, TIMES, label)
    text = torch.randn(3, 7, 32, generator=draws)
    mask = (torch.arange(7) < torch.tensor([[7], [3], [1]])).long()
    sizes = torch.tensor([[1024.0, 1024.0, 1.0], [768.0, 1344.0, 768 / 1344], [2048.0, 512.0, 4.0]])
    told = {"resolution": sizes[:, :2], "aspect_ratio": sizes[:, 2:]}
    expected = reference(x, text, TIMES, told, encoder_attention_mask=mask).sample
    return expected, ours(x, TIMES, text=text, text_mask=mask, sizes=sizes)


@torch.no_grad()
def test_without_a_mask_every_word_is_read_in_diffusers_too():
    reference, ours = reference_and_ours("PixArt")
    draws = torch.Generator().manual_seed(1)
    x, text = torch.randn(3, 4, 8, 8, generator=draws), torch.randn(3, 7, 32, generator=draws)
    assert relative_difference(ours(x, TIMES, text=text), reference(x, text, TIMES).sample) < 3e-6


# ---- against recorded numbers ------------------------------------------------------------------------

UVITS = {
    "uvit_class": ((4, 8, 8), 9, {"width": 32, "depth": 3, "heads": 4}),
    "uvit_class_mlptime": (
        (3, 8, 8),
        None,
        {"width": 32, "depth": 5, "heads": 2, "time_mlp": True, "bias": True},
    ),
    "uvit_class_noskip_noconv": (
        (4, 8, 8),
        6,
        {"patch": 4, "width": 24, "depth": 3, "heads": 3, "skips": False, "conv": False},
    ),
    "uvit_t2i": (
        (4, 8, 8),
        None,
        {"width": 32, "depth": 3, "heads": 4, "text_width": 16, "text_length": 7},
    ),
}
DITS = {
    "dit_sigma": ((4, 8, 8), 10, {"heads": 4, "head_dim": 12, "depth": 3, "variance": True}),
    "dit_nosigma_p4": (
        (3, 16, 16),
        5,
        {"patch": 4, "heads": 2, "head_dim": 16, "depth": 2, "mlp_ratio": 3.0},
    ),
}


class Recorded:
    """A golden file: weights under the reference's names, inputs and output of the first call."""

    def __init__(self, name):
        with safe_open(GOLDENS / f"{name}.safetensors", "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
            self.atol = json.loads(file.metadata()["tolerance"])["suggested_atol"]
        self.state = {key[6:]: value for key, value in tensors.items() if key.startswith("state.")}
        first = {key.replace(".0.", "."): value for key, value in tensors.items()}
        self.x, self.label, self.out = first["input.x"], first.get("input.y"), first["output.y"]
        self.t = first.get("input.timesteps", first.get("input.t")).float()
        self.condition = {"text": first["input.context"]} if "input.context" in first else {}


@pytest.mark.parametrize("name", UVITS)
@torch.no_grad()
def test_uvit_gives_what_was_recorded(name):
    shape, classes, options = UVITS[name]
    golden, network = Recorded(name), uvit(shape, classes, **options)
    network.load_state_dict(golden.state, strict=True)
    out = network(golden.x, golden.t, golden.label, **golden.condition)
    torch.testing.assert_close(out, golden.out, rtol=0, atol=golden.atol)


@torch.no_grad()
def test_a_uvit_that_counts_from_one_is_told_one_less():
    shape, classes, options = UVITS["uvit_t2i"]
    golden, network = Recorded("uvit_t2i"), uvit(shape, classes, **options, first=1)
    network.load_state_dict(golden.state, strict=True)
    out = network(golden.x, golden.t - 1, **golden.condition)
    torch.testing.assert_close(out, golden.out, rtol=0, atol=golden.atol)


@pytest.mark.parametrize("name", DITS)
@torch.no_grad()
def test_the_original_dit_gives_what_was_recorded(name):
    shape, classes, options = DITS[name]
    golden, network = Recorded(name), dit(shape, classes, **options, shift=0, eps=1e-6)
    places = network.pos_embed.positions(*network.pos_embed.positions.trained)
    torch.testing.assert_close(places[None], golden.state["pos_embed"], rtol=0, atol=1e-6)
    pieces = dit_pieces(golden.state)
    weights = {new: (old.change or Tensor.clone)(golden.state[old.name]) for new, old in pieces.items()}
    network.load_state_dict(weights, strict=True)
    out = network(golden.x, golden.t, golden.label)
    torch.testing.assert_close(out, golden.out, rtol=0, atol=golden.atol)


# ---- at their published size -------------------------------------------------------------------------

COUNTS = {
    "dit_xl_2_256": 749_826_464,
    "dit_xl_2_512": 749_826_464,
    "dit_xl_2_256_original": 675_129_632 - 256 * 1152,  # which counts the table of places
    "dit_xl_2_512_original": 675_129_632 - 256 * 1152,
    "pixart_alpha_512": 610_856_096,
    "pixart_alpha_1024": 611_349_152,
    "pixart_sigma_512": 610_856_096,
    "pixart_sigma_1024": 610_856_096,
    "pixart_sigma_2k": 610_856_096,
    "uvit_l_2": 286_763_172,
    "uvit_s_2_coco": 44_692_644,
}
_PIXART_XL = {"caption_channels": 4096}
PUBLISHED = {
    "dit_xl_2_256": {"out_channels": 8, "sample_size": 32},
    "dit_xl_2_512": {"out_channels": 8, "sample_size": 64},
    "pixart_alpha_512": _PIXART_XL | {"sample_size": 64},
    "pixart_alpha_1024": _PIXART_XL | {"sample_size": 128},
    "pixart_sigma_512": _PIXART_XL | {"sample_size": 64, "interpolation_scale": 1},
    "pixart_sigma_1024": _PIXART_XL
    | {"sample_size": 128, "interpolation_scale": 2, "use_additional_conditions": False},
    "pixart_sigma_2k": _PIXART_XL | {"sample_size": 256, "interpolation_scale": 4},
}
"""What their config.json say beyond the class's defaults."""


def published(card):
    with torch.device("meta"):
        return card.function(card.shape, card.classes, **checked_options(card.function, card.defaults, ""))


def shapes(network):
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


@pytest.mark.parametrize("name", COUNTS)
def test_published_sizes_have_the_published_number_of_parameters(name):
    assert sum(weight.numel() for weight in published(CARDS[name]).parameters()) == COUNTS[name]
    assert set(COUNTS) == set(CARDS)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes_have_the_names_shapes_and_configuration_of_diffusers(name):
    card = CARDS[name]
    kind, builder = CLASSES[card.ref.partition(":")[2]]
    with torch.device("meta"):
        reference = kind(**PUBLISHED[name])
    assert shapes(published(card)) == shapes(reference)
    layout = dit_layout.LAYOUT if builder is dit else pixart_layout.LAYOUT
    ours = layout.options(reference.config)
    assert (ours["shape"], ours["classes"]) == (card.shape, card.classes)
    usual = builder.__kwdefaults__
    assert {**usual, **card.defaults} == {**usual, **{key: ours[key] for key in usual if key in ours}}


def test_published_positions_are_diffusers():
    torch.manual_seed(0)
    for side, scale in ((64, 1.0), (128, 2.0), (256, 4.0)):
        config = PIXART | {"sample_size": side, "interpolation_scale": scale}
        reference = PixArtTransformer2DModel(**config).pos_embed.pos_embed[0]
        positions = built(pixart_layout.LAYOUT.options(config)).pos_embed.positions
        torch.testing.assert_close(positions(*positions.trained), reference, rtol=0, atol=1e-6)


# ---- configurations, there and back ------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_a_configuration_survives_our_options(name):
    kind, config, _ = SMALL[name]
    layout = dit_layout.LAYOUT if kind is DiTTransformer2DModel else pixart_layout.LAYOUT
    choice = layout.options(kind(**config).config)
    written = json.loads(json.dumps(layout.config(choice)))
    again = kind.from_config(written)
    assert written["_class_name"] == kind.__name__
    assert layout.options(again.config) == choice
    assert {key for key in again.config if not key.startswith("_")} == set(written) - {"_class_name"}
    assert shapes(again) == shapes(kind(**config))


@pytest.mark.parametrize("name", SMALL)
def test_configurations_from_before_the_classes_had_names_mean_the_same(name):
    kind, config, _ = SMALL[name]
    layout = dit_layout.LAYOUT if kind is DiTTransformer2DModel else pixart_layout.LAYOUT
    old = {**kind(**config).config, "_class_name": "Transformer2DModel", "only_cross_attention": False}
    choice = transformer_2d.LAYOUT.options(old)
    assert choice == layout.options(kind(**config).config)
    assert transformer_2d.LAYOUT.config(choice)["_class_name"] == kind.__name__
