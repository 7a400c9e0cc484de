"""Published models trained on: what comes along, what stays as it was, what is refused."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tests.published import PIPELINES

import diffsmith
from diffsmith.documents import read_yaml
from diffsmith.errors import SpecError
from diffsmith.pipeline.building import written
from diffsmith.specs import TrainSpec, parse
from diffsmith.training import latents
from diffsmith.training.fit import Prepared, Step, fit, fitting
from diffsmith.training.material import material_of
from diffsmith.training.run import Training

COLOURS = {"red": (200, 20, 20), "green": (20, 180, 30), "blue": (30, 20, 210)}
SIZES = {"dit": 16, "ddpm": 16}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Nine squares: each with a caption beside it, in folders called what they show, or with neither."""
    roots = {kind: tmp_path_factory.mktemp(kind) for kind in ("captions", "classes", "flat")}
    for number in range(9):
        (name, colour), noise = list(COLOURS.items())[number % 3], np.random.default_rng(number)
        picture = Image.fromarray((noise.integers(0, 40, (40, 40, 3)) + colour).astype(np.uint8))
        (roots["classes"] / name).mkdir(exist_ok=True)
        for place in (roots["captions"], roots["classes"] / name, roots["flat"]):
            picture.save(place / f"{number}.png")
        (roots["captions"] / f"{number}.txt").write_text(f"a {name} square\n")
    return roots


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """published("sd1"): the folder of a tiny one. Do not write there."""
    made = {}

    def folder(kind):
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp(kind) / "model"
            PIPELINES[kind](made[kind].parent).save_pretrained(made[kind])
        return made[kind]

    return folder


@pytest.fixture
def spec_of(published, pictures, registry):
    """spec_of("sd1", data={"size": 16}, steps=2): one of those models and data, `train` by keyword."""

    def spec(kind, captions="captions", data=(), **train):
        values, _ = written(published(kind), registry)
        folder = {"name": "folder", "path": str(pictures[captions]), "size": SIZES.get(kind, 32)}
        fitted = {"steps": 2, "batch": 2, "lr": 1e-3, "warmup": 0, **train}
        given = {"data": {**folder, **dict(data)}, "train": fitted, "engine": {"device": "cpu"}}
        return parse(TrainSpec, {**values, **given})

    return spec


def digests(folder):
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in folder.rglob("*") if path.is_file()}


def training_of(spec, registry, folder=None):
    return Training(spec, registry.bind("datasets", spec.data)(), registry, folder)


def weights_of(network):
    return {name: tensor.float() for name, tensor in network.state_dict().items()}


@pytest.mark.parametrize("kind", ["sd1", "sdxl", "pixart_alpha_sizes", "dit", "ddpm"])
def test_the_network_is_trained_and_all_else_comes_along(
    spec_of, published, registry, tmp_path, monkeypatch, kind
):
    original, out = published(kind), tmp_path / "run"
    before = digests(original)
    spec = spec_of(kind, "classes" if kind in SIZES else "captions")
    if kind == "sd1":  # from one place, read in another
        monkeypatch.chdir(original.parent)
        spec = spec.model_copy(update={"weights": original.name})
    steps = list(fit(spec, out, registry))
    monkeypatch.chdir(tmp_path)
    assert [step.number for step in steps] == [1, 2]
    plain = {"engine": {"device": "cpu", "layout": "plain"}, "spacing": {"steps": 2}}
    old, new = diffsmith.load(original, **plain), diffsmith.load(out, **plain)
    assert new.spec.scheduler == old.spec.scheduler
    assert new.spec.guidance == old.spec.guidance
    assert new.shape == old.shape
    trained, known = weights_of(new.network), weights_of(old.network)
    assert trained.keys() == known.keys()
    assert not all(torch.equal(trained[name], known[name]) for name in known)
    assert {name: _same(new, old, name) for name in ("autoencoder", *old.conditioners)} == dict.fromkeys(
        ("autoencoder", *old.conditioners), True
    )
    asked = {"labels": [0]} if kind == "dit" else {}
    prompt = "a red square" if old.conditioner else None
    assert len(new.generate(prompt, **asked, size=(SIZES.get(kind, 32),) * 2)) == 1
    assert digests(original) == before


def _same(left, right, part):
    left, right = (
        each.autoencoder if part == "autoencoder" else each.conditioners[part] for each in (left, right)
    )
    if left is None or right is None:
        return left is right
    return all(
        torch.equal(one, other) for one, other in zip(left.parameters(), right.parameters(), strict=True)
    )


@pytest.mark.parametrize(("kind", "stop"), [("sdxl", 1), ("dit", 2)])
def test_a_stopped_run_goes_on_to_the_same_weights(spec_of, registry, tmp_path, kind, stop):
    captions = "classes" if kind == "dit" else "captions"
    train = {"steps": 4, "accumulate": 2, "class_dropout": 0.5, "ema": 0.8, "precision": "bf16"}
    spec = spec_of(kind, captions, **train)
    whole = training_of(spec, registry)
    losses = [step.loss for step in whole.steps()]
    stopped = training_of(spec, registry, tmp_path)
    list(stopped.steps(stop))
    stopped.save()
    frugal = spec_of(kind, captions, **train, gradient_checkpointing=True)
    resumed = training_of(frugal, registry, tmp_path)
    assert [step.loss for step in resumed.steps()] == losses[stop:]
    left, right = resumed.average.state_dict(), whole.average.state_dict()
    assert all(torch.equal(left[name], right[name]) for name in right)


def test_other_weights_in_the_same_folder_are_refused(spec_of, published, registry, tmp_path):
    spec = spec_of("dit", "classes")
    list(fit(spec, tmp_path / "run", registry))
    list(fit(spec, tmp_path / "run", registry))
    elsewhere = spec.model_copy(update={"weights": str(published("dit") / "." / "transformer" / "..")})
    with pytest.raises(SpecError, match="was trained with another spec"):
        list(fit(elsewhere, tmp_path / "run", registry))


def test_what_comes_before_the_first_step_is_told_and_done_once(spec_of, registry, tmp_path, monkeypatch):
    spec = spec_of("sd1")
    first = list(fitting(spec, tmp_path / "one", registry))
    assert [type(event) for event in first[-2:]] == [Step, Step]
    told = [event for event in first if isinstance(event, Prepared)]
    assert list(dict.fromkeys(event.what for event in told)) == ["pictures encoded", "captions read"]
    assert told[0] == Prepared(0, 7, "pictures encoded")
    assert told[-1] == Prepared(3, 3, "captions read")
    monkeypatch.setattr(latents, "_encoded", None)  # who encodes now fails
    again = list(fitting(spec, tmp_path / "two", registry))
    assert [event.loss for event in again[-2:]] == [event.loss for event in first[-2:]]
    files = [tmp_path / run / "weights.safetensors" for run in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_finetuned_model_is_finetuned_again(spec_of, published, registry, tmp_path):
    once, twice = tmp_path / "once", tmp_path / "twice"
    list(fit(spec_of("sd1"), once, registry))
    values = {**read_yaml(once / "pipeline.yaml"), **spec_of("sd1").model_dump(include={"data", "train"})}
    values["model"]["weights"] = str(once / "weights.safetensors")
    list(fit(parse(TrainSpec, values), twice, registry))
    assert read_yaml(twice / "pipeline.yaml")["weights"] == str(published("sd1"))
    assert len(diffsmith.load(twice).generate("a blue square")) == 1


def test_without_an_average_the_last_weights_are_kept(spec_of, registry, tmp_path):
    spec = spec_of("dit", "classes", ema=0, checkpoint_every=1)
    training = training_of(spec, registry, tmp_path / "checkpoints")
    list(training.steps(1))
    saved = training.save()
    assert sorted(path.stem for path in saved.glob("*.safetensors")) == ["optimizer", "weights"]
    list(fit(spec, tmp_path, registry))
    whole = training_of(spec, registry)
    list(whole.steps())
    kept = load_file(tmp_path / "weights.safetensors")
    assert all(torch.equal(kept[name], tensor) for name, tensor in whole.network.state_dict().items())
    assert len(training.pipeline().generate(labels=[1])) == 1


def test_the_half_that_answers_the_variance_hears_nothing(spec_of, registry):
    training = training_of(spec_of("dit", "classes"), registry)
    list(training.steps(1))
    gradient = training.network.proj_out_2.weight.grad.view(2, 2, 8, -1)  # patch, patch, channels
    assert gradient[:, :, :4].abs().sum() > 0
    assert gradient[:, :, 4:].abs().sum() == 0


def test_a_published_table_keeps_its_classes(spec_of, registry):
    spec = spec_of("dit", "classes")
    material = material_of(spec, registry.bind("datasets", spec.data)(), registry)
    assert material.model.classes == 1000
    assert material.instead(torch.tensor([3, 4])).tolist() == [1000, 1000]
    assert set(material.rows.label.tolist()) == {0, 1, 2}


def test_a_transformer_keeps_its_places_and_a_u_net_takes_the_data_s_size(spec_of, registry):
    for kind, size, wanted in (("dit", 24, (4, 8, 8)), ("sd1", 24, (4, 12, 12))):
        spec = spec_of(kind, "classes", data={"size": size})
        material = material_of(spec, registry.bind("datasets", spec.data)(), registry)
        assert tuple(material.rows.x.shape[1:]) == (4, 12, 12)
        assert material.model.shape == wanted


def test_a_network_of_one_s_own_learns_the_latents_of_a_published_autoencoder(
    spec_of, published, registry, tmp_path
):
    theirs = spec_of("sd1")
    parts = {"autoencoder": theirs.autoencoder.to_dict(), "conditioner": theirs.conditioner.to_dict()}
    given = {name: {**part, "weights": str(published("sd1"))} for name, part in parts.items()}
    values = theirs.model_dump(include={"data", "train", "engine"}, exclude_unset=True)
    model = {"name": "conditional_unet", "text_width": 32, "groups": 8}
    list(fit(parse(TrainSpec, {**values, **given, "model": model}), tmp_path, registry))
    made = diffsmith.load(tmp_path)
    assert made.shape == (4, 16, 16)
    assert made.generate("a green square")[0].data.shape == (32, 32, 3)


def test_a_network_alone_lacks_its_autoencoder(spec_of, published, registry, tmp_path):
    values, _ = written(published("sd1") / "unet", registry)
    alone = {**values, **spec_of("sd1").model_dump(include={"data", "train"}, exclude_unset=True)}
    with pytest.raises(SpecError, match=r"has 3 channels, .* reads 4; weights of the whole pipeline"):
        list(fit(parse(TrainSpec, alone), tmp_path, registry))


@pytest.mark.parametrize(
    ("kind", "captions", "data", "told"),
    [
        (
            "sd1",
            "flat",
            {},
            r"data: flat\d+ has no captions, .* put a .txt file .* or sort them into folders",
        ),
        (
            "sd1",
            "captions",
            {"channels": 1},
            r"data: .* has 1 channels, conditional_unet reads 3; data.channels",
        ),
        ("sd1", "captions", {"size": 33}, r"data.size: 33 is no multiple of 2; nearest: 32 and 34"),
        ("sd1_inpaint", "captions", {}, "model: .* fills in masks, which training does not make"),
        ("lcm", "captions", {}, "model: .* was distilled .* train the model it was made from"),
        ("consistency", "classes", {}, "model: .* was distilled .* train the model it was made from"),
    ],
)
def test_what_cannot_be_trained_is_one_clear_sentence(
    spec_of, registry, tmp_path, kind, captions, data, told
):
    with pytest.raises(SpecError, match=told) as caught:
        list(fit(spec_of(kind, captions, data), tmp_path, registry))
    assert len(caught.value.faults) == 1
    assert list(tmp_path.glob("checkpoints")) == []


def test_more_classes_than_the_weights_know_are_refused(spec_of, registry, tmp_path):
    few = tmp_path / "few"
    list(fit(parse(TrainSpec, {"model": {"name": "dit", "depth": 1}, **_digits(2)}), few, registry))
    values = {**read_yaml(few / "pipeline.yaml"), **_digits(2)}
    values |= {"weights": str(few / "weights.safetensors")}
    values["model"]["classes"] = 9
    tensors = load_file(few / "weights.safetensors")
    table = next(name for name in tensors if "embedding_table" in name)
    save_file({**tensors, table: tensors[table][:10].clone()}, few / "weights.safetensors")
    with pytest.raises(SpecError, match="data: digits has 10 classes, dit knows 9: leave some out"):
        list(fit(parse(TrainSpec, values), tmp_path / "more", registry))


def _digits(steps):
    return {"data": "digits", "train": {"steps": steps, "batch": 2}, "engine": {"device": "cpu"}}


def test_gradient_checkpointing_changes_nothing_but_the_memory(registry):
    model = {"name": "unet", "width": 8, "dropout": 0.2}
    runs = []
    for frugal in (False, True):
        values = {"model": model, **_digits(3)}
        values["train"] |= {"gradient_checkpointing": frugal, "ema": 0}
        training = training_of(parse(TrainSpec, values), registry)
        losses = [step.loss for step in training.steps()]
        gradients = [weight.grad.clone() for weight in training.network.parameters()]
        runs.append((losses, gradients, training.pipeline()))
    assert runs[0][0] == runs[1][0]
    assert all(torch.equal(*pair) for pair in zip(runs[0][1], runs[1][1], strict=True))
    one, other = (run[2].generate(labels=[1])[0].data for run in runs)
    assert torch.equal(one, other)


def test_a_long_text_is_no_burden_to_the_short_ones(spec_of, pictures, registry, tmp_path):
    for file in pictures["captions"].iterdir():
        Path(tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "4.txt").write_text("a red square " * 40)
    spec = spec_of("sd1", data={"path": str(tmp_path)}, class_dropout=0, batch=7)
    material = material_of(spec, registry.bind("datasets", spec.data)(), registry)
    lengths = [len(row["text"]) for row in material.told.rows]
    assert lengths[-1] == 77
    assert max(lengths) > 77
    (step, *_) = training_of(spec, registry).steps()
    assert step.loss > 0
