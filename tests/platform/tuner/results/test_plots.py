from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffsmith.tuner.records import Trial
from diffsmith.tuner.results.plots import plot_front

POINTS = [(3.0, 0.1), (2.0, 0.2), (2.5, 0.3), (1.0, 0.4)]


def trials_of(points):
    return tuple(
        Trial(number, "complete", {}, {}, Path(), {"quality": quality, "latency": latency, "memory": 9.0})
        for number, (quality, latency) in enumerate(points)
    )


BOTH, ALONE = ("quality", "latency"), ("quality",)


@pytest.mark.parametrize(
    ("points", "objectives"),
    [
        (POINTS, BOTH),
        (POINTS, ALONE),
        (POINTS, ("latency",)),
        (POINTS, ("quality", "memory")),
        (POINTS[:1], BOTH),
        ([(1.0, 0.1)] * 3, BOTH),
        ([(-0.01, 0.1), (0.02, 0.05)], BOTH),
        ([(-0.01, 0.1), (0.02, 0.05)], ALONE),
        ([(0.0, 0.1)], BOTH),
        ([(1e-6, 1e-6), (1e6, 1e-7)], BOTH),
        ([(float(n), 1 / n) for n in range(1, 40)], BOTH),
    ],
)
def test_any_trials_make_a_picture(points, objectives, new_sweep, tmp_path, recwarn):
    sweep = new_sweep(objectives=dict.fromkeys(objectives, "minimize"))
    plot_front(replace(sweep, trials=trials_of(points), floors={"quality": 0.5}), tmp_path / "front.png")
    picture = np.asarray(Image.open(tmp_path / "front.png").convert("RGB"))
    assert min(picture.shape[:2]) > 300
    orange = (abs(picture.astype(int) - (0xC2, 0x41, 0x0C)).sum(axis=-1) < 30).sum()
    assert orange > 180, "the front is drawn, and not in the legend alone"
    assert not [str(each.message) for each in recwarn if "log" in str(each.message).lower()]
