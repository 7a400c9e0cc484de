import json

import pytest
import torch

from diffsmith.commands.sizes import sizes_of
from diffsmith.pipeline import new_network
from diffsmith.registry import default_registry
from diffsmith.specs import ModelSpec

REGISTRY = default_registry()


def test_what_a_model_weighs_is_counted_part_by_part():
    """Published counts; GiB by bytes a number, for int8 one byte where the network has a matrix."""
    told = sizes_of(REGISTRY.get("models", "sd15"), REGISTRY)
    network, autoencoder, encoder = 859_520_964, 83_653_863, 123_060_480
    assert told["parameters"] == {
        "network": network,
        "autoencoder": autoencoder,
        "text_encoder": encoder,
        "total": network + autoencoder + encoder,
    }
    assert told["memory"]["float32"] == pytest.approx(4 * told["parameters"]["total"] / 2**30)
    assert told["memory"]["bfloat16"] == told["memory"]["float16"] == told["memory"]["float32"] / 2
    with torch.device("meta"):
        weights = new_network(ModelSpec(name="sd15"), REGISTRY).parameters()
    matrices = sum(weight.numel() for weight in weights if weight.ndim == 2)
    assert told["memory"]["int8"] == pytest.approx((2 * told["parameters"]["total"] - matrices) / 2**30)
    assert told["pixels"] == [512, 512]


@pytest.mark.parametrize(
    ("name", "pixels"), [("ddpm_cifar10", 32), ("sdxl", 1024), ("pixart_sigma_2k", 2048)]
)
def test_a_size_in_pixels_is_what_people_see(name, pixels):
    assert sizes_of(REGISTRY.get("models", name), REGISTRY)["pixels"] == [pixels, pixels]


def test_a_network_of_any_size_has_none():
    assert sizes_of(REGISTRY.get("models", "unet"), REGISTRY) == {}


def test_a_published_model_is_shown_in_words(cli):
    lines = {line.split(":")[0].strip(): line for line in cli("show", "sd15").stdout.splitlines()}
    for title, told in {
        "schedule": "vp, betas scaled_linear, start 0.00085, end 0.012",
        "autoencoder": "kl, scaling 0.18215",
        "conditioner": "clip",
        "usual scheduler": "pndm",
        "usual spacing": "leading, offset 1, steps 50, final sigma_min",
        "usual guidance": "cfg, scale 7.5",
        "weights": "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "licence": "CreativeML OpenRAIL-M",
        "pixels": "512x512",
        "parameters": "network 859,520,964, autoencoder 83,653,863, text_encoder 123,060,480, total",
        "memory": "float32 4.0 GiB, bfloat16 2.0 GiB, float16 2.0 GiB, int8 1.7 GiB for the weights alone",
    }.items():
        assert told in lines[title], lines[title]
    assert "encoders" not in lines
    (facts,) = json.loads(cli("show", "sd15", "--json").stdout)
    assert facts["usual"]["guidance"] == {"name": "cfg", "scale": 7.5}
    assert facts["memory"]["float32"] > 3.9
    assert "total" not in cli("show", "ddpm_cifar10").stdout
