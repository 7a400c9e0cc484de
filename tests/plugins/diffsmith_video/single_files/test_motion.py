"""Files of motion modules as their authors wrote them: what diffusers makes of them, and what they tell."""

import json

import pytest
import torch
from diffusers import MotionAdapter
from safetensors.torch import save_file
from tests.published import stirred

from diffsmith.weights.mapped import Tensors
from diffsmith.weights.opening import open_tensors
from diffsmith_video.single_files.motion import motion, motion_lora

ADAPTER = {
    "block_out_channels": [32, 64],
    "motion_layers_per_block": 1,
    "motion_num_attention_heads": 4,
    "motion_norm_num_groups": 8,
    "motion_max_seq_length": 6,
}
CONFIGS = {
    "version 2": ADAPTER,
    "version 1 and 3": ADAPTER | {"use_motion_mid_block": False, "motion_max_seq_length": 24},
    "two layers and blocks": ADAPTER
    | {"motion_layers_per_block": 2, "motion_transformer_layers_per_block": 2}
    | {"motion_transformer_layers_per_mid_block": 2},
    "three levels": ADAPTER | {"block_out_channels": [32, 64, 64], "use_motion_mid_block": False},
    "reads a picture": ADAPTER | {"conv_in_channels": 9},
}
STEPS = (
    (".transformer_blocks.", ".temporal_transformer.transformer_blocks."),
    (".attn1.", ".attention_blocks.0."),
    (".attn2.", ".attention_blocks.1."),
    (".norm1.", ".norms.0."),
    (".norm2.", ".norms.1."),
    (".norm3.", ".ff_norm."),
)


def original(name):
    """As the authors name it."""
    head, _, rest = name.partition(".motion_modules.")
    if not rest:
        return name
    number, _, inside = rest.partition(".")
    for new, old in STEPS:
        inside = f".{inside}".replace(new, old)[1:]
    inside = inside if inside.startswith("temporal") else f"temporal_transformer.{inside}"
    return f"{head}.motion_modules.{number}.{inside}"


def written(adapter):
    """Its tensors as the authors wrote them: the table of positions twice, once in each attention."""
    state = {}
    for name, tensor in adapter.state_dict().items():
        if name.endswith("pos_embed.pe"):
            place = original(name.replace("pos_embed.pe", "attn1.pe")).removesuffix("0.pe")
            state |= {f"{place}{number}.pos_encoder.pe": tensor.clone() for number in (0, 1)}
        else:
            state[original(name)] = tensor
    return state


def in_memory(tensors):
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    return Tensors(shapes, {name: tensor.dtype for name, tensor in tensors.items()}, tensors.__getitem__)


@pytest.mark.parametrize("before", ["", "module."])
@pytest.mark.parametrize("name", CONFIGS)
def test_a_file_is_what_diffusers_makes_of_it(name, before, tmp_path):
    state = {
        f"{before}{key}": tensor for key, tensor in written(stirred(MotionAdapter(**CONFIGS[name]))).items()
    }
    file, config = tmp_path / "mm.safetensors", tmp_path / "config"
    config.mkdir()
    (config / "config.json").write_text(json.dumps({"_class_name": "MotionAdapter", **CONFIGS[name]}))
    save_file({key.removeprefix("module."): tensor for key, tensor in state.items()}, file)
    theirs = MotionAdapter.from_single_file(str(file), config=str(config)).state_dict()
    reading = motion(in_memory(state), heads=4, groups=8)
    mine = reading.parts["motion_adapter"].tensors
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in theirs)
    assert not reading.left


@pytest.mark.parametrize("name", CONFIGS)
def test_shapes_tell_its_configuration(name):
    reading = motion(in_memory(written(MotionAdapter(**CONFIGS[name]))), heads=4, groups=8)
    told = json.loads(json.dumps(reading.parts["motion_adapter"].config))
    adapter, expected = MotionAdapter.from_config(told), MotionAdapter(**CONFIGS[name])
    assert {key: told[key] for key in CONFIGS[name]} == CONFIGS[name]
    assert shapes(adapter) == shapes(expected)


def shapes(network):
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


def test_a_file_under_the_newest_names_is_one_too(tmp_path):
    state = MotionAdapter(**ADAPTER).state_dict()
    save_file(state, tmp_path / "lightning.safetensors")
    reading = motion(open_tensors(tmp_path / "lightning.safetensors"), heads=4, groups=8)
    assert reading.index == {"motion_adapter": ["diffusers", "MotionAdapter"]}
    assert reading.parts["motion_adapter"].tensors.keys() == state.keys()


def test_the_published_size_is_told_by_its_shapes():
    with torch.device("meta"):
        adapter = MotionAdapter()
    config = motion(in_memory(written(adapter))).parts["motion_adapter"].config
    assert {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()} == {
        "_class_name": "MotionAdapter",
        **{key: value for key, value in adapter.config.items() if key in config},
    }


def test_what_does_not_belong_is_left():
    state = written(MotionAdapter(**ADAPTER)) | {"epoch": torch.zeros(1)}
    assert motion(in_memory(state)).left == ["epoch"]


@pytest.mark.parametrize(
    "names",
    [
        ["conv_in.weight"],
        [],
        ["down_blocks.0.resnets.0.norm1.weight", "down_blocks.0.motion_modules.0.norm.weight"],
        ["down_blocks.0.motion_modules.0.transformer_blocks.0.attn1.to_q.lora.down.weight"],
    ],
    ids=["a convolution", "nothing", "a whole U-Net", "a change"],
)
def test_other_files_are_none(names):
    assert motion(in_memory({name: torch.zeros(1) for name in names})) is None


def test_a_file_of_changes_alone_is_an_adapter():
    name = "down_blocks.0.motion_modules.0.temporal_transformer.transformer_blocks.0.attention_blocks.0"
    state = {f"{name}.processor.to_q_lora.{part}.weight": torch.zeros(2, 2) for part in ("down", "up")}
    reading = motion_lora(in_memory(state))
    assert reading.parts["adapter"].tensors.keys() == state.keys()
    assert list(reading.index) == ["adapter"]
    assert motion_lora(in_memory({**state, "conv_in.weight": torch.zeros(1)})) is None
    assert motion_lora(in_memory({})) is None
