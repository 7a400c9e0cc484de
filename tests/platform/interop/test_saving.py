"""What we write diffusers opens: the same settings, the same numbers, the same words."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from torch import nn

from diffsmith import factory
from diffsmith.conditioning.encoders import clip_encoder, t5_encoder
from diffsmith.errors import FileFault, SpecError
from diffsmith.interop.configs import published_config
from diffsmith.interop.pipelines import opened
from diffsmith.interop.recognising import recognise
from diffsmith.interop.saving import save_pipeline_folder
from diffsmith.interop.scheduler_writing import scheduler_config
from diffsmith.specs import PipelineSpec
from diffsmith.weights.networks import assign


@dataclass
class Built:
    """A pipeline's parts, as plainly as they are saved."""

    class_name: str
    networks: dict[str, tuple[nn.Module, dict[str, Any]]]
    scheduler: dict[str, Any]
    beside: dict[str, Any]

    def save(self, folder: Path, registry, **options: Any) -> Path:
        given = {**self.beside, **options}
        return save_pipeline_folder(
            folder, self.class_name, self.networks, self.scheduler, registry=registry, **given
        )


def built(folder: Path, registry) -> Built:
    """A saved pipeline recognised, and its networks made and filled."""
    source = opened(folder, registry)
    spec = factory.checked(PipelineSpec, recognise(source, registry), registry)
    part = "transformer" if source.class_of("transformer") else "unet"
    with torch.device("meta"):
        network = factory.network_builder(spec.model, registry)(*factory.shape_of(spec.model, registry))
        coder = registry.bind("autoencoders", spec.autoencoder)() if spec.autoencoder else None
    networks = {part: (network, spec.model.to_dict())}
    if spec.autoencoder is not None:
        networks["vae"] = (coder, spec.autoencoder.to_dict())
    for name, (module, _) in networks.items():
        assign(module, source.component(name).tensors, source.where)
    encoders = {
        name: _encoder(source, name) for name in ("text_encoder", "text_encoder_2") if source.class_of(name)
    }
    words = [name for name in ("tokenizer", "tokenizer_2") if source.class_of(name)]
    beside = {
        "encoders": encoders,
        "tokenizers": {name: source.component(name).folder for name in words},
        "index": source.index,
    }
    told = scheduler_config(spec, registry, original=source.component("scheduler").config)
    return Built(source.index["_class_name"], networks, told, beside)


def _encoder(source, name: str) -> nn.Module:
    make = t5_encoder if source.class_of(name).startswith("T5") else clip_encoder
    return make(source.component(name))


NAMES = [
    *("sd1", "sd1_inpaint", "sd2", "lcm", "sdxl", "sdxl_refiner", "dit"),
    *("pixart_alpha", "pixart_sigma", "ddpm", "consistency"),
]


@pytest.mark.parametrize("name", NAMES)
def test_diffusers_opens_what_we_wrote_as_it_opened_its_own(name: str, saved, tmp_path, registry) -> None:
    made = built(saved(name), registry)
    folder = made.save(tmp_path / "ours", registry)
    kind = getattr(diffusers, made.class_name)
    theirs, ours = kind.from_pretrained(saved(name)), kind.from_pretrained(folder)
    assert ours.components.keys() == theirs.components.keys()
    for part, wanted in theirs.components.items():
        found = ours.components[part]
        assert type(found) is type(wanted), part
        if isinstance(wanted, nn.Module):
            tensors = found.state_dict()
            assert tensors.keys() == wanted.state_dict().keys(), part
            assert all(torch.equal(tensors[key], each) for key, each in wanted.state_dict().items()), part
        if hasattr(wanted, "config"):
            assert _settings(found) == _settings(wanted), part
    assert recognise(folder, registry) == {**recognise(saved(name), registry), "weights": str(folder)}


def _settings(part: Any) -> dict[str, Any]:
    """A part's settings; null, nothing and 0 mean the same in all of them."""
    config = part.config if isinstance(part.config, dict) else part.config.to_dict()
    return {key: value for key, value in config.items() if value and key not in _SHOWN and key[0] != "_"}


_SHOWN = {"transformer_layers_per_block"}  # by the tensors; levels that do not attend may say anything


def test_a_network_larger_than_a_shard_is_written_in_several_that_diffusers_opens(
    saved, tmp_path, registry
) -> None:
    made = built(saved("ddpm"), registry)
    folder = made.save(tmp_path / "ours", registry, shard=500_000)
    shards = sorted(path.name for path in (folder / "unet").glob("*.safetensors"))
    assert len(shards) > 2 and shards[0] == f"diffusion_pytorch_model-00001-of-{len(shards):05d}.safetensors"
    theirs = diffusers.UNet2DModel.from_pretrained(folder / "unet").state_dict()
    ours = opened(folder, registry).component("unet").tensors
    assert set(ours) == set(theirs) and all(torch.equal(ours[name], each) for name, each in theirs.items())


def test_a_pipeline_that_stands_there_is_replaced_and_nothing_else_is(saved, tmp_path, registry) -> None:
    made = built(saved("ddpm"), registry)
    folder = made.save(tmp_path / "ours", registry)
    (folder / "stale").write_text("")
    assert not (made.save(folder, registry) / "stale").exists()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_text("")
    with pytest.raises(FileFault, match="photos: is there already and holds no pipeline; name a new folder"):
        made.save(tmp_path / "photos", registry)
    assert (tmp_path / "photos" / "cat.png").exists()


def test_a_failed_save_leaves_nothing(saved, tmp_path, registry, monkeypatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise OSError(5, "gone")

    monkeypatch.setattr("diffsmith.interop.saving.save_shards", fail)
    with pytest.raises(OSError, match="gone"):
        built(saved("ddpm"), registry).save(tmp_path / "ours", registry)
    assert not list(tmp_path.iterdir())


def test_an_unknown_class_of_pipelines_is_refused(saved, tmp_path, registry) -> None:
    made = built(saved("ddpm"), registry)
    with pytest.raises(
        SpecError, match="class_name: unknown name 'DDPMPipelin' — did you mean 'DDPMPipeline'"
    ):
        save_pipeline_folder(
            tmp_path / "ours", "DDPMPipelin", made.networks, made.scheduler, registry=registry
        )


def test_every_published_model_has_a_config_or_is_told_why_not(registry) -> None:
    refused = {}
    for card in registry.entries("models"):
        if card.defaults:
            try:
                assert published_config({"name": card.name}, "models", registry)["_class_name"]
            except SpecError as error:
                refused[card.name] = str(error)
    assert {"sd15", "sd21", "sdxl", "sdxl_refiner", "dit_xl_2_256", "pixart_alpha_1024"}.isdisjoint(refused)
    assert all("no published class of models can say all its options" in told for told in refused.values())


def test_settings_are_readable_json_with_the_version_that_they_are_for(saved, tmp_path, registry) -> None:
    folder = built(saved("sd1"), registry).save(tmp_path / "ours", registry)
    index = json.loads((folder / "model_index.json").read_text())
    assert index["unet"] == ["diffusers", "UNet2DConditionModel"] and index["safety_checker"] == [None, None]
    assert index["_diffusers_version"] == diffusers.__version__
