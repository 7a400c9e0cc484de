"""Where tracking goes, and MLflow's environment: it must be set before mlflow is imported, so not here."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from diffsmith.errors import FileFault

__all__ = [
    "EXPERIMENT",
    "artifacts_beside",
    "database",
    "prepare",
    "tracking_uri",
    "unreachable",
    "without_password",
]

EXPERIMENT = "diffsmith"
"""The experiment that all sweeps are in."""

_SQLITE = "sqlite:///"
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # a server that is gone costs a sweep some seconds, once
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
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
        _prepare_sqlite(path)


def _prepare_sqlite(path: Path) -> None:
    """Write-ahead logging: the dashboard reads while a sweep writes, and new tables come much sooner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.DatabaseError as error:
        raise FileFault(path, f"is no database of MLflow's: {error}") from None


def unreachable(uri: str, error: Exception) -> bool:
    """Whether the error is a server's silence: an OSError of the connection, or MLflow's around one."""
    return uri.startswith("http") and any(isinstance(each, OSError) for each in (error, error.__context__))


def without_password(text: str) -> str:
    """URLs in the text lose their user and password."""
    return re.sub(r"//[^/\s@]+@", "//", text)
