"""What all tests share: the registry, the command line, a trained pipeline, an installed plugin."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner, Result

from diffsmith.__main__ import application
from diffsmith.registry import Registry, default_registry

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: tests run beside one another
pytest.register_assert_rewrite("diffsmith.testing.conformance")

Cli = Callable[..., Result]


@pytest.fixture(scope="session")
def registry() -> Registry:
    return default_registry()


@pytest.fixture
def cli(registry: Registry) -> Cli:
    """The command line in this process: cli("list", "models") -> Result."""
    return lambda *words: CliRunner().invoke(application(registry), [str(word) for word in words])


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    """The folder of a pipeline that was trained for two steps; its samples are noise. Do not write here."""
    from diffsmith.specs import TrainSpec, parse
    from diffsmith.training.fit import fit

    folder = tmp_path_factory.mktemp("trained")
    train = {"steps": 2, "batch": 4, "checkpoint_every": 1}
    values = {
        "model": {"name": "unet", "width": 8},
        "data": "digits",
        "train": train,
        "spacing": {"steps": 3},
    }
    for _ in fit(parse(TrainSpec, values), folder, registry):
        pass
    return folder


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """published("sd1"): the folder of a tiny pipeline of tests/published.py or published_video.py.

    Do not write there.
    """
    made: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        from tests import published, published_video

        if kind not in made:
            make = {**published.PIPELINES, **published_video.PIPELINES}[kind]
            made[kind] = tmp_path_factory.mktemp("published") / kind
            make(tmp_path_factory.mktemp("words")).save_pretrained(made[kind])
        return made[kind]

    return folder


class InstalledPlugin(NamedTuple):
    """A plugin as `diffsmith plugins new` writes it, and an environment in which it is installed."""

    name: str
    folder: Path
    environment: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `python WORDS` where it is installed, in its folder."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def installed_plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InstalledPlugin]:
    """The template's plugin, called "sketches", installed without a network into a folder of its own."""
    folder, site = tmp_path_factory.mktemp("plugin") / "sketches", tmp_path_factory.mktemp("site")
    written = [sys.executable, "-m", "diffsmith", "plugins", "new", "sketches", "--folder", str(folder)]
    subprocess.run(written, check=True, capture_output=True)
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    pip = [sys.executable, "-m", "pip", "install", *offline, "--target", str(site), str(folder)]
    subprocess.run(pip, check=True, capture_output=True)
    yield InstalledPlugin("sketches", folder, {**os.environ, "PYTHONPATH": str(site)})
