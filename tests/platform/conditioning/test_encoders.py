"""Text encoders made of published tensors, under every name they are published by."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tests.checkpoints import clip_text, t5
from torch import Tensor, nn

from diffsmith.conditioning.encoders import clip_encoder, formatted, published_names, required, t5_encoder
from diffsmith.errors import FileFault, SpecError
from diffsmith.weights.components import Component

IDS = torch.tensor([[538, 5, 7, 539, 0, 0]])
WHERE = Path("model.safetensors")


def part(model: nn.Module, tensors: dict[str, Tensor] | None = None, **config: Any) -> Component:
    settings: dict[str, Any] = {**model.config.to_dict(), **config}
    return Component(WHERE, settings, model.state_dict() if tensors is None else tensors)


def states(model: nn.Module) -> Tensor:
    with torch.no_grad():
        return model(input_ids=IDS % 256).last_hidden_state


@pytest.mark.parametrize("projection", [None, 24])
@pytest.mark.parametrize("prefix", ["", "text_model."])
def test_clip_is_found_by_its_older_and_its_newer_names(projection: int | None, prefix: str) -> None:
    model = clip_text(projection=projection)
    plain = {name.removeprefix("text_model."): tensor for name, tensor in model.state_dict().items()}
    tensors = {
        name if name.startswith("text_projection") else prefix + name: each for name, each in plain.items()
    }
    encoder = clip_encoder(part(model, {**tensors, f"{prefix}embeddings.position_ids": torch.arange(77)}))
    assert type(encoder) is type(model)
    assert torch.equal(states(encoder), states(model))
    assert not encoder.training


def test_no_tensor_is_copied() -> None:
    for model, build in ((clip_text(), clip_encoder), (t5(), t5_encoder)):
        there = {tensor.data_ptr() for tensor in model.state_dict().values()}
        assert {parameter.data_ptr() for parameter in build(part(model)).parameters()} <= there


def test_a_whole_clip_gives_its_half_that_reads() -> None:
    model = clip_text(projection=24)
    beside = {"vision_model.pre_layrnorm.bias": torch.zeros(3), "logit_scale": torch.ones(())}
    whole = Component(
        WHERE, {"text_config": model.config.to_dict(), "projection_dim": 24}, {**model.state_dict(), **beside}
    )
    assert torch.equal(states(clip_encoder(whole)), states(model))


@pytest.mark.parametrize("kept", ["shared.weight", "encoder.embed_tokens.weight"])
def test_t5_needs_its_table_once_by_either_name(kept: str) -> None:
    model = t5()
    dropped = {"shared.weight", "encoder.embed_tokens.weight"} - {kept}
    tensors = {name: tensor for name, tensor in model.state_dict().items() if name not in dropped}
    encoder: Any = t5_encoder(part(model, tensors))
    assert encoder.shared.weight is encoder.encoder.embed_tokens.weight
    assert torch.equal(states(encoder), states(model))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("made", [clip_text, t5], ids=["clip", "t5"])
def test_half_formats_give_what_transformers_gives(made: Any, dtype: torch.dtype, tmp_path: Path) -> None:
    model, build = made(), {"clip_text": clip_encoder, "t5": t5_encoder}[made.__name__]
    model.save_pretrained(tmp_path)
    theirs = type(model).from_pretrained(tmp_path, dtype=dtype)
    ours = formatted(build(part(model)), dtype)
    assert {name: each.dtype for name, each in ours.named_parameters()} == {
        name: each.dtype for name, each in theirs.named_parameters()
    }
    assert torch.equal(states(ours), states(theirs))


def test_half_precision_files_of_t5_keep_wo_in_single_precision() -> None:
    model = t5()
    encoder = t5_encoder(part(model, {name: each.half() for name, each in model.state_dict().items()}))
    wide = {name for name, each in encoder.named_parameters() if each.dtype == torch.float32}
    assert wide == {name for name, _ in encoder.named_parameters() if name.endswith(".wo.weight")}
    assert states(encoder).dtype == torch.float16


def test_published_names_open_in_transformers_and_here(tmp_path: Path) -> None:
    for model in (clip_text(), clip_text(projection=24), t5()):
        tensors = published_names(model)
        assert all(
            name.startswith(("text_model.", "text_projection.", "shared", "encoder.")) for name in tensors
        )
        model.save_pretrained(tmp_path)
        save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
        assert torch.equal(states(type(model).from_pretrained(tmp_path)), states(model))
        build = t5_encoder if "shared.weight" in tensors else clip_encoder
        assert torch.equal(states(build(part(model, tensors))), states(model))


def test_what_does_not_fit_is_listed() -> None:
    model = clip_text()
    tensors = {**model.state_dict(), "extra.weight": torch.zeros(1), "final_layer_norm.bias": torch.zeros(3)}
    del tensors["embeddings.token_embedding.weight"]
    with pytest.raises(FileFault) as error:
        clip_encoder(part(model, tensors))
    told = str(error.value)
    assert told.startswith("model.safetensors: ")
    assert all(
        name in told for name in ("token_embedding", "extra.weight", "final_layer_norm.bias (3,) for (32,)")
    )


@pytest.mark.parametrize("config", [{"hidden_size": "wide"}, {"hidden_size": 30}, {"hidden_act": "sigh"}])
def test_an_impossible_configuration_is_told(config: dict[str, Any]) -> None:
    with pytest.raises(FileFault, match=r"model.safetensors: its configuration makes no CLIPTextModel: \S"):
        clip_encoder(part(clip_text(), **config))


def test_a_configuration_cannot_choose_the_programs_that_run() -> None:
    given = {
        "attn_implementation": "kernels/any",
        "_attn_implementation": "kernels/any",
        "auto_map": {"a": "b.c"},
    }
    encoder: Any = clip_encoder(part(clip_text(), **given))
    assert encoder.config._attn_implementation == "sdpa"


def test_a_missing_part_is_told() -> None:
    with pytest.raises(SpecError, match="'text_encoder_2'"):
        required(lambda name: None, "text_encoder_2")


# What the published files hold: (configuration, parameters), by the reference map.
LARGE = {"intermediate_size": 3072, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}
HUGE = {"intermediate_size": 4096, "hidden_size": 1024, "num_hidden_layers": 23, "num_attention_heads": 16}
GIANT = {"intermediate_size": 5120, "hidden_size": 1280, "num_hidden_layers": 32, "num_attention_heads": 20}
XXL = {"d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24, "num_heads": 64}


@pytest.mark.parametrize(
    ("kind", "config", "count"),
    [
        ("CLIPTextModel", LARGE, 123_060_480),
        ("CLIPTextModel", HUGE, 340_387_840),
        ("CLIPTextModelWithProjection", {**GIANT, "projection_dim": 1280}, 694_659_840),
        ("T5EncoderModel", {**XXL, "feed_forward_proj": "gated-gelu"}, 4_762_310_656),
    ],
)
def test_published_sizes_take_no_memory_of_their_own(kind: str, config: dict[str, Any], count: int) -> None:
    import transformers

    settings = getattr(transformers, "T5Config" if kind.startswith("T5") else "CLIPTextConfig")(**config)
    with torch.device("meta"):
        outline = published_names(getattr(transformers, kind)(settings))
    tensors = {name: torch.zeros(()).expand(each.shape) for name, each in outline.items()}
    build = t5_encoder if kind.startswith("T5") else clip_encoder
    encoder = build(Component(WHERE, config, tensors))
    assert sum(each.numel() for each in encoder.parameters()) == count
