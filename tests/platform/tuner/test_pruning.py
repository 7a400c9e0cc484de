import math

from hypothesis import given
from hypothesis import strategies as st

from diffsmith.tuner.pruning import hopeless

SCORES = st.floats(allow_nan=False)
DIRECTIONS = st.sampled_from(["minimize", "maximize"])


@given(SCORES, st.lists(SCORES, max_size=3), DIRECTIONS)
def test_with_few_peers_there_is_hope(score, peers, direction):
    assert not hopeless(score, peers, direction)


@given(st.lists(SCORES, max_size=9), DIRECTIONS)
def test_what_is_no_number_is_hopeless(peers, direction):
    assert hopeless(math.nan, peers, direction)


@given(st.lists(SCORES, min_size=1, max_size=20), DIRECTIONS, st.floats(0, 1))
def test_the_best_is_never_hopeless_and_hope_is_monotone(scores, direction, keep):
    best_first = sorted(scores, reverse=direction == "maximize")
    fates = [hopeless(score, scores, direction, keep) for score in best_first]
    assert not fates[0]
    assert fates == sorted(fates)


@given(st.lists(SCORES, min_size=4, max_size=20, unique=True), DIRECTIONS)
def test_about_the_share_that_is_kept_has_hope(scores, direction):
    for keep in (0.5, 0.75):
        left = sum(not hopeless(score, scores, direction, keep) for score in scores)
        assert left == int(keep * len(scores)) + 1


@given(st.lists(st.floats(0, 1), min_size=4, max_size=9), st.integers(0, 5), st.floats(0, 1), DIRECTIONS)
def test_peers_that_are_no_number_do_not_count(peers, nans, score, direction):
    among = peers[:2] + [math.nan] * nans + peers[2:]
    assert hopeless(score, among, direction) == hopeless(score, peers, direction)
