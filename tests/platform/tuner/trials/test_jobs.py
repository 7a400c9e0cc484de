import json
import math
from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from diffsmith.tuner.records import Rung
from diffsmith.tuner.trials.jobs import Climbed, Ended, Job, Stepped, event_line, event_of, job_of

SCORES = st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False), max_size=3)
EVENTS = (
    st.builds(Stepped, st.integers(), st.integers(), st.integers(), st.floats(allow_nan=False))
    | st.builds(Climbed, st.integers(), st.builds(Rung, st.integers(), SCORES, st.floats(0, 9), st.text()))
    | st.builds(
        Ended, st.integers(), st.sampled_from(["complete", "failed"]), st.floats(0, 9), SCORES, st.text()
    )
)


@given(EVENTS)
def test_an_event_is_one_line_and_comes_back_the_same(event):
    line = event_line(event)
    assert "\n" not in line
    assert event_of(line) == event_of(line.encode()) == event


def test_a_loss_that_is_no_number_crosses_too():
    assert math.isnan(event_of(event_line(Stepped(1, 2, 3, math.nan))).loss)


def test_a_job_comes_back_the_same():
    job = Job(
        3, {"model": {"name": "unet", "shape": [1, 8, 8]}}, "/a", (0.25, 0.5), 16, ("frechet", "kid"), 7
    )
    assert job_of(json.loads(json.dumps(asdict(job)))) == job
