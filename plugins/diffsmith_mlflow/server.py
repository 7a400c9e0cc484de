"""MLflow's server as a child process: started light, waited for, and stopped with all its children."""

import http
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
            yield server, f"http://{HOST}:{port}"
        finally:
            _stop(server)


def _started(uri: str, port: int, said: IO[bytes]) -> subprocess.Popen[bytes]:
    """One worker and no job runner: half the memory, and ready sooner."""
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--workers", "1"]
    command += ["--host", HOST, "--port", str(port), "--allowed-hosts", f"{HOST}:{port},localhost:{port}"]
    root = settings.artifacts_beside(uri)
    command += ["--default-artifact-root", root, "--no-serve-artifacts"] if root else []
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return subprocess.Popen(command, stdout=said, stderr=said, env=environment, start_new_session=True)


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
    while not _healthy(port):
        if server.poll() is not None or time.monotonic() > end:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-5:]
            raise DiffsmithError("\n".join(["MLflow's server did not start:", *last]))
        time.sleep(0.2)


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5) as answer:
            return bool(answer.status == http.HTTPStatus.OK)
    except OSError:
        return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """The whole group: the workers are its children."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with suppress(subprocess.TimeoutExpired):
            server.wait(_GRACE)
