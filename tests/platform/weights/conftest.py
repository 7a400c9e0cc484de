"""A little Hugging Face Hub on 127.0.0.1, which can fail in the ways that the real one does."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest


@dataclass
class Hub:
    """One repository. files: its contents by name. refuse: a status, and the Hub's word for it, for all.

    cut: after how many bytes the line breaks, once. log: (method, path, token or range) of every question.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    refuse: tuple[int, str] | None = None
    cut: int | None = None
    log: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""
    repository: str = "somebody/pictures"
    commit: str = "c0ffee" * 6 + "c0ff"

    @property
    def downloads(self) -> list[str]:
        """The names of the files whose contents were asked for."""
        return [
            path.split(self.commit)[1][1:]
            for verb, path, _ in self.log
            if verb == "GET" and "/resolve/" in path
        ]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        told = request.headers.get("Range") or request.headers.get("Authorization") or ""
        self.log.append((request.command, path, told))
        models, content = f"/api/models/{self.repository}/", f"/{self.repository}/resolve/{self.commit}/"
        if self.refuse:
            _send(request, self.refuse[0], b"", {"X-Error-Code": self.refuse[1]})
        elif path.startswith(f"{models}tree/"):
            _send(request, 200, json.dumps([_told(*each) for each in self.files.items()]).encode())
        elif path in (f"{models}revision/main", f"{models}revision/{self.commit}"):
            siblings = [{"rfilename": name} for name in self.files]
            told_of = {"id": self.repository, "sha": self.commit, "siblings": siblings}
            _send(request, 200, json.dumps(told_of).encode())
        elif path.startswith(content):
            self._file(request, self.files[path.removeprefix(content)])
        else:
            known = path.startswith(models)
            _send(request, 404, b"", {"X-Error-Code": "RevisionNotFound" if known else "RepoNotFound"})

    def _file(self, request: BaseHTTPRequestHandler, data: bytes) -> None:
        start = int((request.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        headers = {"X-Repo-Commit": self.commit, "ETag": f'"{_tag(data)}"', "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        cut = None
        if request.command == "GET" and self.cut is not None and len(data) > self.cut:
            cut, self.cut = self.cut, None
        _send(request, 206 if start else 200, data[start:], headers, cut)


def _told(name: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "path": name, "size": len(data), "oid": _tag(data)}


def _tag(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    cut: int | None = None,
) -> None:
    request.send_response(status)
    for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
        request.send_header(name, value)
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body[:cut])
    request.close_connection = request.close_connection or cut is not None


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub that HF_ENDPOINT names, with an empty cache of its own."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.answer(self)

        do_HEAD = do_GET  # noqa: N815 — the library's name

        def log_message(self, *args: object) -> None:
            """Quiet: what was asked stands in the log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    yield hub
    server.shutdown()
    server.server_close()
