"""Where a refiner takes over; that it then makes what diffusers' does: tests/parity/test_pipelines.py."""

import pytest
import torch

import diffsmith
from diffsmith.errors import SpecError
from diffsmith.pipeline import request_of
from diffsmith.pipeline.building import refining
from diffsmith.pipeline.handover import going_on, until
from diffsmith.registry import default_registry


@pytest.fixture
def refined(loaded, published):
    """refined(steps=5, at=0.8): SDXL and its refiner, tiny."""

    def load(at=0.8, **changes):
        refiner = refining(published("sdxl_refiner"), default_registry())
        return loaded("sdxl", refiner={**refiner, "at": at}, **changes)

    return load


@pytest.mark.parametrize("scheduler", ["euler", "dpmpp_2m", "heun", "dpm++ 2m karras", "euler_ancestral"])
@pytest.mark.parametrize(("at", "first"), [(0.8, 6), (0.5, 4), (0.1, 1)])
def test_every_level_is_walked_once_by_either(refined, scheduler, at, first):
    pipeline = refined(
        at, scheduler=scheduler, steps=7, guidance="none", spacing={"name": "trailing", "steps": 7}
    )
    request = request_of(prompt="a cube", seeds=[1, 2])
    calls = [0, 0]

    def counting(which):
        return lambda *_: calls.__setitem__(which, calls[which] + 1)

    pipeline.network.register_forward_hook(counting(0))
    pipeline.refiner.network.register_forward_hook(counting(1))
    frames = list(pipeline.frames(request))
    levels = [frame.level.log_snr for frame in frames]
    assert len(frames) == pipeline.steps(request) == 7
    assert levels == sorted(set(levels))
    torch.testing.assert_close(torch.tensor(levels), pipeline.log_snrs[1:].float())
    assert [frame.index for frame in frames].index(0, 1) == first or "karras" in scheduler
    assert all(calls)


def test_samples_are_decoded_and_counted_once(refined):
    pipeline = refined(steps=5, engine={"batch": 2})
    samples = pipeline.generate("a cube", seeds=[1, 2, 3])
    assert [each.denoiser_calls for each in samples] == [2 * 5] * 3
    assert pipeline.steps(request_of(prompt="a cube", seeds=[1, 2, 3])) == 10
    assert samples[0].spec["refiner"]["at"] == 0.8
    assert all(torch.equal(*pair) for pair in _twice(pipeline))


def _twice(pipeline):
    one, other = (pipeline.generate("a cube", seeds=[4, 5]) for _ in range(2))
    return zip((each.data for each in one), (each.data for each in other), strict=True)


def test_a_refiner_walks_and_runs_as_the_first_does_but_for_what_it_says(refined, published, loaded):
    pipeline = refined(steps=4, scheduler="heun", guidance={"name": "cfg", "scale": 3.0})
    spec = pipeline.refiner.spec
    assert (spec.scheduler, spec.spacing, spec.guidance, spec.engine) == (
        pipeline.spec.scheduler,
        pipeline.spec.spacing,
        pipeline.spec.guidance,
        pipeline.spec.engine,
    )
    assert "scheduler" not in pipeline.spec.to_dict()["refiner"]
    own = refining(published("sdxl_refiner"), default_registry())
    pipeline = loaded("sdxl", refiner={**own, "guidance": "none"})
    assert pipeline.refiner.spec.guidance.name == "none"


def test_a_refiner_is_named_by_its_source(published):
    pipeline = diffsmith.load(published("sdxl"), refiner=published("sdxl_refiner"))
    assert pipeline.refiner.conditioners.keys() == {"text_encoder_2"}


def test_what_is_around_a_mask_stays_as_it_was(refined, picture, mask):
    """The first model shows it with noise to the second, and only the end is without."""
    pipeline = refined(steps=6)
    request = request_of(prompt="a cube", image=str(picture), mask=str(mask), strength=0.9)
    *_, last = pipeline.frames(request)
    whole = pipeline.refiner.encoded(pipeline.modality.read(picture, 3, None, 2)[None])
    torch.testing.assert_close(last.x[..., :8], whole[..., :8])
    assert not torch.allclose(last.x[..., 8:], whole[..., 8:], atol=0.1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"at": 0.8, "steps": 1},
            r"^refiner.at: 0.8 leaves no step for the first model; ask for more steps, or begin with",
        ),
        ({"at": 0.999, "steps": 2}, r"^refiner.at: leaves no step for the refiner; ask for more steps"),
    ],
)
def test_too_few_steps_for_two_are_told_before_the_first(refined, changes, told):
    with pytest.raises(SpecError, match=told):
        refined(**changes).frames(request_of(prompt="a cube"))


def test_what_cannot_refine_is_told(loaded, published):
    registry = default_registry()
    own = refining(published("sdxl_refiner"), registry)
    for refiner, told in {
        "ddpm": "^.*refiner: pixel_unet works on 3 channels, and conditional_unet makes 4; name one",
        "sdx": "there is no file or folder 'sdx'; model.name: unknown name 'sdx'",
    }.items():
        with pytest.raises(SpecError, match=told):
            loaded("sdxl", refiner=published(refiner) if refiner == "ddpm" else refiner)
    with pytest.raises(SpecError, match=r"refiner.refiner: a refiner has none of its own"):
        loaded("sdxl", refiner={**own, "refiner": own})
    with pytest.raises(SpecError) as caught:
        loaded("sdxl", refiner=own, scheduler="dim")
    assert len(caught.value.faults) == 1
    with pytest.raises(SpecError, match=r"refiner.guidance.name: unknown name 'cfgg'"):
        loaded("sdxl", refiner={**own, "guidance": "cfgg"})


def test_levels_are_shared_at_a_whole_timestep(loaded):
    pipeline = loaded("sdxl", steps=5)
    timesteps = pipeline.schedule.time(pipeline.log_snrs[:-1]) * 999
    for at in (0.2, 0.5, 0.8):
        own = until(pipeline.schedule, pipeline.log_snrs, at)
        asked = (timesteps >= 1000 * (1 - at) - 1e-3).sum()
        assert len(own) == asked + 1
        rest = going_on(pipeline.log_snrs, own[-1].item())
        torch.testing.assert_close(torch.cat([own, rest[1:]]), pipeline.log_snrs)
