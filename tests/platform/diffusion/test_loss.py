import pytest
import torch

from diffsmith.diffusion import levels, prediction, schedules, weightings
from diffsmith.diffusion.levels import Level
from diffsmith.diffusion.loss import denoising_loss
from diffsmith.testing import three_blobs

ROWS = sorted(set(prediction.__all__) - {"Prediction"})
HOMES = {"vp": schedules.vp(), "flow": schedules.flow(), "edm": schedules.edm()}
MIXTURE = three_blobs()


def problem(schedule, n=1000):
    generator = torch.Generator().manual_seed(0)
    x0 = MIXTURE.sample(n, generator)
    noise = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    return x0, noise, schedule.at(torch.linspace(0.2, 0.8, n, dtype=torch.float64))


def loss(schedule, row, weighting, bias=0.0):
    """Of the exact denoiser, its estimates moved by `bias`."""
    x0, noise, log_snr = problem(schedule)
    level = Level(*(part[:, None] for part in schedule.path(log_snr)))
    scale = schedule.scale(level)

    def net(x, label):
        x = x / scale
        return row.out(x, MIXTURE.denoise(x, level) + bias, level)

    return float(denoising_loss(net, x0, noise, log_snr, schedule, row, weighting))


@pytest.mark.parametrize("weighting", weightings.__all__)
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("home", HOMES)
def test_the_exact_denoiser_has_the_lowest_loss(home, row, weighting):
    schedule, row = HOMES[home], getattr(prediction, row)()
    weighting = getattr(weightings, weighting)
    least = loss(schedule, row, weighting)
    assert all(loss(schedule, row, weighting, bias) > least for bias in (-0.2, 0.2))


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("weighting", ["min_snr", "edm"])
def test_weighted_losses_agree_between_parameterisations(home, weighting):
    losses = [
        loss(HOMES[home], getattr(prediction, row)(), getattr(weightings, weighting), 0.1) for row in ROWS
    ]
    assert losses == pytest.approx([losses[0]] * len(ROWS), rel=1e-9)


def test_mean_squared_error_by_hand():
    schedule = schedules.vp()
    x0, noise, log_snr = problem(schedule, 5)
    asked = []

    def net(x, label):
        asked.append((x, label))
        return 0.5 * x

    value = denoising_loss(net, x0, noise, log_snr, schedule, prediction.epsilon(), weightings.uniform)
    level = levels.vp(log_snr[:, None])
    x = level.alpha * x0 + level.sigma * noise
    torch.testing.assert_close(value, ((0.5 * x - noise) ** 2).mean())
    ((seen, label),) = asked
    torch.testing.assert_close(seen, x)
    torch.testing.assert_close(label, schedule.label(schedule.path(log_snr)))


@pytest.mark.parametrize("shape", [(3, 2), (3, 1, 4, 4), (3, 2, 2, 3, 3)])
def test_any_number_of_dimensions_and_the_data_s_dtype(shape):
    schedule = schedules.edm()
    x0, noise = torch.randn(2, *shape)
    seen = []

    def net(x, label):
        seen.extend([x.dtype, label.dtype])
        return x.to(torch.bfloat16)

    log_snr = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    value = denoising_loss(net, x0, noise, log_snr, schedule, prediction.edm(), weightings.edm)
    assert seen == [torch.float32, torch.float32]
    assert value.dtype == torch.float32
    assert value.isfinite()
