"""From a request to samples: the same ones whatever the batch."""

import pytest
import torch

from diffsmith.diffusion.noise import Seeded
from diffsmith.errors import SpecError
from diffsmith.pipeline import request_of
from diffsmith.specs import Request

from .untrained import REGISTRY, finals, made

VARYING = {"dpm_adaptive", "dpm_fast"}  # they place steps of their own


@pytest.mark.parametrize("scheduler", REGISTRY.names("schedulers"))
def test_every_scheduler_walks_with_a_network(scheduler):
    """At every spacing and on every path: tests/platform/sampling, with a network that costs nothing."""
    pipeline = made(None, (1, 2, 2), {"multipliers": [1]}, scheduler=scheduler)
    frames = list(pipeline.frames(Request()))
    assert all(frame.x.isfinite().all() and frame.x0.isfinite().all() for frame in frames)
    assert scheduler in VARYING or len(frames) == pipeline.steps(Request())


def test_a_threshold_keeps_every_sample_within_its_limit():
    last = finals(made(None, threshold={"name": "clip", "limit": 0.25}), (0, 1))
    assert last.abs().max() == 0.25
    assert finals(made(None), (0, 1)).abs().max() > 0.25


def test_noise_is_a_choice_and_a_sample_depends_on_its_seed_alone_there_too():
    plain, brownian = (made(None, scheduler="dpmpp_sde", noise=name) for name in ("seeded", "brownian"))
    together = finals(brownian, (3, 8))
    torch.testing.assert_close(together[1:], finals(brownian, (8,)), rtol=1e-3, atol=1e-3)
    assert not torch.allclose(together, finals(plain, (3, 8)))


def test_a_consistency_model_s_boundary_is_put_around_it():
    """Where that counts all timesteps as the clean end, the estimate is x itself."""
    near = made(
        None,
        model={"boundary": {"name": "lcm_boundary", "timestep_scaling": 1e-9}},
        scheduler="ddim",
        spacing={"name": "explicit_sigmas", "sigmas": [1.0]},
    )
    (frame,) = near.frames(Request(seeds=(0,)))
    start = Seeded([0])(torch.zeros(1, 1, 8, 8), None, None)
    torch.testing.assert_close(frame.x0, start, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scheduler", ["ddpm", "dpmpp_2m", "heun", "lcm"])
def test_a_sample_depends_on_its_seed_alone(scheduler):
    """A batch of another size may sum in another order, which an untrained network makes more of."""
    pipeline = made(scheduler=scheduler)
    together = finals(pipeline, (4, 9, 11), (0, 1, 2))
    alone = torch.cat([finals(pipeline, (seed,), (label,)) for seed, label in ((4, 0), (9, 1), (11, 2))])
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-3)
    assert torch.equal(together, finals(pipeline, (4, 9, 11), (0, 1, 2)))
    assert not torch.allclose(together[:1], finals(pipeline, (5,), (0,)), atol=0.1)


@pytest.mark.parametrize("kind", ["sd1", "sdxl", "pixart_alpha", "lcm"])
def test_a_sample_of_a_text_depends_on_its_seed_and_words_alone(loaded, kind):
    """A longer prompt beside it does not matter, nor how many there are."""
    pipeline = loaded(kind)
    words = ("a red cube", "the sky at night", "x " * 20)
    away = {} if kind == "lcm" else {"negatives": ("blurry",)}
    together = finals(pipeline, (4, 9, 11), prompts=words, **away)
    for row, (seed, prompt) in enumerate(zip((4, 9, 11), words, strict=True)):
        alone = finals(pipeline, (seed,), prompts=(prompt,), **away)
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(together[:1], finals(pipeline, (4,), prompts=words[1:2]), atol=1e-2)


@pytest.mark.parametrize("batch", [1, 2, 5, 64])
def test_the_engine_s_batch_changes_nothing_but_speed(batch):
    reference = made().generate(labels=[0, 1, 2, 0, 1], seed=3)
    samples = made(engine={"device": "cpu", "batch": batch}).generate(labels=[0, 1, 2, 0, 1], seed=3)
    assert [(sample.seed, sample.label) for sample in samples] == [(3, 0), (4, 1), (5, 2), (6, 0), (7, 1)]
    for sample, other in zip(samples, reference, strict=True):
        difference = sample.data.int() - other.data.int()
        assert difference.abs().max() <= 1  # a rounding that fell the other way


def test_batches_of_words_are_cut_with_their_seeds(loaded):
    """Many prompts go with their seeds, one serves all."""
    pipeline = loaded("sd1", engine={"batch": 2})
    told = {"prompt": ["a red cube", "the sky", "a lake"], "negative": "blurry", "seeds": [5, 6, 7]}
    samples = pipeline.generate(**told)
    assert [each.asked["prompt"] for each in samples] == told["prompt"]
    assert {each.asked["negative"] for each in samples} == {"blurry"}
    for each in samples:
        (alone,) = pipeline.generate(each.asked["prompt"], negative="blurry", seed=each.seed)
        assert (alone.data.int() - each.data.int()).abs().max() <= 1
    assert pipeline.steps(request_of(seeds=[5, 6, 7], prompt="x")) == 2 * 3


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "auto"])
def test_other_number_formats_make_nearly_the_same(dtype):
    plain, short = (made(engine={"device": "cpu", "dtype": each}) for each in ("float32", dtype))
    torch.testing.assert_close(finals(short, (0,), (1,)), finals(plain, (0,), (1,)), rtol=0.1, atol=0.2)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "auto"])
@pytest.mark.parametrize("kind", ["sd1", "sdxl", "pixart_alpha_sizes"])
def test_published_models_make_nearly_the_same_in_other_number_formats(loaded, kind, dtype):
    """Their autoencoders and readers too."""
    (plain,), (short,) = (
        loaded(kind, engine={"dtype": each}).generate("a red cube", negative="blurry", size=[32, 32])
        for each in ("float32", dtype)
    )
    assert (plain.data.int() - short.data.int()).abs().float().mean() < 12


def test_generate_in_a_person_s_words():
    pipeline = made()
    assert [(each.seed, each.label) for each in pipeline.generate()] == [(0, None)]
    assert [(each.seed, each.label) for each in pipeline.generate(labels=2, seed=8)] == [(8, 2)]
    assert [(each.seed, each.label) for each in pipeline.generate(labels=[0, 2], seed=1)] == [(1, 0), (2, 2)]
    assert [(each.seed, each.label) for each in pipeline.generate(labels=1, seeds=[7, 3])] == [(7, 1), (3, 1)]
    assert [(each.seed, each.label) for each in pipeline.generate(seeds=range(2))] == [(0, None), (1, None)]
    request = Request(seeds=(5,), labels=(2,))
    assert [(each.seed, each.label) for each in pipeline.generate(request)] == [(5, 2)]
    with pytest.raises(SpecError, match=r"^request: it is whole already"):
        pipeline.generate(request, labels=2)


def test_a_text_model_in_a_person_s_words(loaded, picture):
    pipeline = loaded("sd1", steps=2)
    (sample,) = pipeline.generate("a cube", negative="blurry", size=(16, 24), seed=4)
    assert sample.data.shape == (16, 24, 3)
    assert sample.asked == {"prompt": "a cube", "negative": "blurry", "size": [16, 24]}
    (sample,) = pipeline.generate("a cube", image=str(picture), strength=0.5)
    assert sample.asked == {"prompt": "a cube", "image": str(picture), "strength": 0.5}
    assert [each.seed for each in pipeline.generate(prompt=["a cube", "a lake"], seed=3)] == [3, 4]


def test_labels_matter_and_none_is_a_class_of_its_own():
    pipeline = made()
    zero, one, nobody = finals(pipeline, (0,), (0,)), finals(pipeline, (0,), (1,)), finals(pipeline, (0,))
    assert not torch.allclose(zero, one)
    assert not torch.allclose(zero, nobody)


def test_a_model_without_classes_makes_samples_without_labels():
    assert [sample.label for sample in made(None).generate(seeds=[1, 2])] == [None, None]


def test_frames_refuse_a_wrong_request_before_the_first_step(loaded):
    with pytest.raises(SpecError, match="not a class"):
        made().frames(Request(labels=(9,)))
    with pytest.raises(SpecError, match="no multiple of 2"):
        loaded("sd1").frames(request_of(prompt="x", size=(33, 32)))


@pytest.mark.parametrize(
    ("scheduler", "steps", "calls"), [("ddim", 5, 5), ("heun", 5, 9), ("dpmpp_2m", 1, 1)]
)
@pytest.mark.parametrize(("guidance", "times"), [("none", 1), ("cfg", 2), ({"name": "cfg", "scale": 1}, 1)])
def test_calls_of_the_network_are_counted(scheduler, steps, calls, guidance, times):
    samples = made(scheduler=scheduler, steps=steps, guidance=guidance).generate(labels=[0, 1])
    assert [sample.denoiser_calls for sample in samples] == [calls * times] * 2


def test_guidance_pushes_away_from_no_class():
    plain, guided, other = (
        finals(made(steps=1, guidance={"name": "cfg", "scale": scale}), (0,), (1,)) for scale in (0, 1, 3)
    )
    torch.testing.assert_close(other, plain + 3 * (guided - plain), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(plain, finals(made(steps=1), (0,)), rtol=1e-5, atol=1e-5)


def test_frames_are_as_many_as_steps_and_end_clean():
    frames = list(made(steps=7).frames(Request(seeds=(0, 1))))
    assert [frame.index for frame in frames] == list(range(7))
    assert frames[-1].level.sigma == 0
    assert torch.equal(frames[-1].x, frames[-1].x0)
    assert not frames[-1].x.requires_grad


def test_observers_hear_the_samples(monkeypatch):
    heard = []
    monkeypatch.setattr(REGISTRY, "shout", lambda hook, **facts: heard.append((hook, facts)))
    samples = made().generate(labels=[0, 1])
    assert heard == [("diffsmith_samples_made", {"samples": samples})]


def test_the_parts_are_within_reach(loaded):
    """For people who build their own."""
    pipeline = loaded("sdxl")
    assert set(pipeline.conditioners) == {"text_encoder", "text_encoder_2"}
    x = torch.zeros(1, 3, 32, 24)
    latents = pipeline.encoded(x)
    assert (latents.shape, latents.dtype) == ((1, 4, 16, 12), torch.float32)
    assert pipeline.decoded(latents).shape == (1, 32, 24, 3)
    assert made().conditioners == {}
    assert torch.equal(made().encoded(x), x)


@pytest.mark.parametrize("decode", ["sliced", "tiled"])
def test_latents_become_pictures_in_pieces_too(loaded, decode):
    """Tiles are larger than these: there it is what tests/platform/autoencoders compare."""
    whole, pieces = (loaded("sd1", engine={"decode": each}) for each in ("whole", decode))
    latents = torch.randn(3, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    difference = whole.decoded(latents).int() - pieces.decoded(latents).int()
    assert difference.abs().max() <= 1


def test_a_network_s_damage_is_told_by_its_layer(loaded):
    pipeline = loaded("sd1", engine={"layout": "plain"})
    broken = pipeline.network.mid_block.resnets[0].conv1
    with torch.no_grad():
        broken.bias[0] = torch.nan
    with pytest.raises(
        Exception, match=r"network call 1 of this walk: .* begins in mid_block.resnets.0.conv1"
    ):
        pipeline.generate("a cube")
