"""The program as a whole: its start, its errors, its exit codes. `cli` runs in this process."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from diffsmith.__main__ import application
from diffsmith.errors import DiffsmithError, SpecError
from diffsmith.hookspecs import hookimpl
from diffsmith.registry import Registry

HEAVY = {
    "torch",
    "numpy",
    "optuna",
    "mlflow",
    "sklearn",
    "scipy",
    "matplotlib",
    "pandas",
    "PIL",
    "transformers",
}
PROGRAM = [sys.executable, "-m", "diffsmith"]


@pytest.mark.parametrize(
    "words", [["--help"], ["plugins"], ["list"], ["list", "models"], ["train", "--help"]]
)
def test_light_commands_import_nothing_heavy_and_start_quickly(words):
    code = (
        "import sys, time\nfrom diffsmith.__main__ import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(time.process_time(), *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    seconds, *modules = done.stderr.split()
    assert HEAVY & set(modules) == set()
    assert float(seconds) < 0.6, "0.2 s on a quiet machine"


def test_the_version_is_printed(cli):
    assert re.fullmatch(r"diffsmith \d+\.\d+\.\d+\n", cli("--version").stdout)


def test_every_command_shows_examples_that_name_it(cli):
    commands = re.findall(r"^  ([a-z-]+)  ", cli("--help").stdout.partition("Commands:")[2], re.MULTILINE)
    assert {"list", "show", "train", "generate", "plugins"} <= set(commands)
    for command in ("list", "show", "train", "generate", "plugins"):
        told = cli(command, "--help").stdout
        assert f"Examples:\n    diffsmith {command}" in told


@pytest.mark.parametrize("examples_of", ["list", "show", "train", "generate", "plugins"])
def test_examples_name_options_that_exist(cli, examples_of):
    options, _, examples = cli(examples_of, "--help").stdout.partition("Examples:")
    assert set(re.findall(r"(?<= )--[a-z]+", examples)) - set(re.findall(r"--[a-z]+", options)) <= {
        "--folder"
    }


def test_a_misspelt_command_or_option_is_told_with_the_near_miss(cli):
    wrong = cli("trian")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "Did you mean 'train'" in wrong.stderr
    assert "--labels" in cli("generate", "x", "--label", "3").stderr


class Commands:
    """A plugin with commands that end in every way."""

    @hookimpl
    def diffsmith_commands(self, app: typer.Typer) -> None:
        ends = {
            "sentence": DiffsmithError("that cannot be"),
            "spec": SpecError(["a: wrong", "b: wrong"]),
            "surprise": ZeroDivisionError("division by zero"),
            "interrupt": KeyboardInterrupt(),
            "missing": FileNotFoundError(2, "No such file or directory", "here.txt"),
            "full": OSError(28, "No space left on device"),
            "pipe": BrokenPipeError(32, "Broken pipe"),
            "leave": typer.Exit(7),
        }
        for name, error in ends.items():
            app.command(name)(self._raising(error))

    def _raising(self, error):
        def command() -> None:
            raise error

        return command


@pytest.fixture
def ending():
    from typer.testing import CliRunner

    app = application(Registry([("ends", Commands)]))
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("sentence", 1, "Error: that cannot be\n"),
        ("spec", 2, "Error: a: wrong\nb: wrong\n"),
        ("missing", 1, "Error: here.txt: No such file or directory\n"),
        ("full", 1, "Error: No space left on device\n"),
        ("interrupt", 130, ""),
        ("pipe", 1, ""),
        ("leave", 7, ""),
    ],
)
def test_a_command_ends_in_a_sentence_and_a_code(ending, command, code, told):
    done = ending(command)
    assert (done.exit_code, done.stderr, done.stdout) == (code, told, "")


def test_a_surprise_is_named_without_a_traceback(ending):
    done = ending("surprise")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: unexpected ZeroDivisionError: division by zero")
    assert "--debug" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("command", "code"), [("surprise", 1), ("sentence", 1), ("spec", 2)])
def test_debug_shows_the_traceback_and_keeps_the_code(ending, command, code):
    done = ending("--debug", command)
    assert done.exit_code == code
    assert "Traceback" in done.stderr


class Whole:
    @hookimpl
    def diffsmith_commands(self, app: typer.Typer) -> None:
        app.command("one")(lambda: typer.echo("one"))
        app.command("two")(lambda: typer.echo("two"))


class Raises:
    @hookimpl
    def diffsmith_commands(self, app: typer.Typer) -> None:
        app.command("half")(lambda: None)
        raise RuntimeError("half way")


class Unbuildable:
    @hookimpl
    def diffsmith_commands(self, app: typer.Typer) -> None:
        def odd(value: "Nowhere") -> None: ...  # noqa: F821

        app.command("odd")(odd)


@pytest.mark.parametrize("broken", [Raises, Unbuildable])
def test_a_plugin_with_broken_commands_does_not_stop_the_others(broken):
    from typer.testing import CliRunner

    registry = Registry([("broken", broken), ("whole", Whole)])
    app = application(registry)
    assert CliRunner().invoke(app, ["two"]).stdout == "two\n"
    assert registry.reports["broken"].error
    assert "half" not in CliRunner().invoke(app, ["--help"]).stdout


def test_a_reader_that_leaves_early_is_no_error():
    writer = subprocess.Popen(
        [*PROGRAM, "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    writer.stdout.close()
    _, told = writer.communicate()
    assert told == ""


def test_a_full_disk_behind_stdout_is_told():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PROGRAM, "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "Error: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_installed_program_runs():
    program = Path(sys.executable).with_name("diffsmith")
    done = subprocess.run([program, "list", "modls"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'models'" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_shown_for_every_shell(shell):
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [*PROGRAM, "--show-completion", shell], env=environment, capture_output=True, text=True, check=True
    )
    assert "_DIFFSMITH_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("diffsmith sho", {"show"}),
        ("diffsmith show dpmpp_3m", {"dpmpp_3m", "dpmpp_3m_sde"}),
        ("diffsmith list mod", {"models", "modalities"}),
        ("diffsmith train un", {"unet"}),
        ("diffsmith train unet --data dig", {"digits"}),
        ("diffsmith generate sdxl", {"sdxl", "sdxl_inpaint", "sdxl_refiner"}),
        ("diffsmith generate x --scheduler heun", {"heun", "heunpp2"}),
        ("diffsmith generate x --spacing kar", {"karras"}),
        ("diffsmith show --kind sched", {"schedulers", "schedules"}),
    ],
)
def test_names_complete(line, offered):
    words = len(line.split()) - 1
    asked = {"_DIFFSMITH_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(words)}
    program = Path(sys.executable).with_name("diffsmith")
    done = subprocess.run([program], env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory: 9"),
        type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate"),
    ],
)
def test_too_little_memory_is_told_with_what_helps(error, monkeypatch, cli, trained):
    from diffsmith.pipeline import Pipeline

    def fail(*_):
        raise error

    monkeypatch.setattr(Pipeline, "making", fail)
    done = cli("generate", trained)
    assert done.exit_code == 1
    assert "not enough memory: this needs about" in done.stderr
    assert "--set engine.dtype=bfloat16" in done.stderr
    assert "unexpected" not in done.stderr
