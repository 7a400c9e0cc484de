import math

import pytest

from diffsmith.pipeline import request_of
from diffsmith.specs import Choice
from diffsmith.tuner.plans import metrics_of
from diffsmith.tuner.trials.judge import judge_of

DIGITS = Choice(name="digits")


@pytest.fixture
def judge(finished, registry):
    return judge_of(finished.spec.base.data, metrics_of(finished.spec, registry), registry)


def test_a_judge_is_made_once(judge, finished, registry):
    assert judge_of(Choice(name="digits"), metrics_of(finished.spec, registry), registry) is judge


def test_it_asks_for_the_classes_of_the_validation_data(judge):
    labels = judge.labels(1000)
    assert len(labels) == 1000
    assert labels[:5] == judge.data.validation.label[:5].tolist()
    assert set(labels) == set(range(10))


def test_real_data_score_better_than_a_network_that_learnt_nothing(judge, finished):
    request = request_of(judge.labels(16), seeds=range(16))
    scores = judge.scores(finished.best.pipeline().generate(request))
    floors = judge.floors(16)
    assert scores.keys() == floors.keys() == judge.metrics.keys()
    assert floors["sliced_wasserstein"] < scores["sliced_wasserstein"]
    assert all(map(math.isfinite, floors.values()))


def test_at_the_end_other_data_judge(judge, finished):
    samples = finished.best.pipeline().generate(request_of(judge.labels(16), seeds=range(16)))
    assert judge.scores(samples) == judge.scores(samples)
    assert judge.scores(samples) != judge.scores(samples, final=True)
