from diffsmith.hookspecs import hookimpl
from diffsmith.registry import Registry, default_registry
from diffsmith.tuner import api


class _Observer:
    """Notes what it hears."""

    def __init__(self):
        self.heard = []

    @hookimpl
    def diffsmith_sweep_started(self, sweep):
        self.heard.append(("started", bool(sweep.floors), len(sweep.trials)))

    @hookimpl
    def diffsmith_trial_ended(self, sweep, trial):
        self.heard.append((trial.state, trial in sweep.trials, len(sweep.trials)))

    @hookimpl
    def diffsmith_sweep_ended(self, sweep):
        self.heard.append(("ended", bool(sweep.test), len(sweep.trials)))


class _Broken:
    @hookimpl
    def diffsmith_trial_ended(self, sweep, trial):
        raise RuntimeError("no tracking server")


def test_observers_hear_of_everything_and_a_broken_one_stops_nothing(space_path, tmp_path):
    observer, broken = _Observer(), _Broken()
    installed = [
        (name, lambda plugin=plugin: plugin)
        for name, plugin in default_registry()._manager.list_name_plugin()
    ]
    registry = Registry([*installed, ("broken", lambda: broken), ("observer", lambda: observer)])
    sweep = api.sweep(str(space_path), trials=2, workers=0, samples=16, runs=tmp_path, registry=registry)
    assert observer.heard == [
        ("started", True, 0),
        ("complete", True, 1),
        ("complete", True, 2),
        ("ended", True, 2),
    ]
    assert len(sweep.trials) == 2
    assert "no tracking server" in registry.reports["broken"].error
