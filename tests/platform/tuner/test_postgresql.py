"""A study in PostgreSQL, for real: a throwaway server, or the one that DIFFSMITH_TEST_POSTGRESQL names."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffsmith.tuner import folders

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of an empty database."""
    given = os.environ.get("DIFFSMITH_TEST_POSTGRESQL")
    if given:
        yield given
        return
    initdb = shutil.which("initdb") or (BINARIES[-1] if BINARIES else None)
    if initdb is None:
        pytest.skip("there is no PostgreSQL here, and DIFFSMITH_TEST_POSTGRESQL names none")
    folder = Path(tempfile.mkdtemp(prefix="diffsmith-pg-"))
    try:
        yield from _served(Path(initdb).parent, folder)
    finally:
        shutil.rmtree(folder)


def _served(binaries: Path, folder: Path) -> Iterator[str]:
    as_postgres = []  # the server refuses to run as root
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_postgres = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, options = (
        folder / "data",
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}",
    )
    _run([*as_postgres, binaries / "initdb", "-D", data, "-U", "me", "--auth=trust", "--no-sync"])
    control = [*as_postgres, binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    _run([*control, "-o", options, "start"])
    try:
        yield f"postgresql+psycopg://me:hunter2@127.0.0.1:{port}/postgres"
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def test_a_sweep_lives_and_goes_on_in_postgresql(database, new_sweep, searched, evaluate, monkeypatch):
    monkeypatch.setenv("DIFFSMITH_STORAGE", database)
    sweep = new_sweep()
    first = searched(sweep, evaluate, trials=4)
    again = searched(sweep, evaluate, trials=6)
    assert {number: again.trials[number] for number in first.trials} == first.trials
    assert len(folders.reopen(sweep.folder.parent, sweep.name).trials) == 6
    assert not (sweep.folder / "study.db").exists()
    assert "hunter2" not in (sweep.folder / "sweep.yaml").read_text()
