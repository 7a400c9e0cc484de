import pytest
import torch

from diffsmith.diffusion import levels, prediction, schedules
from diffsmith.diffusion.denoiser import Denoiser
from diffsmith.diffusion.levels import Level
from diffsmith.testing import three_blobs

ROWS = sorted(set(prediction.__all__) - {"Prediction"})
HOMES = {
    "vp": schedules.vp(),
    "flow": schedules.flow(shift=3.0),
    "ve": schedules.ve(),
    "edm": schedules.edm(),
}
MIXTURE = three_blobs()


def exact(schedule, row):
    """The network that a perfect training would give: it knows only its input and its label."""
    time = torch.linspace(0, 1, 1000, dtype=torch.float64)
    known = schedule.path(schedule.at(time))
    labels = schedule.label(known)

    def net(x, label):
        level = Level(*(part[(labels - label).abs().argmin()] for part in known))
        x = x / schedule.scale(level)
        return row.out(x, MIXTURE.denoise(x, level), level)

    return net


@pytest.mark.parametrize("size", [1.0, 2.5])
@pytest.mark.parametrize("path", [levels.ve, levels.vp, levels.flow])
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("home", HOMES)
def test_the_estimate_is_the_same_on_every_path_and_off_it(home, row, path, size):
    schedule, row = HOMES[home], getattr(prediction, row)()
    log_snr = schedule.at(torch.tensor(400 / 999, dtype=torch.float64))
    level = Level(*(size * part for part in path(log_snr)))
    x0, noise = torch.randn(2, 6, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = level.alpha * x0 + level.sigma * noise
    denoise = Denoiser(exact(schedule, row), schedule, row)
    torch.testing.assert_close(denoise(x, level), MIXTURE.denoise(x, level))


def test_the_estimate_in_pure_noise_is_finite():
    schedule = schedules.flow()
    denoise = Denoiser(lambda x, label: 0.5 * x, schedule, prediction.flow())
    x = torch.ones(2, 3, dtype=torch.float64)
    torch.testing.assert_close(denoise(x, schedule.path(schedule.ends()[1])), 0.5 * x)


def test_a_second_half_of_channels_is_the_variance_and_only_answer_has_it():
    schedule = schedules.vp()
    both = Denoiser(lambda x, label: torch.cat([x.tanh(), x.sin()], 1), schedule, prediction.epsilon())
    half = Denoiser(lambda x, label: x.tanh(), schedule, prediction.epsilon())
    x, level = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)), levels.vp(-0.4)
    x0, push, variance = both.answer(x, level)
    assert torch.equal(x0, half(x, level))
    assert torch.equal(both(x, level), half(x, level))
    assert push is None
    assert torch.equal(variance, x.sin())
    assert half.answer(x, level).variance is None
