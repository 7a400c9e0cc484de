"""Any network, by name: what it is told, where it begins, and what is refused before it is asked."""

import inspect
import math

import pytest
import torch

import diffsmith
from diffsmith import factory
from diffsmith.diffusion import levels
from diffsmith.diffusion.levels import Level
from diffsmith.diffusion.noise import Seeded
from diffsmith.errors import SpecError
from diffsmith.registry import default_registry
from diffsmith.sampling import frames, sample
from diffsmith.specs import Choice, Request, SchedulerSpec
from diffsmith.testing import bare, three_blobs

REGISTRY = default_registry()
SHAPE = (2, 3, 4, 4)


def start(seed=0):
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def net(x, told):
    """An answer that depends on what it is told."""
    return torch.tanh(x) * 0.5 + 0.1 * told.view(-1, *[1] * (x.ndim - 1)).tanh()


def unasked(x, told):
    raise AssertionError("the network was asked")


def test_it_is_a_public_name_and_shows_its_arguments():
    assert diffsmith.sample is sample
    assert diffsmith.frames is frames
    for verb in (sample, frames):
        assert list(inspect.signature(verb).parameters)[:4] == ["net", "x", "scheduler", "steps"]
        assert "seeds" in inspect.signature(verb).parameters
        assert "_Walk" not in str(inspect.signature(verb))


def test_the_sample_is_what_the_walk_of_the_core_arrives_at():
    x, log_snrs = start(), torch.tensor([-3.0, -1, 0, 2, torch.inf], dtype=torch.float64)
    loop = factory.scheduler(SchedulerSpec(name="dpmpp_2m"), REGISTRY)
    denoise = three_blobs().denoise
    flat = x.reshape(-1, 2)
    *_, last = loop(denoise, flat, bare(levels.vp), log_snrs, Seeded([0]))

    def answers(x, log_snr):
        return denoise(x, levels.vp(log_snr[0].item()))

    mine = sample(answers, flat, path="vp", prediction="sample", told="log_snr", log_snrs=log_snrs.tolist())
    torch.testing.assert_close(mine, last.x, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("path", "told", "expected"),
    [
        ("vp", "timestep", [999.0, 499.0]),
        ("vp", "sigma", None),
        ("ve", "sigma", [50.0, 0.1]),
        ("flow", "sigma", [0.9, 0.25]),
        ("flow", "timestep", [900.0, 250.0]),
        ("flow", "log_snr", [math.log(0.1 / 0.9), math.log(3)]),
    ],
)
def test_the_network_is_told_what_was_asked_for(path, told, expected):
    heard = []

    def listening(x, label):
        heard.append(label)
        return x * 0

    listed = (
        {"timesteps": [999, 499]}
        if path == "vp"
        else {"sigmas": expected if told == "sigma" else [0.9, 0.25]}
    )
    sample(listening, start(), scheduler="ddim", path=path, prediction="v", told=told, **listed)
    assert [label.shape for label in heard] == [(2,), (2,)]
    if expected is None:
        table = REGISTRY.bind("schedules", Choice(name="vp"))()
        expected = [
            table.path(log_snr).ratio for log_snr in table.at(torch.tensor([1.0, 499 / 999])).tolist()
        ]
    torch.testing.assert_close(torch.stack(heard)[:, 0], torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("scheduler", ["ddim", "dpmpp_2m_sde", "heun"])
def test_one_seed_is_one_sample_in_a_batch_of_any_size(scheduler):
    options = {"scheduler": scheduler, "shape": SHAPE[1:], "steps": 4, "dtype": torch.float64}
    together = sample(net, seeds=[5, 7, 9], **options)
    alone = torch.cat([sample(net, seeds=[seed], **options) for seed in (5, 7, 9)])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-12)
    assert torch.equal(together, sample(net, seeds=[5, 7, 9], **options))
    assert not torch.allclose(together[:1], sample(net, seeds=[6], **options))


def test_a_start_that_is_made_is_as_large_as_unit_data_would_be_there():
    first = []
    for path in ("vp", "edm", "flow"):
        sample(
            lambda x, label: first.append(x) or x * 0,
            path=path, prediction="v", scheduler="ddim", sigmas=[0.7], shape=(1, 64, 64), dtype=torch.float64,
        )  # fmt: skip
    ratios = [each.std().item() / first[0].std().item() for each in first]
    # edm's own network wants unit variance for data of spread 0.5
    assert ratios == pytest.approx([1, (1.49 / (0.49 + 0.25)) ** 0.5, (0.3**2 + 0.7**2) ** 0.5])


def test_given_noise_is_drawn_once_a_step_and_a_made_start_takes_each_seeds_first():
    drawn = []

    def noise(x, here, there):
        drawn.append((here, there))
        return torch.zeros_like(x)

    sample(net, start(), scheduler="ddpm", steps=4, noise=noise)
    assert len(drawn) == 3
    assert all(isinstance(level, Level) for pair in drawn for level in pair)
    begun = Seeded([3])(torch.empty(1, *SHAPE[1:]), None, None)
    options = {"scheduler": "ddpm", "steps": 4, "seeds": [3]}
    torch.testing.assert_close(sample(net, begun, **options), sample(net, shape=SHAPE[1:], **options))


def test_a_scheduler_s_name_may_end_in_a_spacing():
    x = start()
    named = sample(net, x, scheduler="DPM++ 2M Karras", steps=5)
    assert torch.equal(named, sample(net, x, scheduler="dpmpp_2m", spacing="karras", steps=5))
    given = sample(net, x, scheduler="dpm++ 2m karras", spacing="exponential", steps=5)
    assert torch.equal(given, sample(net, x, spacing="exponential", steps=5))


def test_guidance_asks_the_network_without_its_condition_too():
    x, without = start(), lambda x, told: net(x, told) * 0.3
    guided = sample(net, x, steps=3, guidance={"name": "cfg", "scale": 3}, uncond=without)
    mixed = sample(lambda x, told: without(x, told) + 3 * (net(x, told) - without(x, told)), x, steps=3)
    torch.testing.assert_close(guided, mixed, rtol=1e-10, atol=1e-10)


def test_an_estimate_is_kept_in_range_where_that_is_asked_for():
    x = start() * 3
    plain, clipped = (
        sample(net, x, steps=3, threshold=each) for each in (None, {"name": "clip", "limit": 0.5})
    )
    assert plain.abs().max() > 1
    assert clipped.abs().max() == 0.5


def test_what_a_network_needs_around_it_is_put_there():
    heard = []

    def wrap(denoise, schedule):
        heard.append(schedule)
        return lambda x, level: denoise(x, level) + 1

    x = start()
    wrapped = sample(net, x, scheduler="ddim", sigmas=[5.0], boundary=wrap)
    torch.testing.assert_close(wrapped, sample(net, x, scheduler="ddim", sigmas=[5.0]) + 1)
    assert len(heard) == 1


def test_a_pipeline_makes_what_the_same_choices_make(trained):
    pipeline = diffsmith.load(trained)
    *_, last = pipeline.frames(Request(seeds=(4, 5)))
    model = pipeline.spec.model

    def answers(x, told):
        labels = torch.full((len(x),), model.classes)
        return pipeline.network(x, told[0], labels)

    choices = {"path": {"name": "vp", "betas": "cosine"}, "prediction": "v", "steps": 3}
    mine = sample(answers, shape=model.shape, seeds=[4, 5], **choices)
    torch.testing.assert_close(mine, last.x, rtol=1e-4, atol=1e-4)


PURE = "spacing: the first level is pure noise (alpha = 0), "
DAMAGED = "with 20 steps does not go from noise to clean"
REFUSED = [
    ({"scheduler": "dpmpp_2n"}, "scheduler.name: unknown name 'dpmpp_2n' — did you mean 'dpmpp_2"),
    ({"scheduler": "dpm++ 2n karras"}, "scheduler.name: unknown name 'dpmpp_2n'"),
    ({"scheduler": {"name": "ddim", "etta": 1}}, "scheduler: unknown name 'etta' — did you mean 'eta'?"),
    ({"path": {"name": "vp", "terminal": "zero", "label": "log_sigma"}}, "path: terminal 'zero' has"),
    ({"path": "vpp"}, "path.name: unknown name 'vpp'"),
    ({"prediction": "epsilom"}, "prediction.name: unknown name 'epsilom' — did you mean 'epsilon'?"),
    ({"told": "sigmas"}, "told: unknown name 'sigmas' — did you mean 'sigma'?"),
    ({"noise": "brown"}, "noise.name: unknown name 'brown'"),
    ({"spacing": "karas"}, "spacing.name: unknown name 'karas' — did you mean 'karras'?"),
    ({"steps": 0}, "spacing.steps: input should be greater than or equal to 1, got 0"),
    ({"sigmas": [1.0], "timesteps": [5]}, "sigmas, timesteps: give one of them"),
    ({"sigmas": [1.0], "spacing": "karras"}, "sigmas, spacing: give one of them"),
    ({"sigmas": [1.0, 2.0]}, f"spacing: explicit_sigmas {DAMAGED}"),
    ({"sigmas": [2.0, math.nan, 1.0]}, f"spacing: explicit_sigmas {DAMAGED}"),
    ({"log_snrs": [0.0, 0.0]}, f"spacing: explicit_log_snrs {DAMAGED}"),
    ({"seeds": [1]}, "seeds: 1 for a batch of 2"),
    ({"shape": (3, 4, 4)}, "shape: means nothing where x or image is given"),
    ({"x": None}, "x: missing; give the start, or shape=(channels, ...)"),
    ({"x": None, "shape": (3,), "strength": 0.5}, "strength: needs the image to begin from"),
    ({"image": torch.zeros(SHAPE), "strength": 0}, "strength: must be above 0 and at most 1, got 0"),
    ({"image": torch.zeros(SHAPE), "strength": 0.04}, "strength: 0.04 leaves none of the 20 steps"),
    ({"image": torch.zeros(3, 3, 4, 4)}, "image: 3 for a batch of 2"),
    ({"mask": torch.zeros(SHAPE)}, "mask: needs the image that is known where the mask is 0"),
    ({"image": torch.zeros(SHAPE), "mask": torch.full(SHAPE, 2.0)}, "mask: must lie between 0"),
    ({"guidance": "cfg"}, "guidance, uncond: each needs the other"),
    ({"guidance": "cfg_pp", "uncond": unasked, "scheduler": "unipc"}, "guidance: it pushes x beside"),
    ({"threshold": {"name": "clip", "keep_noise": True}, "scheduler": "unipc"}, "threshold.keep_noise: it"),
    ({"threshold": "clipp"}, "threshold.name: unknown name 'clipp' — did you mean 'clip'?"),
    ({"uncond": unasked}, "guidance, uncond: each needs the other"),
    ({"path": "flow", "prediction": "epsilon"}, f"{PURE}where this prediction"),
    ({"path": "flow", "prediction": "score"}, f"{PURE}where this prediction"),
    ({"path": "flow", "prediction": "v", "told": "log_snr"}, f"{PURE}which the network cannot be told"),
    ({"path": "ve", "log_snrs": [-math.inf, 0]}, f"{PURE}and on a variance exploding"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "fault"), REFUSED, ids=[fault[:50] for _, fault in REFUSED])
def test_what_cannot_be_is_refused_in_a_sentence_before_anything_runs(options, fault):
    with pytest.raises(SpecError) as caught:
        frames(unasked, **{"x": start(), **options})
    (told,) = caught.value.faults
    assert told.startswith(fault)


def test_everything_that_does_not_fit_together_is_told_at_once():
    with pytest.raises(SpecError) as caught:
        sample(unasked, start(), shape=(3,), mask=torch.zeros(1), seeds=[1, 2, 3])
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["shape", "mask", "seeds"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda x, t: x[:1], r"net: answered with shape \[1, .*to x of shape \[2, "),
        (lambda x, t: {"sample": x}, "net: answered with a dict, expected a tensor"),
        (lambda x, t: torch.cat([x, x, x], 1), "or twice the channels"),
    ],
)
def test_an_answer_of_another_shape_is_told(answer, told):
    with pytest.raises(SpecError, match=told):
        sample(answer, start(), steps=2)


def test_an_argument_nobody_knows_is_told_with_the_nearest():
    with pytest.raises(SpecError, match="sample: unknown name 'stepz' — did you mean 'steps'"):
        sample(net, start(), stepz=3)
    with pytest.raises(SpecError, match="expected a name, or a dict of a name and options, got 7"):
        sample(net, start(), scheduler=7)


def test_pictures_of_other_shapes_are_told():
    x = start()
    small = torch.zeros(1, *(size // 2 for size in x.shape[1:]))
    with pytest.raises(SpecError, match="image: of shape"):
        sample(net, x, image=small)
    with pytest.raises(SpecError, match="mask: of shape"):
        sample(net, x, image=x, mask=torch.ones(7, 5, 3))
