"""Motion modules and low-rank changes go where they belong, when they are asked for; the rest is told."""

from pathlib import Path

import pytest
import torch

from diffsmith.errors import FileFault
from diffsmith.weights.components import Component
from diffsmith.weights.mapped import Tensors
from diffsmith_video.adapters import motion, motion_lora
from diffsmith_video.animatediff import motion_unet

SMALL = {
    "widths": (8, 16),
    "depths": (1, 0),
    "heads": (2, 2),
    "motion_heads": (2, 2),
    "groups": 4,
    "text_width": 6,
    "frames_max": 5,
}
MODULE = "up_blocks.1.motion_modules.0.transformer_blocks.0"
QUERY = f"{MODULE}.attn1.to_q.weight"


def in_memory(tensors, asked=None):
    def read(name):
        if asked is not None:
            asked.append(name)
        return tensors[name]

    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    return Tensors(shapes, {name: tensor.dtype for name, tensor in tensors.items()}, read)


def adapter(tensors):
    return Component(Path("adapter.safetensors"), {}, in_memory(tensors))


@pytest.fixture
def clips():
    """All tensors of a U-Net of clips, none of them zero."""
    torch.manual_seed(0)
    state = motion_unet((4, 3, 8, 8), None, **SMALL).state_dict()
    return {name: tensor + 0.1 * torch.randn_like(tensor) for name, tensor in state.items()}


@pytest.fixture
def parts(clips):
    """The same as a U-Net of pictures, and motion modules."""
    modules = {name: tensor for name, tensor in clips.items() if "motion_modules" in name}
    return {name: tensor for name, tensor in clips.items() if name not in modules}, modules


# ---- motion modules -----------------------------------------------------------------------------------


def test_a_unet_and_its_motion_modules_are_one_again(clips, parts):
    pictures, modules = parts
    whole = motion(in_memory(pictures), adapter(modules))
    assert whole.keys() == clips.keys()
    assert all(torch.equal(whole[name], clips[name]) for name in clips)
    assert whole.shapes == {name: tensor.shape for name, tensor in clips.items()}


def test_nothing_is_read_before_it_is_asked_for(parts):
    asked = []
    pictures, modules = (in_memory(each, asked) for each in parts)
    whole = motion(pictures, Component(Path("adapter"), {}, modules))
    assert not asked
    assert whole[QUERY].shape == (8, 8)
    assert asked == [QUERY]


def test_motion_modules_come_in_the_format_of_the_unet(parts):
    pictures = {name: tensor.bfloat16() for name, tensor in parts[0].items()}
    whole = motion(in_memory(pictures), adapter(parts[1]))
    assert whole.dtypes[QUERY] == whole[QUERY].dtype == torch.bfloat16


def test_other_motion_modules_take_the_place_of_those_that_are_there(clips, parts):
    others = {name: -tensor for name, tensor in parts[1].items()}
    whole = motion(in_memory(clips), adapter(others))
    assert torch.equal(whole[QUERY], -clips[QUERY])


def test_a_wider_first_convolution_is_taken_over_where_the_unet_has_none(parts):
    pictures, modules = parts
    entry = {"conv_in.weight": torch.randn(8, 9, 3, 3), "conv_in.bias": torch.randn(8)}
    whole = motion(in_memory(pictures), adapter(modules | entry))
    assert whole.shapes["conv_in.weight"] == (8, 9, 3, 3)
    assert torch.equal(whole["conv_in.weight"][:, :4], pictures["conv_in.weight"])
    assert torch.equal(whole["conv_in.weight"][:, 4:], entry["conv_in.weight"][:, 4:])
    assert torch.equal(whole["conv_in.bias"], pictures["conv_in.bias"])


@pytest.mark.parametrize("name", ["down_blocks.2.motion_modules.0.norm.weight", "conv_out.weight", "step"])
def test_a_tensor_without_a_place_is_told(parts, name):
    pictures, modules = parts
    with pytest.raises(FileFault) as caught:
        motion(in_memory(pictures), adapter({**modules, name: torch.zeros(8)}))
    assert str(caught.value) == (
        f"adapter.safetensors: holds 1 tensors that fit nothing in the network: {name}"
    )


def test_of_many_strangers_a_few_are_named(parts):
    strange = {f"level.{number}": torch.zeros(1) for number in range(7)}
    with pytest.raises(FileFault, match=r"7 tensors that .*: level.0, level.1, level.2, level.3, level.4, …"):
        motion(in_memory(parts[0]), adapter(strange))


# ---- low-rank changes ---------------------------------------------------------------------------------

ORIGINAL = "up_blocks.1.motion_modules.0.temporal_transformer.transformer_blocks.0.attention_blocks.0"
NAMES = {
    "the authors'": (
        f"{ORIGINAL}.processor.to_q_lora.down.weight",
        f"{ORIGINAL}.processor.to_q_lora.up.weight",
    ),
    "of several devices": (
        f"module.{ORIGINAL}.processor.to_q_lora.down.weight",
        f"module.{ORIGINAL}.processor.to_q_lora.up.weight",
    ),
    "diffusers'": (
        f"unet.{MODULE}.attn1.processor.to_q_lora.down.weight",
        f"unet.{MODULE}.attn1.processor.to_q_lora.up.weight",
    ),
    "diffusers' later": (
        f"unet.{MODULE}.attn1.to_q.lora.down.weight",
        f"unet.{MODULE}.attn1.to_q.lora.up.weight",
    ),
    "PEFT's": (f"{MODULE}.attn1.to_q.lora_A.weight", f"{MODULE}.attn1.to_q.lora_B.weight"),
    "PEFT's of one adapter": (
        f"base_model.model.{MODULE}.attn1.to_q.lora_A.default.weight",
        f"base_model.model.{MODULE}.attn1.to_q.lora_B.default.weight",
    ),
    "kohya's": (
        f"lora_unet_{MODULE.replace('.', '_')}_attn1_to_q.lora_down.weight",
        f"lora_unet_{MODULE.replace('.', '_')}_attn1_to_q.lora_up.weight",
    ),
}
DOWN, UP = torch.randn(2, 8, generator=torch.Generator().manual_seed(1)), torch.arange(16.0).reshape(8, 2)


@pytest.mark.parametrize("scale", [1.0, 0.8, 0.0, -1.0])
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_a_change_is_added_whatever_its_name(clips, names, scale):
    changed = motion_lora(in_memory(clips), adapter(dict(zip(names, (DOWN, UP), strict=True))), scale=scale)
    torch.testing.assert_close(changed[QUERY], clips[QUERY] + scale * UP @ DOWN)
    assert all(torch.equal(changed[name], clips[name]) for name in clips if name != QUERY)
    assert changed.keys() == clips.keys()


@pytest.mark.parametrize("rest", ["to_out_lora", "to_out.0.lora"])
def test_what_goes_out_of_attention_is_changed_too(clips, rest):
    names = [f"{MODULE}.attn2.{rest}.{part}.weight" for part in ("down", "up")]
    name = f"{MODULE}.attn2.to_out.0.weight"
    changed = motion_lora(in_memory(clips), adapter(dict(zip(names, (DOWN, UP), strict=True))))
    torch.testing.assert_close(changed[name], clips[name] + UP @ DOWN)


def test_layers_of_the_pictures_own_may_be_changed_and_convolutions(clips):
    layer = "down_blocks.0.attentions.0.proj_in"
    names = [f"lora_unet_{layer.replace('.', '_')}.lora_{part}.weight" for part in ("down", "up")]
    tensors = dict(zip(names, (DOWN[:, :, None, None], UP[:, :, None, None]), strict=True))
    changed = motion_lora(in_memory(clips), adapter(tensors))
    expected = clips[f"{layer}.weight"] + (UP @ DOWN)[:, :, None, None]
    torch.testing.assert_close(changed[f"{layer}.weight"], expected)


def test_alpha_by_the_rank_scales_a_change(clips):
    down, up = NAMES["kohya's"]
    alpha = down.replace("lora_down.weight", "alpha")
    changed = motion_lora(
        in_memory(clips), adapter({down: DOWN, up: UP, alpha: torch.tensor(0.5)}), scale=2.0
    )
    torch.testing.assert_close(changed[QUERY], clips[QUERY] + 2 * 0.5 / 2 * UP @ DOWN)


def test_a_change_keeps_the_format_of_the_layer(clips):
    half = {name: tensor.bfloat16() for name, tensor in clips.items()}
    down, up = NAMES["the authors'"]
    changed = motion_lora(in_memory(half), adapter({down: DOWN, up: UP}))
    assert changed[QUERY].dtype == torch.bfloat16
    assert torch.equal(changed[QUERY], (half[QUERY].float() + UP @ DOWN).bfloat16())


@pytest.mark.parametrize(
    "tensors",
    [
        {"down_blocks.7.attn1.to_q.lora.down.weight": DOWN, "down_blocks.7.attn1.to_q.lora.up.weight": UP},
        {NAMES["the authors'"][0]: DOWN},
        {"lora_te_text_model.lora_down.weight": DOWN},
        {"conv_in.weight": DOWN},
    ],
    ids=["no such layer", "one half", "a text encoder's", "no change"],
)
def test_a_change_without_a_layer_is_told(clips, tensors):
    with pytest.raises(FileFault) as caught:
        motion_lora(in_memory(clips), adapter(tensors))
    told = f"holds {len(tensors)} tensors that fit nothing in the network: {', '.join(tensors)}"
    assert str(caught.value) == f"adapter.safetensors: {told}"
