import pytest

from diffsmith.errors import SpecError
from diffsmith.tuner.plans import metrics_of, plan


@pytest.mark.parametrize(
    ("settings", "objectives"),
    [
        ({}, {"frechet": "minimize", "latency": "minimize"}),
        ({"constraints": {"latency": 0.1}}, {"frechet": "minimize"}),
        ({"objectives": ["coverage", "memory"]}, {"coverage": "maximize", "memory": "minimize"}),
        ({"objectives": "kid"}, {"kid": "minimize"}),
        ({"objectives": {"frechet": "maximize"}}, {"frechet": "maximize"}),
    ],
)
def test_objectives_and_their_directions(settings, objectives, registry):
    spec = plan("digits", registry, **settings)
    assert spec.objectives == objectives
    assert list(spec.objectives) == list(objectives), "the first one leads"


def test_a_data_set_a_space_and_a_file_are_targets(registry, space_path):
    assert plan("digits", registry).base == plan("image", registry).base
    assert plan(str(space_path), registry, data="digits").base.train.steps == 10


def test_what_is_put_in_changes_the_base(registry, space_path):
    spec = plan(str(space_path), registry, put={"train.batch": 4, "scheduler.name": "heun"}, trials=3, seed=7)
    assert (spec.base.train.batch, spec.base.scheduler.name, spec.trials, spec.seed) == (4, "heun", 3, 7)


def test_the_metrics_are_what_is_named_and_what_the_modality_has(registry):
    metrics = metrics_of(plan("digits", registry, objectives=["kid", "latency"]), registry)
    assert metrics[0] == "kid"
    assert "frechet" in metrics
    assert "latency" not in metrics
    assert len(metrics) == len(set(metrics))


@pytest.mark.parametrize(
    ("target", "settings", "told"),
    [
        ("digit", {}, "data set or space: unknown name 'digit' — did you mean 'digits'"),
        ("nix.yaml", {}, "nix.yaml: there is no such YAML file"),
        ("image", {"data": "digit"}, "unknown name 'digit' — did you mean 'digits'"),
        ("digits", {"objectives": ["frechett"]}, "unknown name 'frechett' — did you mean 'frechet'"),
        ("digits", {"objectives": ["latencyy"]}, "unknown name 'latencyy' — did you mean 'latency'"),
        (
            "digits",
            {"objectives": {"kidd": "minimize"}},
            "objectives: unknown name 'kidd' — did you mean 'kid'",
        ),
        (
            "digits",
            {"objectives": {"kid": "down"}},
            "objectives.kid: input should be 'minimize' or 'maximize'",
        ),
        (
            "digits",
            {"constraints": {"memry": 1}},
            "constraints: unknown name 'memry' — did you mean 'memory'",
        ),
        ("digits", {"samples": 2}, "samples: input should be greater than or equal to 16"),
        ("digits", {"rungs": [1.5]}, "rungs.0: input should be less than 1"),
        ("digits", {"trails": 5}, "unknown name 'trails' — did you mean 'trials'"),
        ("digits", {"put": {"trian.lr": 1}}, "unknown name 'trian' — did you mean 'train'"),
        ("digits", {"put": {"model.widht": 8}}, "model: unknown name 'widht' — did you mean 'width'"),
        ("digits", {"put": {"train.lr.x": 8}}, "train.lr is no group of fields"),
        ("digits", {"put": {"guidance.name": "none"}}, "guidance: unknown name 'scale'"),
    ],
)
def test_wrong_input_is_told_before_anything_runs(target, settings, told, registry):
    with pytest.raises(Exception, match=None) as caught:
        plan(target, registry, **settings)
    assert told in str(caught.value)
    assert type(caught.value).__module__ == "diffsmith.errors"


def test_two_faults_are_told_at_once(registry):
    with pytest.raises(SpecError) as caught:
        plan("digits", registry, objectives={"kidd": "minimize"}, constraints={"memry": 1})
    assert len(caught.value.faults) == 2
