import math

import pytest
import torch

from diffsmith.diffusion import schedules, spacings

FLOW = schedules.flow()


def times(log_snrs):
    return (-log_snrs).sigmoid()


@pytest.mark.parametrize(
    ("last", "equal"),
    [
        ("step", [1, 0.75, 0.5, 0.25]),
        ("training", [1, 0.667, 0.334, 0.001]),
        ("beyond", [1, 0.75025, 0.5005, 0.25075]),
    ],
)
def test_where_the_equal_times_end(last, equal):
    wanted = [3 * t / (1 + 2 * t) for t in equal]
    assert times(spacings.shifted(FLOW, 4, shift=3.0, last=last))[:-1].tolist() == pytest.approx(wanted)


def test_a_terminal_is_where_the_times_are_stretched_to():
    stretched = times(spacings.shifted(FLOW, 5, shift=3.0, terminal=0.02))
    plain = times(spacings.shifted(FLOW, 5, shift=3.0))
    assert stretched[-2].item() == pytest.approx(0.02)
    assert stretched[0] == 1
    share = (1 - stretched[1:-1]) / (1 - plain[1:-1])
    torch.testing.assert_close(share, share[:1].expand(4))
    assert times(spacings.shifted(FLOW, 1, terminal=0.02)).tolist() == [1, 0]


def test_no_time_is_noisier_than_the_most():
    assert times(spacings.shifted(FLOW, 4, sigma_max=0.9))[0].item() == pytest.approx(0.9)


def test_the_shift_grows_with_the_sequence():
    """Flux: mu 0.5 at 256 tokens, 1.15 at 4096."""
    for sequence, mu in ((256, 0.5), (4096, 1.15), (2176, 0.825)):
        mine = spacings.dynamic_shift(FLOW, 6, sequence=sequence)
        torch.testing.assert_close(mine, spacings.shifted(FLOW, 6, shift=math.exp(mu)))
        assert torch.equal(mine, spacings.dynamic_shift(FLOW, 6, mu=mu)) or sequence == 2176
    linear = spacings.dynamic_shift(FLOW, 6, mu=2.0, kind="linear")
    assert torch.equal(linear, spacings.shifted(FLOW, 6, shift=2.0))
    with pytest.raises(ValueError, match="linear shift must be above 0"):
        spacings.dynamic_shift(FLOW, 6, mu=-1.0, kind="linear")


def test_one_length_needs_no_line():
    one = spacings.dynamic_shift(FLOW, 4, sequence=256, base_sequence=256, max_sequence=256)
    assert torch.equal(one, spacings.dynamic_shift(FLOW, 4, mu=0.5))


def test_linear_quadratic_by_hand():
    """Genmo's linear_quadratic_schedule of four steps, two of them linear: 1 less each listed share."""
    done = [0, 0.0125, 0.025, 0.27500000000000002]
    slope, bend = 0.0125, (1 - 0.0125 * 4) / 4
    assert done[3] == pytest.approx(slope * 3 + bend)
    assert times(spacings.linear_quadratic(FLOW, 4))[:-1].tolist() == pytest.approx([1 - d for d in done])
    assert times(spacings.linear_quadratic(FLOW, 1)).tolist() == [1, 0]
    assert len(spacings.linear_quadratic(FLOW, 5, linear_steps=9)) == 6
