import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from mlflow import MlflowClient

from diffsmith.tuner.records import Sweep
from diffsmith_mlflow import settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ("gpu", "background-networking", "component-update", "sync")


class Dashboard(NamedTuple):
    process: "subprocess.Popen[str]"
    page: str

    @property
    def server(self) -> str:
        return self.page.partition("/#")[0]


@pytest.fixture(scope="module")
def dashboard(track: Callable[[], Sweep], unused_port: int) -> Iterator[Dashboard]:
    """`diffsmith dashboard` as a person starts it."""
    runs = track().folder.parent
    words = ["dashboard", "--runs", str(runs), "--port", str(unused_port), "--no-open"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "diffsmith", *words], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout
    said = process.stdout.readline()
    assert f"http://127.0.0.1:{unused_port}/#/experiments/" in said
    yield Dashboard(process, next(word for word in said.split() if word.startswith("http")))
    process.terminate()
    process.wait(30)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this computer")
def test_a_person_finds_the_sweep_its_trials_and_their_samples(dashboard: Dashboard, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=flags, headless=True
        )
        page = browser.pages[0]
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(dashboard.page)
        page.get_by_role("link", name="digits", exact=True).click()
        for number in (2, 1, 0):
            page.get_by_role("link", name=f"trial {number}").wait_for()
        page.get_by_role("link", name="trial 0").click()
        page.get_by_role("tab", name="Model metrics").click()
        shown = "[...document.images].some(each => each.src.includes('{}') && each.naturalWidth > 0)"
        page.wait_for_function(shown.format("last%20samples"))
        page.get_by_role("slider").last.press("ArrowRight")
        page.wait_for_function(shown.format("images%2Fsamples%2Bstep%2B500"))
        page.get_by_role("tab", name="Artifacts").click()
        page.get_by_text("clips", exact=True).click()
        page.get_by_text("sheet-001500.mp4").first.click()
        page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
        browser.close()
    assert all(url.startswith((dashboard.server, "data:", "blob:")) for url in asked), (
        "nothing leaves the computer"
    )


def test_only_this_computers_own_names_are_answered(dashboard: Dashboard) -> None:
    host = dashboard.server.removeprefix("http://")
    statuses = {}
    for name in (host, host.replace("127.0.0.1", "localhost"), "evil.example"):
        connection = HTTPConnection(host, timeout=30)
        connection.request("GET", "/", headers={"Host": name})
        statuses[name] = connection.getresponse().status
        connection.close()
    assert list(statuses.values()) == [200, 200, 403]


def test_a_sweep_can_be_tracked_through_a_server(
    dashboard: Dashboard,
    make_sweep: Callable[..., Sweep],
    run_sweep: Callable[[Sweep], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", dashboard.server)
    run_sweep(make_sweep(tmp_path, "remote"))
    assert not capsys.readouterr().out, "that belongs to --json"
    assert "MLflow tracking" not in caplog.text
    client = MlflowClient(dashboard.server)
    version = client.get_model_version_by_alias("diffsmith-remote", "best")
    assert len(client.get_metric_history(version.run_id, "loss")) == 1500
    assert {path.name for path in tmp_path.iterdir()} == {"remote"}


def test_ctrl_c_stops_it_with_all_its_children(dashboard: Dashboard) -> None:
    family = descendants(dashboard.process.pid)
    assert len(family) >= 2, "a server and its worker"
    dashboard.process.send_signal(signal.SIGINT)
    assert dashboard.process.wait(30) == 0
    assert not [pid for pid in family if alive(pid)]


def descendants(parent: int) -> list[int]:
    table = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in table.stdout.splitlines()]
    own = [pid for pid, ppid in pairs if ppid == parent]
    return own + [pid for each in own for pid in descendants(each)]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_without_a_database_it_says_what_makes_one(cli: Callable[..., object], tmp_path: Path) -> None:
    result = cli("dashboard", "--runs", tmp_path, "--no-open")
    assert result.exit_code == 1
    assert "mlflow.db: nothing is tracked yet; `diffsmith sweep` makes it" in result.stderr


def test_a_server_of_ones_own_has_its_page_already(
    cli: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@tracking.example")
    result = cli("dashboard", "--no-open")
    assert result.exit_code == 1
    assert "open https://tracking.example" in result.stderr
    assert "secret" not in result.stderr


def test_a_taken_port_is_told(cli: Callable[..., object], tracked: Sweep) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = cli("dashboard", "--runs", tracked.folder.parent, "--port", port, "--no-open")
    assert result.exit_code == 1
    assert f"port {port} is taken" in result.stderr


def test_a_server_that_dies_is_told_with_its_last_words(cli: Callable[..., object], tmp_path: Path) -> None:
    settings.prepare(f"sqlite:///{tmp_path}/mlflow.db")
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('from the future')")
    result = cli("dashboard", "--runs", tmp_path, "--no-open")
    assert result.exit_code == 1
    assert "MLflow's server did not start" in result.stderr
    assert "from the future" in result.stderr


def test_help_is_quick_and_needs_no_mlflow() -> None:
    code = (
        "import sys\n"
        "from diffsmith.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: print({'mlflow', 'torch', 'pandas', 'optuna'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "dashboard", "--help"], capture_output=True, text=True, check=True
    )
    assert "--port" in done.stdout
    assert done.stdout.strip().endswith("set()")
