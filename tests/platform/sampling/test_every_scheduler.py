"""What holds for every registered scheduler, whoever brought it."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diffsmith import factory
from diffsmith.diffusion import levels
from diffsmith.diffusion.answers import Answer
from diffsmith.diffusion.noise import Seeded
from diffsmith.errors import SpecError
from diffsmith.registry import default_registry
from diffsmith.sampling import frames, load_frame, sample, save_frame
from diffsmith.specs import Choice, SchedulerSpec
from diffsmith.testing import bare

REGISTRY = default_registry()
SCHEDULERS = REGISTRY.names("schedulers")
TO_NOISE = {"ddim_inverse"}
"""Those that walk from clean to noise."""
FORWARD = [name for name in SCHEDULERS if name not in TO_NOISE]
ADAPTIVE = {card.name for card in REGISTRY.entries("schedulers") if not card.evaluations}
"""Those that choose their own steps, to a tolerance for the whole batch."""
DIVERGING = {"annealed_langevin"}
"""Its steps are sized by the ratio of the levels: on a grid that spans too much it must diverge."""
EXPLICIT = {
    "explicit_timesteps": {"timesteps": [999, 600, 300, 5]},
    "explicit_sigmas": {"sigmas": [20.0, 3.0, 0.5, 0.1]},
    "explicit_log_snrs": {"log_snrs": [-3.0, 0.0, 2.0, 3.0]},
}


class Net:
    """Cheap, bounded, and not linear; counts how often it is asked."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x, told):
        self.calls += 1
        return 0.7 * torch.tanh(x) + 0.1


def runs_or_is_refused(**options):
    net = Net()
    try:
        walked = list(frames(net, shape=(2,), seeds=[3], dtype=torch.float64, **options))
    except SpecError as error:
        assert net.calls == 0, f"{options}: refused too late: {error}"
        assert error.faults[0].partition(":")[0].split(".")[0] in {
            "spacing",
            "scheduler",
            "prediction",
            "path",
        }
        return False
    assert walked
    for frame in walked:
        assert frame.x.isfinite().all(), options
        assert frame.x0.isfinite().all(), options
    return True


def spaced(name, steps=4):
    return {"name": name, "steps": steps, **EXPLICIT.get(name, {})}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_runs_finite_or_is_refused_on_every_schedule(scheduler):
    """Each with the prediction and the spacing that stand at its place in their rounds."""
    rounds = itertools.cycle(REGISTRY.names("predictions")), itertools.cycle(REGISTRY.names("spacings"))
    offset = SCHEDULERS.index(scheduler)
    for each in rounds:
        list(itertools.islice(each, offset))
    ran = [
        runs_or_is_refused(scheduler=scheduler, path=path, prediction=prediction, spacing=spaced(spacing))
        for path, prediction, spacing in zip(REGISTRY.names("schedules"), *rounds, strict=False)
    ]
    assert any(ran)
    assert runs_or_is_refused(scheduler=scheduler, path="vp", prediction="v", steps=4)


@pytest.mark.parametrize("path", REGISTRY.names("schedules"))
def test_every_spacing_and_prediction_runs_finite_or_is_refused(path):
    for prediction in REGISTRY.names("predictions"):
        ran = [
            runs_or_is_refused(
                scheduler="dpmpp_2m", path=path, prediction=prediction, spacing=spaced(spacing)
            )
            for spacing in REGISTRY.names("spacings")
        ]
        assert any(ran), prediction


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_goes_on_from_any_frame_to_the_very_same_sample(scheduler, tmp_path):
    options = {"scheduler": scheduler, "steps": 6, "seeds": [3, 8], "spacing": "karras"}
    whole = list(frames(Net(), shape=(5,), **options))
    end = sample(Net(), shape=(5,), **options)
    for frame in whole[:-1]:
        kept = load_frame(save_frame(frame, tmp_path / "frame.safetensors"))
        *_, last = frames(Net(), kept, **options)
        assert torch.equal(last.x, whole[-1].x), f"after step {frame.index}"
        assert torch.equal(last.x0, whole[-1].x0)
        assert (last.index, last.level, last.drawn) == (whole[-1].index, whole[-1].level, whole[-1].drawn)
    assert torch.equal(sample(Net(), whole[2], **options), end)
    assert torch.equal(sample(Net(), whole[-1], **options), end)


@pytest.mark.parametrize("scheduler", [name for name in SCHEDULERS if name not in ADAPTIVE])
def test_one_seed_is_one_sample_in_a_batch_of_any_size(scheduler):
    options = {"scheduler": scheduler, "shape": (1, 4, 4), "steps": 5, "dtype": torch.float64}
    together = sample(Net(), seeds=[5, 7], **options)
    alone = torch.cat([sample(Net(), seeds=[seed], **options) for seed in (5, 7)])
    torch.testing.assert_close(together, alone, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scheduler", FORWARD)
@pytest.mark.parametrize("path", ["vp", "flow", "edm"])
def test_what_is_kept_of_an_image_is_the_image_at_the_end(scheduler, path):
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(2, 3, 4, 4, generator=generator, dtype=torch.float64) * 2 - 1
    mask = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    mask[..., 1:3] = 1
    levels = [0.95, 0.7, 0.4, 0.1] if path == "flow" else [20.0, 3.0, 0.5, 0.1]
    options = {"scheduler": scheduler, "path": path, "prediction": "v", "sigmas": levels, "seeds": [1, 2]}
    made = sample(Net(), image=image, mask=mask, **options)
    known = (mask == 0).expand_as(image)
    # Exactly so, but where a solver draws on from earlier noise in its last step too.
    torch.testing.assert_close(made[known], image[known], rtol=0, atol=1e-12)
    assert not torch.isclose(made[~known], image[~known]).all()


class _Pushing:
    """Half of the estimate is said, half of it pushed."""

    def __init__(self, share):
        self.share = share

    def __call__(self, x, level):
        return 0.2 * torch.tanh(x)

    def answer(self, x, level):
        return Answer(self(x, level), self.share * x.tanh() if self.share else None)


@pytest.mark.parametrize("card", REGISTRY.entries("schedulers"), ids=lambda card: card.name)
def test_a_card_says_so_where_pushes_are_not_heeded(card):
    ends = []
    for share in (0.0, 0.3):
        grid = torch.tensor([-2.0, -1, 0, 1, torch.inf], dtype=torch.float64)
        loop = factory.scheduler(SchedulerSpec(name=card.name), REGISTRY)
        x = torch.ones(1, 2, dtype=torch.float64)
        *_, last = loop(_Pushing(share), x, bare(levels.vp), grid, Seeded([0]))
        ends.append(last.x)
    assert not (card.pushes and torch.allclose(*ends))


@st.composite
def grids(draw):
    """Strictly rising log-SNRs, sometimes from pure noise, always to no noise."""
    inner = draw(st.lists(st.floats(-6, 8), min_size=1, max_size=7, unique_by=lambda each: round(each, 2)))
    return [*([-torch.inf] if draw(st.booleans()) else []), *sorted(inner), torch.inf]


@pytest.mark.parametrize("scheduler", [name for name in FORWARD if name not in DIVERGING])
@settings(max_examples=12, deadline=None)
@given(log_snrs=grids(), seed=st.integers(0, 2**31))
def test_is_finite_on_any_grid(scheduler, log_snrs, seed):
    options = {"scheduler": scheduler, "path": "flow", "prediction": "flow", "log_snrs": log_snrs}
    assert _finite_or_refused(options, seed)


def _finite_or_refused(options, seed):
    net = Net()
    try:
        made = sample(net, shape=(3,), seeds=[seed], dtype=torch.float64, **options)
    except SpecError:
        return net.calls == 0
    return bool(made.isfinite().all())


@settings(max_examples=30, deadline=None)
@given(log_snrs=grids(), at=st.integers(0, 100), damage=st.sampled_from(["nan", "again", "back"]))
def test_a_damaged_grid_is_refused(log_snrs, at, damage):
    at %= len(log_snrs)
    worse = {"nan": float("nan"), "again": log_snrs[at], "back": log_snrs[0] - 1}[damage]
    net = Net()
    with pytest.raises(SpecError, match="does not go from noise to clean"):
        sample(
            net,
            shape=(3,),
            path="flow",
            prediction="v",
            log_snrs=[*log_snrs[: at + 1], worse, *log_snrs[at + 1 :]],
        )
    assert net.calls == 0


def test_every_alias_may_end_in_a_spacing():
    for card in REGISTRY.entries("schedulers"):
        for name in (card.name, *card.aliases):
            found, spacing = REGISTRY.scheduler(f"{name} Karras")
            assert (found.name, spacing) == (card.name, "karras")
            assert REGISTRY.scheduler(name) == (card, "")
    assert REGISTRY.get("spacings", Choice(name="Karras").name).name == "karras"
