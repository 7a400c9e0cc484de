from math import pi

import pytest
import torch

from diffsmith_video.moving_digits import Motion, label_of, names_of, parts_of

SMALL = Motion(frames=8, size=16, speed=1.0)


@pytest.fixture(scope="module")
def parts():
    return parts_of(1000, SMALL, seed=0)


def ink(x):
    """[N, F] sums, [N, F, 2] centres in pixels, as x and y."""
    light, side = (x[:, 0] + 1) / 2, torch.arange(x.shape[-1]) + 0.5
    total = light.sum((2, 3))
    columns, rows = light.sum(2) @ side, light.sum(3) @ side
    return total, torch.stack([columns, rows], -1) / total[..., None]


def bounds(x):
    """The first and the last row that is not black [N, F]."""
    rows = (x[:, 0] > -0.9).any(3).float()
    return rows.argmax(-1), rows.shape[-1] - 1 - rows.flip(-1).argmax(-1)


def test_parts_are_three_fifths_and_a_fifth_each(parts):
    assert [len(part) for part in parts] == [600, 200, 200]
    assert parts[1].read().shape == (200, 1, 8, 16, 16)


def test_no_digit_of_one_part_is_shown_in_another(parts):
    shown = [{row.numpy().tobytes() for few in part.digits for row in few} for part in parts]
    assert [sum(map(len, part.digits)) for part in parts] == [1078, 359, 360]
    assert not shown[0] & shown[1]
    assert not shown[0] & shown[2]
    assert not shown[1] & shown[2]


def test_every_digit_of_the_source_is_in_one_part():
    from sklearn.datasets import load_digits

    target = torch.tensor(load_digits().target)
    counts = sum(torch.tensor([len(few) for few in part.digits]) for part in parts_of(100, SMALL, 3))
    assert counts.tolist() == target.bincount().tolist()


def test_a_clip_is_its_number_and_the_seed_whichever_others_there_are(parts):
    whole = parts[0].read()
    assert torch.equal(parts[0][torch.tensor([7, 3])].read(), whole[[7, 3]])
    assert torch.equal(parts[0][10:12].read(), whole[10:12])
    assert torch.equal(parts_of(200, SMALL, 0)[0].read(), whole[:120])
    assert not torch.equal(parts_of(200, SMALL, 1)[0].read(), whole[:120])


def test_parts_move_in_their_own_ways(parts):
    assert not torch.equal(ink(parts[0].read()[:50])[1], ink(parts[1].read()[:50])[1])


def test_the_memory_that_drawing_takes_is_bounded(parts, monkeypatch):
    from diffsmith_video import moving_digits

    whole = parts[2].read()
    monkeypatch.setattr(moving_digits, "_AT_ONCE", 8 * 16 * 16 * 7)
    assert torch.equal(parts[2].read(), whole)


@pytest.mark.parametrize("size", [16, 40])
def test_digits_fill_most_of_the_height_and_stay_inside(size):
    x = parts_of(500, Motion(16, size, 1.0), 0)[0].read()
    top, bottom = bounds(x)
    height = (bottom - top + 1).float() / size
    assert 0.55 < height.mean() < 0.8
    total, _ = ink(x)
    kept = total.amin(1) / total.amax(1)
    assert kept.min() > 0.93  # nothing is cut off at an edge
    assert (x.min(), x.max() > 0.9) == (-1, True)


def test_digits_move_a_few_pixels_smoothly_and_are_thrown_back():
    _, centre = ink(parts_of(500, Motion(24, 16, 1.0), 0)[0].read())
    step = (centre[:, 1:] - centre[:, :-1]).norm(dim=-1)
    assert 0.3 < step.mean() < 1
    assert step.max() < 1.6
    span = centre.amax(1) - centre.amin(1)
    assert 2 < span.amax(-1).mean() < 5.5
    turned = (centre[:, 1:-1] - centre[:, :-2]).sign() * (centre[:, 2:] - centre[:, 1:-1]).sign() < 0
    assert turned.any(1).any(1).float().mean() > 0.95


def test_without_motion_they_stand_still_and_with_more_they_go_further():
    still, slow, fast = (parts_of(200, Motion(6, 16, speed), 0)[0].read() for speed in (0.0, 0.5, 2.0))
    assert torch.equal(still[:, :, :1].expand_as(still), still)
    step = [(ink(x)[1][:, 1] - ink(x)[1][:, 0]).norm(dim=-1).mean() for x in (slow, fast)]
    assert step[1] > 3 * step[0]


def test_digits_turn_by_no_more_than_twenty_degrees(monkeypatch):
    from diffsmith_video import moving_digits

    seen = []
    plain = moving_digits._shown
    monkeypatch.setattr(moving_digits, "_shown", lambda *given: seen.append(given[1][1]) or plain(*given))
    parts_of(500, Motion(32, 16, 1.0), 0)[0].read()
    (angles,) = seen
    assert angles.abs().max() <= 20 * pi / 180 + 1e-6
    assert (angles.amax(1) - angles.amin(1)).mean() > 20 * pi / 180


def test_motion_is_what_its_label_says(parts):
    _, centre = ink(parts[0].read())
    first = centre[:, 1] - centre[:, 0]
    heading = (torch.atan2(first[:, 1], first[:, 0]) / (pi / 4)).round() % 8
    assert (heading == label_of(parts[0], "motion")).float().mean() > 0.97
    names = names_of("motion")
    assert (names[0], names[2], names[5]) == ("right", "down", "up left")


def test_labels_of_both_name_a_digit_and_a_heading(parts):
    digit, motion, both = (label_of(parts[0], label) for label in ("digit", "motion", "both"))
    names = names_of("both")
    assert len(names) == len(set(names)) == 80
    for row in range(80):
        assert names[both[row]] == f"{names_of('digit')[digit[row]]} {names_of('motion')[motion[row]]}"
    assert both[:80].sort().values.tolist() == [*range(80)]


def test_digits_can_be_told_apart_in_every_frame():
    from sklearn.neighbors import KNeighborsClassifier

    train, _, test = parts_of(2000, SMALL, 0)
    frames, labels = ([part.read().movedim(2, 1).reshape(-1, 256) for part in (train, test)], [train, test])
    known, asked = (label_of(part, "digit").repeat_interleave(8) for part in labels)
    judge = KNeighborsClassifier(3).fit(frames[0][::2].numpy(), known[::2].numpy())
    assert judge.score(frames[1].numpy(), asked.numpy()) > 0.85
