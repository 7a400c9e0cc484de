"""MLflow's server as a child process: started light, waited for, and stopped with all its children."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection
from typing import IO

from diffsmith.errors import DiffsmithError

from . import settings

__all__ = ["serving"]

HOST = "127.0.0.1"
_PORTS = range(5000, 5100)
_PATIENCE, _GRACE = 120.0, 5.0


@contextmanager
def serving(uri: str, port: int = 0) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server that answers, and its address; it is gone when the block ends, however it ends."""
    settings.prepare(uri)
    port = _free(range(port, port + 1) if port else _PORTS)
    with tempfile.TemporaryFile() as said:
        server = _started(uri, port, said)
        try:
            _await(server, port, said)
            yield server, _page(port)
        finally:
            _stop(server)


def _started(uri: str, port: int, said: IO[bytes]) -> subprocess.Popen[bytes]:
    """One worker and no job runner: half the memory, and ready sooner. The URI may hold a password."""
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
    command += ["--host", HOST, "--port", str(port), "--allowed-hosts", f"{HOST}:{port},localhost:{port}"]
    root = settings.artifacts_beside(uri)
    command += ["--default-artifact-root", root, "--no-serve-artifacts"] if root else []
    light = {"MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return subprocess.Popen(command, stdout=said, stderr=said, env=os.environ | light, start_new_session=True)


def _free(ports: range) -> int:
    """The first of the ports that nobody listens on."""
    for port in ports:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((HOST, port))
            except OSError:
                continue
            return port
    raise DiffsmithError(f"port {ports[0]} is taken: give another --port, or none to have one found")


def _await(server: subprocess.Popen[bytes], port: int, said: IO[bytes]) -> None:
    """Until it answers; a DiffsmithError with its last words if it dies or never does."""
    end = time.monotonic() + _PATIENCE
    while _asked(port, "/health") is None:
        if server.poll() is not None or time.monotonic() > end:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-5:]
            raise DiffsmithError("\n".join(["MLflow's server did not start:", *last]))
        time.sleep(0.2)


def _page(port: int) -> str:
    """The page of our experiment, or the front page where there is none."""
    told = _asked(port, f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={settings.EXPERIMENT}")
    if told is None:
        return f"http://{HOST}:{port}"
    number = json.loads(told)["experiment"]["experiment_id"]
    return f"http://{HOST}:{port}/#/experiments/{number}/runs?workflowType=machine_learning"


def _asked(port: int, path: str) -> bytes | None:
    """What it answers; no proxy stands between this computer and itself."""
    connection = HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == HTTPStatus.OK else None
    except OSError:
        return None
    finally:
        connection.close()


def _stop(server: subprocess.Popen[bytes]) -> None:
    """The whole group: the workers are its children."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with suppress(subprocess.TimeoutExpired):
            server.wait(_GRACE)
