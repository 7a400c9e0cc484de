import json

import pytest

from diffsmith.commands import plugins
from diffsmith.registry import Registry


def test_every_plugin_is_shown_with_what_it_brings(cli, registry):
    shown = cli("plugins").stdout
    for name, report in registry.reports.items():
        assert name in shown
        assert report.package in shown
    reports = {report["name"]: report for report in json.loads(cli("plugins", "--json").stdout)}
    assert "unet" in reports["image"]["brings"]["models"]
    assert reports["builtin"]["error"] == ""


@pytest.fixture
def broken(monkeypatch):
    def load():
        raise ImportError("no module named wings")

    registry = Registry([("bird", load)])
    monkeypatch.setattr(plugins, "default_registry", lambda: registry)


def test_a_broken_plugin_is_shown_with_its_error_and_the_traceback_on_demand(cli, broken):
    short, long = cli("plugins"), cli("plugins", "--verbose")
    assert short.exit_code == 0
    assert "bird is broken: ImportError: no module named wings" in short.stdout
    assert "Traceback" not in short.stdout
    assert "Traceback" in long.stdout
    assert "Traceback" in cli("--debug", "plugins").stdout
    (report,) = json.loads(cli("plugins", "--json").stdout)
    assert "Traceback" in report["details"]
