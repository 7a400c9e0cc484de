"""What a network becomes with an adapter in it, and what stays as it was."""

import json

import pytest

from diffsmith.errors import FileFault, SpecError
from diffsmith.pipeline.adapting import with_adapter
from diffsmith.registry import default_registry

REGISTRY = default_registry()
LINEAR = {"name": "vp", "betas": "linear", "start": 0.00085, "end": 0.012}


@pytest.fixture
def modules(tmp_path):
    """modules(use_motion_mid_block=False): a folder of motion modules so configured, without weights."""

    def folder(**config):
        (tmp_path / "config.json").write_text(json.dumps({"_class_name": "MotionAdapter", **config}))
        (tmp_path / "diffusion_pytorch_model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
        return tmp_path

    return folder


def becomes(model, folder):
    return with_adapter({"model": model, "guidance": "cfg"}, folder, REGISTRY)


def test_a_published_network_becomes_a_published_one(modules):
    made = becomes("sd15", modules())
    assert made["guidance"] == "cfg"
    assert made["model"] == {"name": "animatediff_v2"}
    assert made["adapters"] == [{"name": "motion", "weights": str(modules())}]


def test_what_its_answers_mean_and_where_its_weights_lie_stays(modules):
    told = {"weights": "own.safetensors", "prediction": {"name": "v"}, "fps": 5.0}
    assert becomes({"name": "sd15", **told}, modules())["model"] == {"name": "animatediff_v2", **told}


def test_noise_is_that_of_clips_until_there_is_some(modules):
    """Motion modules are trained on their own schedule; what has them already was loaded with one."""
    scaled = {"name": "vp", "betas": "scaled_linear"}
    assert "schedule" not in becomes({"name": "sd15", "schedule": scaled}, modules())["model"]
    kept = becomes({"name": "animatediff_v2", "schedule": scaled}, modules())["model"]
    assert kept["schedule"]["betas"] == "scaled_linear"
    assert becomes("animatediff_v1", modules())["model"].get("schedule", LINEAR) == LINEAR


def test_several_adapters_are_kept_in_their_order(modules):
    once = becomes("sd15", modules())
    twice = with_adapter(once, modules(), REGISTRY)
    assert [each["name"] for each in twice["adapters"]] == ["motion", "motion"]
    assert twice["model"]["name"] == "animatediff_v2"


@pytest.mark.parametrize(
    ("model", "config", "told"),
    [
        ("svd", {}, "motion modules go into U-Nets of Stable Diffusion, and spatio_temporal_unet is none"),
        ("sdxl", {}, "block_out_channels (320, 640, 1280, 1280) does not fit the U-Net; possible"),
        (
            "sd15",
            {"motion_norm_num_groups": 16},
            "motion_norm_num_groups 16 does not fit the U-Net; possible: 32",
        ),
    ],
)
def test_what_does_not_fit_is_told(modules, model, config, told):
    with pytest.raises(SpecError) as caught:
        becomes(model, modules(**config))
    assert told in str(caught.value)


def test_what_is_no_adapter_is_told(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "UNet2DConditionModel"}))
    with pytest.raises(FileFault, match="holds no adapter, expected one of motion_adapter, adapter"):
        becomes("sd15", tmp_path)
