"""The native networks equal their references: same weights, same numbers, same parameter names and counts."""

import json
import re
from functools import partial
from pathlib import Path

import pytest
import torch
from diffusers import DiTTransformer2DModel, UNet2DModel
from safetensors import safe_open
from torch import Tensor, nn

from diffsmith.nn.attention import PixelAttention
from diffsmith.nn.embeddings import sinusoid
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resample import Downsample, Upsample, double, halve
from diffsmith.nn.resnet import ADD, SCALE_SHIFT, ResnetBlock
from diffsmith.nn.transformer import AdaLNZeroBlock
from diffsmith.nn.unet import Plan, UNet2D
from diffsmith.nn.unet_blocks import Nothing
from diffsmith_image.dit import DiT, TimeLabelEmbedding
from diffsmith_image.uvit import UViT, UViTBlock

GOLDENS = Path(__file__).parents[1] / "goldens" / "models"
TIMES = [0.0, 0.37, 10.0, 500.25, 999.0]


# ---- the networks, as the published configurations have them --------------------------------------


def ddpm(widths, attends, layers, groups, *, classes=None, eps=1e-6, waves=None, pad=(0, 1, 0, 1)):
    """Ho et al. 2020: one head, convolutions that halve and double."""
    norm = partial(group_norm, groups=groups, eps=eps)
    attend = partial(PixelAttention, heads=1, norm=norm)
    plan = Plan(
        widths=widths,
        layers=layers,
        resnet=partial(ResnetBlock, emb=4 * widths[0], norm=norm, join=ADD),
        attention=[attend if attending else Nothing for attending in attends],
        middle=attend,
        down=partial(Downsample, pad=pad),
        up=Upsample,
        norm=norm,
        waves=waves or partial(sinusoid, flip=False, shift=1),
    )
    return UNet2D(3, 3, plan, classes)


def adm(widths, attends, layers, groups, head_dim, classes):
    """Dhariwal & Nichol 2021: heads of one size, scale and shift, residual blocks that halve and double."""
    norm = partial(group_norm, groups=groups)
    resnet = partial(ResnetBlock, emb=4 * widths[0], norm=norm, join=SCALE_SHIFT)

    def attend(channels):
        return PixelAttention(channels, channels // head_dim, norm)

    plan = Plan(
        widths=widths,
        layers=layers,
        resnet=resnet,
        attention=[attend if attending else Nothing for attending in attends],
        middle=attend,
        down=lambda channels: resnet(channels, channels, resample=halve),
        up=lambda channels: resnet(channels, channels, resample=double),
        norm=norm,
    )
    return UNet2D(3, 3, plan, classes)


def diffusers_dit(shape, patch, heads, head_dim, depth, rows):
    """Time and class embedded anew in each block."""
    embs = [TimeLabelEmbedding(heads * head_dim, rows) for _ in range(depth)]
    blocks = [AdaLNZeroBlock(heads, head_dim, emb) for emb in embs]
    return DiT(shape, patch, blocks, out_channels=2 * shape[0])


def original_dit(shape, patch, heads, head_dim, depth, rows, *, mlp_ratio=4.0, out_channels=None):
    """Time and class embedded once (Peebles & Xie 2023)."""
    block = partial(AdaLNZeroBlock, heads, head_dim, nn.Identity(), mlp_ratio=mlp_ratio, ff_eps=1e-6)
    embedder = TimeLabelEmbedding(heads * head_dim, rows)
    blocks = [block() for _ in range(depth)]
    return DiT(shape, patch, blocks, embedder=embedder, out_channels=out_channels, shift=0)


def uvit(shape, patch, width, depth, heads, rows=None, *, skip=True, bias=False, time_embed=None, conv=True):
    """Bao et al. 2023."""
    half = depth // 2
    blocks = [UViTBlock(width, heads, skip=skip and place > half, bias=bias) for place in range(2 * half + 1)]
    final = nn.Conv2d(shape[0], shape[0], 3, padding=1) if conv else None
    return UViT(shape, patch, blocks, rows=rows, time_embed=time_embed, final_layer=final)


# ---- against diffusers -----------------------------------------------------------------------------

SMALL = {
    "sample_size": 16,
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "norm_num_groups": 8,
}
DDPM = SMALL | {
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": None,
}
ADM = SMALL | {
    "down_block_types": ("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
    "attention_head_dim": 8,
    "resnet_time_scale_shift": "scale_shift",
    "attn_norm_num_groups": 8,
    "upsample_type": "resnet",
    "downsample_type": "resnet",
    "num_class_embeds": 10,
}
TINY_DIT = {
    "sample_size": 8,
    "num_layers": 2,
    "patch_size": 2,
    "attention_head_dim": 8,
    "num_attention_heads": 2,
    "in_channels": 4,
    "out_channels": 8,
    "num_embeds_ada_norm": 10,
    "norm_elementwise_affine": False,
}

PAIRS = {
    "ddpm": (
        lambda: UNet2DModel(**DDPM, norm_eps=1e-6, freq_shift=1, flip_sin_to_cos=False, downsample_padding=0),
        lambda: ddpm((32, 64), (False, True), 1, 8),
        702_499,
    ),
    "ddpm with classes": (
        lambda: UNet2DModel(**DDPM, num_class_embeds=10),
        lambda: ddpm((32, 64), (False, True), 1, 8, classes=10, eps=1e-5, waves=sinusoid, pad=(1, 1, 1, 1)),
        703_779,
    ),
    "adm": (
        lambda: UNet2DModel(**ADM),
        lambda: adm((32, 64), (False, True), 1, 8, 8, 10),
        828_771,
    ),
    "dit": (
        lambda: DiTTransformer2DModel(**TINY_DIT),
        lambda: diffusers_dit((4, 8, 8), 2, 2, 8, 2, 11),
        20_176,
    ),
}


@pytest.fixture(params=PAIRS)
def pair(request):
    """A reference with random weights everywhere, and our network with the same."""
    make_reference, make_ours, count = PAIRS[request.param]
    torch.manual_seed(0)
    reference, ours = make_reference().eval(), make_ours().eval()
    assert sum(weight.numel() for weight in reference.parameters()) == count
    with torch.no_grad():
        for weight in reference.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    ours.load_state_dict(reference.state_dict(), strict=True)
    return reference, ours


@pytest.mark.parametrize("time", TIMES)
@torch.no_grad()
def test_diffusers_gives_the_same(pair, time):
    reference, ours = pair
    channels = reference.config.in_channels
    x = torch.randn(
        3, channels, *2 * [reference.config.sample_size], generator=torch.Generator().manual_seed(1)
    )
    t, label = torch.full((3,), time), torch.tensor([3, 0, 9])
    expected = reference(
        x, t, class_labels=label if "class" in "".join(reference.state_dict()) else None
    ).sample
    assert relative_difference(ours(x, t, label), expected) < 3e-6


def knows_classes(reference) -> bool:
    return any("class_embed" in name for name in reference.state_dict())


def relative_difference(ours: Tensor, expected: Tensor) -> float:
    return float((ours - expected).abs().max() / expected.abs().max())


# ---- against recorded numbers ------------------------------------------------------------------------

UVITS = {
    "uvit_class": lambda: uvit((4, 8, 8), 2, 32, 3, 4, 10),
    "uvit_class_mlptime": lambda: uvit((3, 8, 8), 2, 32, 5, 2, bias=True, time_embed=time_mlp(32)),
    "uvit_class_noskip_noconv": lambda: uvit((4, 8, 8), 4, 24, 2, 3, 7, skip=False, conv=False),
}
DITS = {
    "dit_sigma": lambda: original_dit((4, 8, 8), 2, 4, 12, 3, 11, out_channels=8),
    "dit_nosigma_p4": lambda: original_dit((3, 16, 16), 4, 2, 16, 2, 6, mlp_ratio=3.0),
}


def time_mlp(width):
    return nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, width))


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


@pytest.mark.parametrize("name", UVITS)
@torch.no_grad()
def test_uvit_gives_what_was_recorded(name):
    golden, network = Recorded(name), UVITS[name]()
    network.load_state_dict(golden.state, strict=True)
    out = network(golden.x, golden.t, golden.label)
    torch.testing.assert_close(out, golden.out, rtol=0, atol=golden.atol)


@pytest.mark.parametrize("name", DITS)
@torch.no_grad()
def test_the_original_dit_gives_what_was_recorded(name):
    golden, network = Recorded(name), DITS[name]()
    torch.testing.assert_close(network.places[None], golden.state.pop("pos_embed"), rtol=0, atol=1e-6)
    network.load_state_dict(as_diffusers_names(golden.state), strict=True)
    out = network(golden.x, golden.t, golden.label)
    torch.testing.assert_close(out, golden.out, rtol=0, atol=golden.atol)


RENAMES = {
    r"^x_embedder": "pos_embed",
    r"^t_embedder\.mlp\.0": "embedder.timestep_embedder.linear_1",
    r"^t_embedder\.mlp\.2": "embedder.timestep_embedder.linear_2",
    r"^y_embedder": "embedder.class_embedder",
    r"^final_layer\.adaLN_modulation\.1": "proj_out_1",
    r"^final_layer\.linear": "proj_out_2",
    r"^blocks": "transformer_blocks",
    r"adaLN_modulation\.1": "norm1.linear",
    r"attn\.proj": "attn1.to_out.0",
    r"mlp\.fc1": "ff.net.0.proj",
    r"mlp\.fc2": "ff.net.2",
}


def as_diffusers_names(state):
    renamed = {}
    for name, value in state.items():
        for old, new in RENAMES.items():
            name = re.sub(old, new, name)  # noqa: PLW2901 - one rename after another
        thirds = zip("qkv", value.chunk(3), strict=True) if ".qkv." in name else [("", value)]
        renamed |= {name.replace("attn.qkv", f"attn1.to_{which}"): part for which, part in thirds}
    return renamed


# ---- at their published size -------------------------------------------------------------------------

LEVEL_2 = (False, True, False, False)
PUBLISHED = {
    "DDPM cifar10": (lambda: ddpm((128, 256, 256, 256), LEVEL_2, 2, 32), 35_746_307),
    "ADM ImageNet-64": (
        lambda: adm((192, 384, 576, 768), (False, True, True, True), 3, 32, 64, 1000),
        295_899_267,
    ),
    "DiT-XL/2": (lambda: diffusers_dit((4, 32, 32), 2, 16, 72, 28, 1001), 749_826_464),
    "U-ViT L/2": (lambda: uvit((4, 32, 32), 2, 1024, 20, 16, 1001), 286_763_172),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sizes_have_the_published_number_of_parameters(name):
    make, count = PUBLISHED[name]
    with torch.device("meta"):
        network = make()
    assert sum(weight.numel() for weight in network.parameters()) == count
