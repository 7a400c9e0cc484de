import pytest
import torch

from diffsmith import default_registry, factory
from diffsmith.diffusion import guidance, levels, prediction
from diffsmith.diffusion.noise import Seeded
from diffsmith.specs import SchedulerSpec
from diffsmith.testing import bare, three_blobs

LEVEL = levels.vp(torch.tensor(-0.7, dtype=torch.float64))


class Asked:
    """Answers one estimate a branch and remembers what it was asked."""

    def __init__(self):
        self.branches = []

    def __call__(self, x, level, *branches):
        self.branches.append(branches)
        answers = {"conditional": 0.3 * x.sin(), "unconditional": 0.2 * x + 0.1}
        return tuple(answers[branch] for branch in branches)


@pytest.fixture
def x():
    return torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def guided(x, row=None, level=LEVEL, **options):
    asked = Asked()
    return guidance.cfg(asked, row or prediction.epsilon(), **options)(x, level), asked.branches


def test_pure_noise_is_guided_too_and_lies_beyond_every_upper_end(x):
    answer, _ = guided(x, level=levels.Level(0.0, 1.0), scale=3.0)
    assert answer.isfinite().all()
    _, branches = guided(x, level=levels.Level(0.0, 1.0), interval=(0.0, 80.0))
    assert branches == [("conditional",)]


def test_none_asks_with_the_condition(x):
    asked = Asked()
    answer = guidance.none(asked, prediction.epsilon())(x, LEVEL)
    assert torch.equal(answer, 0.3 * x.sin())
    assert asked.branches == [("conditional",)]


def test_scale_one_is_the_conditional_answer_asked_once(x):
    answer, asked = guided(x, scale=1.0)
    assert torch.equal(answer, 0.3 * x.sin())
    assert asked == [("conditional",)]


@pytest.mark.parametrize("scale", [0.0, 0.5, 7.5])
def test_two_answers_pushed_apart(x, scale):
    answer, asked = guided(x, scale=scale)
    torch.testing.assert_close(answer, (1 - scale) * (0.2 * x + 0.1) + scale * 0.3 * x.sin())
    assert asked == [("conditional", "unconditional")]


def test_outside_its_interval_one_branch_is_asked(x):
    for log_snr, branches in ((-2.0, 1), (0.0, 2), (2.0, 1)):
        level = levels.flow(torch.tensor(log_snr, dtype=torch.float64))
        answer, asked = guided(x, level=level, scale=3.0, interval=(0.5, 2.0))
        assert len(asked[0]) == branches
        assert torch.equal(answer, 0.3 * x.sin()) == (branches == 1)


def test_pure_noise_lies_in_the_open_interval(x):
    level = levels.flow(torch.tensor(-torch.inf, dtype=torch.float64))
    assert guided(x, level=level, scale=3.0)[1] == [("conditional", "unconditional")]


@pytest.mark.parametrize("share", [0.3, 0.7, 1.0])
@pytest.mark.parametrize("kind", ["epsilon", "v"])
def test_rescale_is_the_paper_s_formula(x, kind, share):
    """Lin et al. (2024, eqs. 14-16) on what the network answers, then read as x0 by hand."""
    alpha, sigma = LEVEL
    conditional, plain = 0.3 * x.sin(), 0.2 * x + 0.1

    def answered(x0):
        noise = (x - alpha * x0) / sigma
        return noise if kind == "epsilon" else alpha * noise - sigma * x0

    pos, neg = answered(conditional), answered(plain)
    pushed = neg + 7.5 * (pos - neg)
    ratio = torch.stack([pos[i].std() / pushed[i].std() for i in range(3)]).view(3, 1, 1, 1)
    out = share * (ratio * pushed) + (1 - share) * pushed
    wanted = (x - sigma * out) / alpha if kind == "epsilon" else alpha * x - sigma * out
    answer, _ = guided(x, getattr(prediction, kind)(), scale=7.5, rescale=share)
    torch.testing.assert_close(answer, wanted)


def test_cfg_pp_solves_without_the_condition_and_pushes_towards_it(x):
    asked = Asked()
    denoise = guidance.cfg_pp(asked, prediction.epsilon(), scale=0.6)
    x0, push, _ = denoise.answer(x, LEVEL)
    assert torch.equal(x0, 0.2 * x + 0.1)
    torch.testing.assert_close(x0 + push, 0.4 * (0.2 * x + 0.1) + 0.6 * 0.3 * x.sin())
    assert torch.equal(denoise(x, LEVEL), 0.2 * x + 0.1)
    assert asked.branches == [("conditional", "unconditional"), ("unconditional",)]


NAMES = ["euler", "heun", "dpm_2", "dpmpp_2s", "dpmpp_2m", "ddpm", "lcm", "dpmpp_2m_cfg_pp"]


@pytest.mark.parametrize("name", NAMES)
def test_cfg_pp_of_two_equal_answers_is_the_answer(name):
    """Where the condition changes nothing, CFG++ is the scheduler it is put on."""
    mixture = three_blobs()

    def ask(x, level, *branches):
        return tuple(mixture.denoise(x, level) for _ in branches)

    log_snrs = torch.tensor([-4.0, -2, -1, 0, 1, 2.5, torch.inf], dtype=torch.float64)
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    loop = factory.scheduler(SchedulerSpec(name=name), default_registry())
    pushed, plain = guidance.cfg_pp(ask, prediction.epsilon()), guidance.none(ask, prediction.epsilon())
    *_, mine = loop(pushed, x, bare(levels.vp), log_snrs, Seeded([1, 2, 3]))
    *_, theirs = loop(plain, x, bare(levels.vp), log_snrs, Seeded([1, 2, 3]))
    torch.testing.assert_close(mine.x, theirs.x)
