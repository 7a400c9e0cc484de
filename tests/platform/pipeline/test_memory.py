"""Memory counted without being taken: as much as is taken, and less where a setting saves some."""

from dataclasses import replace
from functools import cache, partial
from types import SimpleNamespace

import pytest
import torch

from diffsmith.engine import Allocations
from diffsmith.pipeline import request_of
from diffsmith.pipeline.building import refining
from diffsmith.pipeline.memory import need, savings
from diffsmith.registry import default_registry
from diffsmith.specs import Choice, ContextSpec

from .untrained import made

KINDS = ("svd", "animatediff", "sd1", "sd1_inpaint", "sdxl")
FRAMES = {"svd": 3, "animatediff": 4}


@pytest.fixture(scope="module")
def asking(loaded, picture, mask):
    """asking("svd", seeds=[0], dtype="bfloat16"): a tiny pipeline with that engine, and what is asked of it.

    The engine is written in its spec alone: what runs is always plain, in single precision.
    """
    once = cache(partial(loaded, guidance={"name": "cfg", "scale": 3.0}, engine={"layout": "plain"}))

    def ask(kind, seeds=(0, 1), *, size=(32, 64), context=None, **engine):
        pipeline = once(kind)
        chosen = {"engine": pipeline.spec.engine.model_copy(update=engine), "context": context}
        pipeline = replace(pipeline, spec=pipeline.spec.model_copy(update=chosen))
        words = {"prompt": "a cube"} if "text" in pipeline.reads else {}
        shown = {"image": picture} if kind in ("svd", "sd1_inpaint") else {}
        masked = {"mask": mask} if kind == "sd1_inpaint" else {}
        lasting = {"frames": FRAMES[kind]} if kind in FRAMES else {}
        return pipeline, request_of(seeds=seeds, size=size, **words, **shown, **masked, **lasting)

    return ask


def taken(pipeline, request):
    """Bytes that a step of the walk and the decoder took at most, as they were."""
    peaks = {"walking": 0, "decoding": 0}

    def counting(what, call):
        def counted(*args, **told):
            with torch.no_grad(), Allocations() as allocations:
                out = call(*args, **told)
            peaks[what] = max(peaks[what], allocations.peak)
            return out

        return counted

    network, autoencoder = pipeline.network, pipeline.autoencoder
    network.forward = counting("walking", network.forward)
    decode = autoencoder.decode
    object.__setattr__(autoencoder, "decode", counting("decoding", decode))
    try:
        pipeline.generate(request)
    finally:
        del network.forward
        del autoencoder.decode
    return SimpleNamespace(**peaks)


@pytest.mark.parametrize(("kind", "dtype"), [(kind, "float32") for kind in KINDS] + [("sd1", "bfloat16")])
def test_weights_are_counted_to_the_byte(loaded, asking, kind, dtype):
    """An autoencoder that half precision is too coarse for stays as it was."""
    pipeline = loaded(kind, engine={"layout": "plain", "dtype": dtype})
    parts = [pipeline.network, pipeline.autoencoder, *pipeline.conditioners.values()]
    held = sum(weight.nbytes for part in parts for weight in part.parameters())
    assert need(*asking(kind, dtype=dtype)).weights == held


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_counted_is_what_is_taken(asking, kind):
    pipeline, request = asking(kind)
    counted, real = need(pipeline, request), taken(pipeline, request)
    assert counted.walking == pytest.approx(real.walking, rel=0.2)
    assert counted.decoding == pytest.approx(real.decoding, rel=0.2)
    assert counted.total == counted.weights + max(counted.walking, counted.decoding)


def test_windows_and_chunks_are_counted_as_they_are_taken(asking):
    pipeline, request = asking("animatediff", context=ContextSpec(length=2, overlap=1), decode_frames=2)
    counted, real = need(pipeline, request), taken(pipeline, request)
    assert counted.walking == pytest.approx(real.walking, rel=0.2)
    assert counted.decoding == pytest.approx(real.decoding, rel=0.2)


LOWERS = {
    "dtype": ("bfloat16", {"weights", "walking"}),  # these autoencoders stay in float32
    "batch": (1, {"walking"}),
    "guidance": ("apart", {"walking"}),
    "decode_frames": (1, {"decoding"}),
    "decode": ("tiled", {"decoding"}),
    "offload": (True, {"weights"}),
}


@pytest.mark.parametrize("name", LOWERS)
@pytest.mark.parametrize("kind", ["svd", "sd1"])
def test_each_setting_lowers_what_it_shall_and_nothing_else(asking, kind, name):
    value, lowered = LOWERS[name]
    size = (48, 64)  # larger than a tile
    before, after = (need(*asking(kind, size=size, **engine)) for engine in ({}, {name: value}))
    if kind == "sd1":  # pictures are decoded together, and have no frames
        lowered = {"batch": {"walking", "decoding"}, "decode_frames": set()}.get(name, lowered)
    fell = {
        part for part in ("weights", "walking", "decoding") if getattr(after, part) < getattr(before, part)
    }
    rose = {
        part for part in ("weights", "walking", "decoding") if getattr(after, part) > getattr(before, part)
    }
    assert (fell, rose) == (lowered, set())


def test_what_saves_most_comes_first_and_saves_as_much(asking):
    now, saved = savings(*asking("svd", size=(48, 64)))
    assert now == need(*asking("svd", size=(48, 64)))
    names = [name for name, _ in saved]
    assert {"engine.dtype=bfloat16", "engine.batch=1", "engine.guidance=apart"} <= {*names}
    assert [most for _, most in saved] == sorted((most for _, most in saved), reverse=True)
    apart = need(*asking("svd", size=(48, 64), guidance="apart"))
    assert dict(saved)["engine.guidance=apart"] == now.total - apart.total
    assert "engine.offload=true" not in names, "this is the CPU's own memory"


def test_where_decoding_is_the_worst_moment_it_is_made_smaller(asking):
    small = {"seeds": [0], "size": (64, 64), "guidance": "apart", "dtype": "bfloat16"}
    pipeline, request = asking("svd", **small)
    now, saved = savings(pipeline, request)
    worst = "decoding" if now.decoding > now.walking else "walking"
    assert any(name.startswith("engine.decode") for name, _ in saved) == (worst == "decoding")


def test_nothing_is_named_that_is_there_already_or_cannot_be(asking):
    frugal = {"dtype": "bfloat16", "batch": 1, "guidance": "apart", "decode": "tiled", "decode_frames": 1}
    assert savings(*asking("svd", **frugal))[1] == []
    _, saved = savings(*asking("sd1", seeds=[0]))
    assert not [name for name, _ in saved if "decode_frames" in name or "context" in name or "batch" in name]


def test_windows_are_named_where_they_are_possible(asking):
    now, saved = savings(*asking("animatediff"))
    assert dict(saved)["context.length=2"] > 0.4 * now.walking
    cached = asking("animatediff", cache=Choice(name="deep_features"))
    assert not [name for name, _ in savings(*cached)[1] if name.startswith("context")]


def test_a_pipeline_without_anything_beside_its_network():
    small = {"name": "space_time_unet", "width": 8, "multipliers": [1]}
    pipeline = made(shape=(1, 4, 8, 8), model=small, engine={"device": "cpu", "layout": "plain"})
    counted = need(pipeline, request_of(labels=[1, 2]))
    held = sum(weight.nbytes for weight in pipeline.network.parameters())
    assert (counted.weights, counted.decoding) == (held, 0)
    assert counted.walking == pytest.approx(2 * need(pipeline, request_of(labels=1)).walking, rel=0.2)


def test_a_refiner_has_weights_too(loaded, published, asking):
    refiner = {**refining(published("sdxl_refiner"), default_registry()), "at": 0.5}
    both = loaded("sdxl", refiner=refiner, engine={"layout": "plain"})
    _, request = asking("sdxl")
    theirs = [both.refiner.network, *both.refiner.conditioners.values()]
    counted = need(both, request).weights - need(*asking("sdxl")).weights
    assert counted == sum(weight.nbytes for part in theirs for weight in part.parameters())
