"""The documents cannot lie: hooks and commands stand in them as they are, and the README's blocks run."""

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from diffsmith import hookspecs
from diffsmith.__main__ import application
from diffsmith.registry import default_registry
from diffsmith.tuner.spaces.files import read_space

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("diffsmith_")}


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_every_hook_stands_in_the_docs_with_its_signature() -> None:
    headings = set(re.findall(r"^### `(.+)`$", (ROOT / "docs" / "plugins.md").read_text(), re.MULTILINE))
    signatures = {f"{name}{inspect.signature(hook)}".replace("'", "") for name, hook in HOOKS.items()}
    assert headings == signatures


def test_every_command_stands_in_the_readme() -> None:
    commands = set(typer.main.get_group(application(default_registry())).commands)
    used = {line.split()[1] for block in blocks("sh") for line in block.splitlines() if "diffsmith " in line}
    assert commands - used == set()


def test_every_picture_of_the_readme_is_there() -> None:
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", README)
    assert len(pictures) >= 2
    assert not [picture for picture in pictures if not (ROOT / picture).is_file()]


def test_every_link_inside_the_repository_leads_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
        assert not [link for link in links if not (document.parent / link).exists()], document


@pytest.mark.timeout(600)
def test_the_readmes_commands_run_in_their_order(tmp_path: Path) -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("diffsmith ")]
    assert len(lines) >= 15
    for line in lines:
        done = _run(_short(line), tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


SAMPLING = (ROOT / "docs" / "sampling.md").read_text()


@pytest.mark.parametrize("block", [*blocks("python"), *blocks("python", SAMPLING)])
def test_the_documents_python_runs(block: str, tmp_path: Path) -> None:
    short = re.sub(r'budget="\w+"', "trials=1", block)
    done = _run([sys.executable, "-c", short], tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_readmes_space_is_one(tmp_path: Path) -> None:
    (block,) = blocks("yaml")
    (tmp_path / "space.yaml").write_text(block)
    assert read_space(tmp_path / "space.yaml", default_registry()).base["model"] == "unet"


def _short(line: str) -> list[str]:
    """The command without its comment; a search makes one trial, and what never ends shows its help."""
    words = shlex.split(line, comments=True)
    if words[1] == "sweep":
        words = [
            word for word, before in zip(words, ["", *words], strict=False) if not _a_budget(word, before)
        ]
        words += ["--trials", "1"]
    if words[1] in {"dashboard", "--install-completion"}:
        words = [*words[:2], "--help"]
    return [str(Path(sys.executable).with_name("diffsmith")), *words[1:]]


def _a_budget(word: str, before: str) -> bool:
    return bool({word, before} & {"--budget", "--trials"})


def _run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "DIFFSMITH_TRACKING": "off", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_nothing_but_the_projects_own_is_told() -> None:
    """No path of one machine in what is shipped."""
    git = shutil.which("git")
    assert git
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = [
        ROOT / name for name in listed.splitlines() if Path(name).suffix in {".py", ".md", ".yaml", ".toml"}
    ]
    assert texts
    place = re.compile(r"(^|[\s\"'(=])/(work|root|home)/", re.MULTILINE)
    assert not [path for path in texts if path.exists() and place.search(path.read_text())]
