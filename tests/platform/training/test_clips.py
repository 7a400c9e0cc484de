"""Models of clips trained: what each is told of a clip, what is kept, what comes out."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.films import film

import diffsmith
from diffsmith.documents import read_yaml
from diffsmith.engine import recompute
from diffsmith.errors import SpecError
from diffsmith.pipeline.adapting import with_adapter
from diffsmith.pipeline.building import written
from diffsmith.specs import TrainSpec, parse
from diffsmith.training import latents
from diffsmith.training.fit import Prepared, Step, fit, fitting
from diffsmith.training.material import material_of
from diffsmith.training.run import Training

KINDS = ("animatediff", "modelscope", "i2vgen", "svd")
PICTURES = ("i2vgen", "svd")
COLOURS = {"red": (200, 40, 40), "green": (30, 180, 60), "blue": (40, 60, 220)}
SIZE, FRAMES = (16, 32), 3


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Six clips of a colour that grows brighter, with captions beside them, or without."""
    roots = {told: tmp_path_factory.mktemp("told" if told else "bare") for told in (True, False)}
    for number in range(6):
        name, colour = list(COLOURS.items())[number % 3]
        light = np.linspace(0.4, 1, 4)[:, None, None, None] * np.ones((1, *SIZE, 1))
        frames = (light * colour).astype(np.uint8)
        for told, root in roots.items():
            film(root / f"{number}.mp4", frames)
            if told:
                (root / f"{number}.txt").write_text(f"a {name} light")
    return roots


@pytest.fixture
def spec_of(published, shown, registry):
    """spec_of("svd", data={"frames": 2}, steps=5): a tiny published one that learns those clips."""

    def spec(kind, data=(), told=None, changes=(), **train):
        values, _ = written(published(kind), registry)
        folder = shown[kind != "svd" if told is None else told]
        clips = {"name": "clips", "path": str(folder), "size": SIZE, "frames": FRAMES, **dict(data)}
        fitted = {"steps": 2, "batch": 2, "lr": 1e-3, "warmup": 0, **train}
        given = {"data": clips, "train": fitted, "engine": {"device": "cpu"}}
        return parse(TrainSpec, {**values, **given, **dict(changes)})

    return spec


def data_of(spec, registry):
    return registry.bind("datasets", spec.data)()


def training_of(spec, registry, folder=None):
    return Training(spec, data_of(spec, registry), registry, folder)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls_and_what_was_learnt_is_kept(spec_of, published, registry, tmp_path, kind):
    spec = spec_of(kind, steps=16, batch=4, lr=2e-3, class_dropout=0, ema=0.5)
    events = list(fitting(spec, tmp_path, registry))
    told = [event.what for event in events if isinstance(event, Prepared)]
    reading = "first pictures read" if kind in PICTURES else "captions read"
    assert list(dict.fromkeys(told)) == ["clips encoded", reading]
    losses = [event.loss for event in events if isinstance(event, Step)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < 0.8 * np.mean(losses[:5])
    kept = read_yaml(tmp_path / "pipeline.yaml")
    assert (kept["model"]["shape"], kept["model"]["fps"]) == ([4, FRAMES, 8, 16], 8.0)
    assert kept["weights"] == str(published(kind))
    pipeline = diffsmith.load(tmp_path, spacing={"steps": 2})
    trained = load_file(tmp_path / "weights.safetensors")
    assert trained.keys() == pipeline.network.state_dict().keys()
    (sample,) = pipeline.generate(**asked(pipeline, spec, tmp_path))
    assert sample.data.shape == (FRAMES, *SIZE, 3)
    assert sample.rate == 8


def asked(pipeline, spec, folder):
    """What a pipeline of that kind cannot do without."""
    from PIL import Image

    Image.new("RGB", (40, 32), (200, 40, 40)).save(folder / "picture.png")
    words = {"prompt": "a red light"} if "text" in pipeline.reads else {}
    return {**words, **({"image": folder / "picture.png"} if "picture" in pipeline.reads else {})}


@pytest.mark.parametrize("kind", ["svd", "modelscope"])
def test_a_stopped_run_goes_on_to_the_same_weights(spec_of, registry, tmp_path, kind):
    train = {"steps": 4, "class_dropout": 0.5, "ema": 0.8}
    whole = training_of(spec_of(kind, **train), registry)
    losses = [step.loss for step in whole.steps()]
    stopped = training_of(spec_of(kind, **train), registry, tmp_path)
    list(stopped.steps(2))
    stopped.save()
    frugal = training_of(spec_of(kind, **train, gradient_checkpointing=True), registry, tmp_path)
    assert [step.loss for step in frugal.steps()] == losses[2:]
    left, right = frugal.average.state_dict(), whole.average.state_dict()
    assert all(torch.equal(left[name], right[name]) for name in right)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_checkpointing_reaches_the_blocks_and_changes_nothing(spec_of, registry, monkeypatch, kind):
    recomputed, run = [], recompute.checkpoint

    def counted(forward, *args, **told):
        recomputed.append(forward)
        return run(forward, *args, **told)

    monkeypatch.setattr(recompute, "checkpoint", counted)
    gradients = []
    for frugal in (False, True):
        training = training_of(spec_of(kind, gradient_checkpointing=frugal, ema=0), registry)
        next(training.steps())
        assert bool(recomputed) == frugal
        gradients.append([weight.grad.clone() for weight in training.network.parameters()])
    assert all(torch.equal(*pair) for pair in zip(*gradients, strict=True))
    assert len(recomputed) > 10


@pytest.mark.parametrize("kind", PICTURES)
def test_a_clip_is_told_by_its_own_first_picture_and_dropped_by_its_own_nothing(spec_of, registry, kind):
    spec = spec_of(kind, class_dropout=1)
    material = material_of(spec, data_of(spec, registry), registry)
    rows, count = material.rows, len(material.rows)
    assert count == 4
    assert rows.label.tolist() == [0, 1, 2, 3]
    told, nothing = material.told(rows.label), material.told(material.instead(rows.label))
    assert material.instead(rows.label).tolist() == [4, 5, 6, 7]
    if kind == "svd":
        assert told["numbers"].tolist() == [[7, 127, pytest.approx(0.02)]] * count
        assert torch.equal(nothing["numbers"], told["numbers"])
        assert nothing["beside"].abs().sum() == nothing["text"].abs().sum() == 0
        first = rows.x[:, :, :1] / 0.18215  # its latents, noised a little and not yet scaled
        assert torch.cosine_similarity(told["beside"].flatten(1), first.flatten(1)).min() > 0.9
    else:
        torch.testing.assert_close(told["beside"][:, :, 0], rows.x[:, :, 0], rtol=1e-4, atol=1e-4)
        assert torch.equal(nothing["beside"], told["beside"])
        assert nothing["image"].abs().sum() == 0
        assert len({row.sum().item() for row in told["text"]}) > 1
    again = material_of(spec, data_of(spec, registry), registry).told(rows.label)
    assert all(torch.equal(again[name], told[name]) for name in told)


def test_what_is_dropped_is_learnt_too(spec_of, registry):
    """With nothing told at all, the network never hears of a picture: those weights stay."""
    training = training_of(spec_of("svd", class_dropout=1.0, weight_decay=0, ema=0), registry)
    before = {name: weight.clone() for name, weight in training.network.named_parameters()}
    list(training.steps())
    inner = training.network.conv_in.weight[:, 4:] - before["conv_in.weight"][:, 4:]
    outer = training.network.conv_in.weight[:, :4] - before["conv_in.weight"][:, :4]
    assert inner.abs().max() == 0
    assert outer.abs().max() > 0


def test_latents_are_made_once(spec_of, registry, tmp_path, monkeypatch):
    first = list(fit(spec_of("svd"), tmp_path / "one", registry))
    monkeypatch.setattr(latents, "_encoded", None)  # who encodes now fails
    again = list(fit(spec_of("svd"), tmp_path / "two", registry))
    assert [step.loss for step in again] == [step.loss for step in first]


@pytest.mark.parametrize(
    ("kind", "data", "more", "told"),
    [
        ("modelscope", {}, {"told": False}, r"data: bare\d+ has no captions, which this model reads"),
        ("svd", {"size": [16, 33]}, {}, "data.size: 33 is no multiple of 2; nearest: 32 and 34"),
        ("svd", {"channels": 1}, {}, "data: .* has 1 channels, spatio_temporal_unet reads 3; data.channels"),
        ("svd", {"frames": 9}, {}, "holds no clip of 9 frames at 8 a second; ask for fewer frames"),
        (
            "animatediff",
            {"frames": 9, "rate": 24},
            {},
            "data.frames: motion_unet learns from 1 to 8 at once, not from 9",
        ),
        (
            "svd",
            {},
            {"changes": {"data": "digits"}},
            "data: digits is image data, spatio_temporal_unet makes video",
        ),
    ],
)
def test_what_cannot_be_learnt_is_one_clear_sentence(spec_of, registry, tmp_path, kind, data, more, told):
    with pytest.raises((SpecError, diffsmith.errors.FileFault), match=told):
        list(fit(spec_of(kind, data, **more), tmp_path, registry))
    assert list(tmp_path.glob("checkpoints")) == []


@pytest.mark.parametrize("name", ["space_time_unet", "space_time_dit"])
def test_a_network_of_one_s_own_knows_how_long_and_how_fast_its_clips_are(name, registry, tmp_path):
    small = {"name": name, **({"width": 8, "patch": 4} if "unet" in name else {"patch": 4, "depth": 2})}
    data = {"name": "moving_digits", "frames": 4, "size": 16, "clips": 100}
    train = {"steps": 3, "batch": 4, "warmup": 0}
    values = {"model": small, "data": data, "train": train, "engine": {"device": "cpu"}}
    list(fit(parse(TrainSpec, {**values, "spacing": {"steps": 2}}), tmp_path, registry))
    kept = read_yaml(tmp_path / "pipeline.yaml")["model"]
    assert (kept["shape"], kept["classes"], kept["fps"]) == ([1, 4, 16, 16], 10, 8.0)
    pipeline = diffsmith.load(tmp_path)
    assert pipeline.generate(labels=3)[0].data.shape == (4, 16, 16, 1)
    assert pipeline.generate(labels=3, frames=6)[0].data.shape == (6, 16, 16, 1)


def test_adapters_are_learnt_with_the_network_and_not_put_in_again(spec_of, published, registry, tmp_path):
    values, _ = written(published("sd1"), registry)
    adapted = with_adapter(values, published("animatediff") / "motion_adapter", registry)
    changes = {name: adapted[name] for name in ("model", "adapters")}
    list(fit(spec_of("sd1", told=True, changes=changes), tmp_path, registry))
    assert "adapters" not in read_yaml(tmp_path / "pipeline.yaml")
    pipeline = diffsmith.load(tmp_path, engine={"device": "cpu", "layout": "plain"})
    trained, loaded = load_file(tmp_path / "weights.safetensors"), pipeline.network.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in trained.items())
    twice = {**changes, "adapters": changes["adapters"] * 2}
    with pytest.raises(SpecError, match="was trained with another spec"):
        list(fit(spec_of("sd1", told=True, changes=twice), tmp_path, registry))
