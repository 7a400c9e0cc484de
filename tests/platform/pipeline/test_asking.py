"""The network asked in branches, together or apart; what it is told, and what it says of its variance."""

import pytest
import torch
from torch import nn

from diffsmith.diffusion.denoiser import Denoiser
from diffsmith.diffusion.noise import Seeded
from diffsmith.diffusion.renoise import posterior
from diffsmith.diffusion.trajectory import trajectory
from diffsmith.errors import SpecError
from diffsmith.pipeline import request_of

from .untrained import finals, made

WORDS = {"prompts": ("a red cube", "the sky"), "negatives": ("x " * 90,)}  # which takes two chunks


@pytest.mark.parametrize("kind", ["sd1", "sdxl", "pixart_alpha", "sd1_inpaint"])
def test_branches_asked_apart_say_what_they_say_together(loaded, kind, picture, mask):
    """Also where one branch is a longer text, which both are filled up to."""
    asked = {**WORDS, **({"image": str(picture), "mask": str(mask)} if "inpaint" in kind else {})}
    together, apart = (
        finals(loaded(kind, engine={"guidance": each}), (3, 8), **asked) for each in ("together", "apart")
    )
    torch.testing.assert_close(apart, together, rtol=1e-4, atol=1e-4)


def test_apart_and_together_ask_as_often():
    for guidance in ("together", "apart"):
        pipeline = made(guidance="cfg", engine={"device": "cpu", "guidance": guidance})
        assert pipeline.generate(labels=[1, 2])[0].denoiser_calls == 6


def test_outside_of_its_interval_guidance_asks_for_no_more_than_the_prompt(loaded):
    """The noise levels sigma / alpha, from and to."""
    inside = {"name": "cfg", "scale": 3.0, "interval": [0.5, 4.0]}
    sigmas = {"name": "explicit_sigmas", "sigmas": [8.0, 2.0, 1.0, 0.1]}
    pipeline = loaded("sd1", guidance=inside, spacing=sigmas, scheduler="euler")
    (sample,) = pipeline.generate("a cube")
    assert sample.denoiser_calls == 1 + 2 + 2 + 1
    everywhere = loaded(
        "sd1", guidance={**inside, "interval": [0.0, 99.0]}, spacing=sigmas, scheduler="euler"
    )
    (other,) = everywhere.generate("a cube")
    assert other.denoiser_calls == 8
    assert not torch.equal(sample.data, other.data)


def test_rescaling_gives_the_answer_the_spread_of_the_prompt_s(loaded):
    """All of it: then the answer's spread is the conditional one's (Lin et al. 2024)."""
    spacing = {"name": "explicit_sigmas", "sigmas": [2.0]}
    plain, rescaled = (
        loaded("sd1", spacing=spacing, guidance=guidance)
        for guidance in ("none", {"name": "cfg", "scale": 9.0, "rescale": 1.0})
    )
    spreads = []
    for pipeline in (plain, rescaled):
        (frame,) = pipeline.frames(request_of(prompt="a cube"))
        level = pipeline.schedule.path(pipeline.log_snrs[0].item())
        x = Seeded([0])(torch.empty(1, 4, 16, 16), level, level)
        spreads.append(pipeline.prediction.out(x, frame.x0, level).std())
    torch.testing.assert_close(*spreads, rtol=1e-4, atol=0)


def test_a_model_that_learnt_guidance_is_told_its_scale(loaded):
    pipeline, told = loaded("lcm", guidance={"name": "embedded", "scale": 6.5}), []
    pipeline.network.register_forward_pre_hook(
        lambda network, args, kwargs: told.append(kwargs["guidance"]), with_kwargs=True
    )
    (sample, _) = pipeline.generate("a cube", seeds=[1, 2])
    assert [each.tolist() for each in told] == [[6.5, 6.5]] * 3
    assert sample.denoiser_calls == 3
    other = loaded("lcm", guidance={"name": "embedded", "scale": 1.0}).generate("a cube", seeds=[1, 2])
    assert not torch.equal(sample.data, other[0].data)


@pytest.mark.parametrize(
    ("kind", "changes", "asked", "told"),
    [
        ("sd1", {"guidance": "embedded"}, {"prompt": "x"}, "guidance is not read"),
        ("sd1", {"conditioner": None}, {}, "text is missing"),
        ("pixart_alpha_sizes", {"conditioner": {"name": "pixart", "sizes": False}}, {"prompt": "x"}, "sizes"),
        ("dit", {"guidance": "embedded"}, {"labels": 3}, "unexpected keyword argument 'guidance'"),
    ],
)
def test_conditions_that_are_not_the_network_s_are_told(loaded, kind, changes, asked, told):
    with pytest.raises(SpecError, match=f"^conditioner, guidance: the network cannot read them: .*{told}"):
        loaded(kind, **changes).generate(**asked)


class Uncertain(nn.Module):
    """Answers, and says how sure it is: surer for class 0 than for 1, and not at all without."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x, t, label):
        place = torch.tensor([-1.0, 0.5, 1.0])[label].view(-1, 1, 1, 1)
        return torch.cat([x * 0.1 * self.weight, place.expand_as(x)], dim=1)


@pytest.mark.parametrize("apart", ["together", "apart"])
@pytest.mark.parametrize("guidance", ["none", {"name": "cfg", "scale": 2.0}])
def test_the_variance_that_a_network_learnt_reaches_the_scheduler(guidance, apart):
    """The conditional branch's, as in the paper's code, whatever the guidance."""
    scheduler = {"name": "ddpm", "variance": "learned_range"}
    engine = {"device": "cpu", "guidance": apart, "guard": False}
    pipeline = made(2, scheduler=scheduler, guidance=guidance, engine=engine)
    vars(pipeline)["network"] = Uncertain()
    for label in (0, 1):
        place = torch.tensor(float([-1.0, 0.5][label]))

        def net(x, timestep, place=place):
            return torch.cat([x * 0.1, place.expand_as(x)], dim=1)

        denoiser = Denoiser(net, pipeline.schedule, pipeline.prediction)
        here = pipeline.schedule.path(pipeline.log_snrs[0].item())
        x = Seeded((5,))(torch.empty(1, 1, 8, 8), here, here)
        walked = trajectory(
            denoiser,
            x * (here.alpha**2 + here.sigma**2) ** 0.5,
            pipeline.schedule,
            pipeline.log_snrs,
            Seeded((5,), 1),
            estimate=lambda denoise, x, x0, step: x0,
            renoise=lambda here, there: posterior(here, there, variance="learned_range"),
        )
        *_, expected = walked
        torch.testing.assert_close(finals(pipeline, (5,), (label,)), expected.x)


def test_dit_s_variance_is_heard(loaded):
    """At 0.5 and with fixed ones the samples differ."""
    small, learned = (
        finals(loaded("dit", scheduler={"name": "ddpm", "variance": variance}, guidance="none"), (1,), (4,))
        for variance in ("fixed_small", "learned_range")
    )
    assert learned.isfinite().all()
    assert not torch.allclose(small, learned)
