"""Where tracking goes, and MLflow's environment: it must be set before mlflow is imported, so not here."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

__all__ = ["artifacts_beside", "database", "prepare", "tracking_uri", "unreachable", "without_password"]

_SQLITE = "sqlite:///"
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    # a server that is gone costs a sweep some seconds, once
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
}


def tracking_uri(runs: Path) -> str:
    """MLFLOW_TRACKING_URI, or one database for all the sweeps of a folder, beside them."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}{runs.absolute() / 'mlflow.db'}"


def database(uri: str) -> Path | None:
    """The SQLite file of a tracking URI, if it is one."""
    return Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None


def artifacts_beside(uri: str) -> str | None:
    """Artifacts lie beside a SQLite file; any other place has its own."""
    path = database(uri)
    return None if path is None else str(path.absolute().parent / "mlartifacts")


def prepare(uri: str) -> None:
    """MLflow quiet, quick to give up and free of pickles, unless told otherwise; its database there."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    path = database(uri)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path)) as connection:  # the dashboard reads while a sweep writes
            connection.execute("PRAGMA journal_mode=WAL")


def unreachable(uri: str, error: Exception) -> bool:
    """Whether the error is a server's silence; what a server answers is a RestException."""
    return uri.startswith("http") and type(error).__name__ != "RestException"


def without_password(text: str) -> str:
    """URLs in the text lose their user and password."""
    return re.sub(r"//[^/\s@]+@", "//", text)
