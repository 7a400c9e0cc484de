import math

import pytest

from diffsmith.errors import DiffsmithError
from diffsmith.metrics.distances import frechet, kid, sliced_wasserstein
from diffsmith.metrics.neighbours import coverage, density

from .rows import against, normal

METRICS = {metric.__name__: metric for metric in (frechet, kid, sliced_wasserstein, density, coverage)}


@pytest.mark.parametrize("name", METRICS)
def test_samples_that_cannot_be_scored_are_told(name):
    rows = normal(20, 1, 2, 2)
    broken = rows.clone()
    broken[3, 0, 0, 0], broken[7, 0, 1, 1] = math.nan, math.inf
    with pytest.raises(DiffsmithError, match="2 of 20 samples hold NaN"):
        METRICS[name](broken, against(rows))
    with pytest.raises(DiffsmithError, match=r"needs at least \d samples, got 0"):
        METRICS[name](rows[:0], against(rows))
    if name != "sliced_wasserstein":
        with pytest.raises(DiffsmithError, match=r"needs at least \d real rows, got 1"):
            METRICS[name](rows, against(rows[:1]))
