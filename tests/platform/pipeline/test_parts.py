"""What stands beside the network: from its own folder, or from another's."""

import json
import shutil

import pytest
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import load_file, save_file

import diffsmith
from diffsmith.errors import FileFault, SpecError
from diffsmith.pipeline import request_of


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The folder of a TAESD-like autoencoder of 2 pixels a latent."""
    folder = tmp_path_factory.mktemp("taesd")
    blocks = {
        "encoder_block_out_channels": (8, 8),
        "decoder_block_out_channels": (8, 8),
        "num_encoder_blocks": (1, 1),
        "num_decoder_blocks": (1, 1),
    }
    AutoencoderTiny(**blocks, latent_channels=4).save_pretrained(folder)
    return folder


PREVIEW = {
    "name": "tiny",
    "encoder_width": 8,
    "decoder_width": 8,
    "encoder_blocks": [1, 1],
    "decoder_blocks": [1, 1],
}


def test_a_small_autoencoder_shows_what_is_on_its_way(loaded, tiny):
    pipeline = loaded("sd1", preview={**PREVIEW, "weights": str(tiny)})
    frame = next(iter(pipeline.frames(request_of(prompt="a cube", seeds=[1, 2]))))
    quick, whole = pipeline.decoded(frame.x0, quickly=True), pipeline.decoded(frame.x0)
    assert quick.shape == whole.shape == (2, 32, 32, 3)
    assert not torch.equal(quick, whole)
    reference = AutoencoderTiny.from_pretrained(tiny).decode(frame.x0).sample
    assert (pipeline.modality.decode(reference).int() - quick.int()).abs().max() <= 1
    plain = loaded("sd1")
    assert torch.equal(plain.decoded(frame.x0, quickly=True), plain.decoded(frame.x0))


def test_an_autoencoder_from_elsewhere_takes_the_place_of_its_own(loaded, published):
    """sdxl's tiny one has the same layers, and other weights."""
    own, other = loaded("sd1"), loaded("sdxl")
    elsewhere = str(published("sdxl"))
    mixed = loaded("sd1", autoencoder={**_written(own), "weights": elsewhere})
    x = torch.rand(1, 3, 32, 32) * 2 - 1
    scale = other.spec.autoencoder.options["scaling"] / 0.18215
    torch.testing.assert_close(mixed.encoded(x) * scale, other.encoded(x))
    assert not torch.allclose(mixed.encoded(x), own.encoded(x), atol=1e-3)
    alone = loaded("sd1", autoencoder={**_written(own), "weights": f"{elsewhere}/vae"})
    assert torch.equal(alone.encoded(x), mixed.encoded(x))


def _written(pipeline):
    return pipeline.spec.autoencoder.to_dict()


def test_readers_of_prompts_can_be_elsewhere_too(loaded, published, tmp_path):
    bare = shutil.copytree(published("sd1"), tmp_path / "bare")
    index = json.loads((bare / "model_index.json").read_text())
    for part in ("text_encoder", "tokenizer"):
        shutil.rmtree(bare / part)
        index[part] = [None, None]
    (bare / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(
        SpecError, match=r"^weights: they hold no 'text_encoder', and the model reads prompts"
    ):
        diffsmith.load(bare, conditioner="clip")
    pipeline = diffsmith.load(
        bare,
        conditioner={"name": "clip", "weights": str(published("sd1"))},
        spacing={"name": "leading", "offset": 1, "steps": 3},
        engine={"device": "cpu", "dtype": "float32"},
    )
    (sample,), (whole,) = pipeline.generate("a cube"), loaded("sd1").generate("a cube")
    assert torch.equal(sample.data, whole.data)


def test_a_network_s_own_weights_may_lie_apart(loaded, published, tmp_path):
    """model.weights names them, weights the rest."""
    file = next((published("sd1") / "unet").glob("*.safetensors"))
    changed = {name: tensor * 1.05 for name, tensor in load_file(file).items()}
    save_file(changed, tmp_path / "finetuned.safetensors")
    plain = loaded("sd1")
    model = {**plain.spec.model.to_dict(), "weights": str(tmp_path / "finetuned.safetensors")}
    other = loaded("sd1", model=model)
    name, weight = next(iter(plain.network.named_parameters()))
    torch.testing.assert_close(other.network.get_parameter(name), weight * 1.05)


def test_a_variant_that_is_not_there_is_told(published, tmp_path):
    with pytest.raises(FileFault, match=r"has no variant 'fp16'; there is the plain one; leave variant out"):
        diffsmith.load(published("sd1"), variant="fp16")


def test_parts_that_are_not_there_are_told(published, tmp_path):
    for part in ("unet", "vae"):
        folder = shutil.copytree(published("sd1"), tmp_path / part)
        shutil.rmtree(folder / part)
        with pytest.raises((FileFault, SpecError), match=part):
            diffsmith.load(folder)


def test_weights_that_are_not_finite_are_told_by_their_layer(published, tmp_path):
    folder = shutil.copytree(published("sd1"), tmp_path / "bad")
    (file,) = (folder / "unet").glob("*.safetensors")
    tensors = load_file(file)
    tensors["mid_block.attentions.0.proj_in.weight"][0] = torch.nan
    save_file(tensors, file, {"format": "pt"})
    with pytest.raises(
        diffsmith.DiffsmithError, match=r"begins in mid_block\.attentions\.0\.proj_in .*damaged"
    ):
        diffsmith.load(folder, engine={"device": "cpu"}).generate("a cube")
