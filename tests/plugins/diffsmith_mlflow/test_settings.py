import os
import sqlite3
from pathlib import Path

import pytest

from diffsmith.errors import FileFault
from diffsmith_mlflow import settings


def test_sweeps_of_a_folder_share_one_database_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    uri = settings.tracking_uri(Path("runs"))
    assert uri == f"sqlite:///{tmp_path}/runs/mlflow.db"
    assert settings.artifacts_beside(uri) == f"{tmp_path}/runs/mlartifacts"


def test_the_user_chooses_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example:5000")
    assert settings.tracking_uri(Path("runs")) == "http://tracking.example:5000"
    assert settings.artifacts_beside("http://tracking.example:5000") is None
    assert settings.database("postgresql://tracking.example/mlflow") is None


def test_mlflow_is_prepared_but_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings._DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    settings.prepare("http://tracking.example:5000")
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_new_database_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    settings.prepare(f"sqlite:///{tmp_path}/new/mlflow.db")
    with sqlite3.connect(tmp_path / "new" / "mlflow.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_another_file_in_the_databases_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database at all, but long enough to have a header" * 10)
    with pytest.raises(FileFault, match=r"mlflow\.db: is no database"):
        settings.prepare(f"sqlite:///{tmp_path}/mlflow.db")


def test_passwords_are_not_repeated() -> None:
    told = "API request to https://me:secret@tracking.example/api failed, http://me@other/x too"
    assert settings.without_password(told) == (
        "API request to https://tracking.example/api failed, http://other/x too"
    )


def test_only_a_servers_silence_counts_as_unreachable() -> None:
    silence = ValueError("API request failed")
    silence.__context__ = ConnectionError("refused")  # raised while that one was handled
    assert settings.unreachable("http://tracking.example", silence)
    assert settings.unreachable("http://tracking.example", TimeoutError())
    assert not settings.unreachable("http://tracking.example", ValueError("status 400: bad name"))
    assert not settings.unreachable("sqlite:///runs/mlflow.db", OSError("disk full"))
