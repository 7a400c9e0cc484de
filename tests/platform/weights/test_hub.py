"""Repositories on the Hub: what is fetched, from which commit, and what is said where that cannot be."""

import errno
import os
import socket
import time
from collections.abc import Sequence

import pytest

from diffsmith.errors import DiskFull, FileFault
from diffsmith.weights.hub import Address, Snapshot, address, snapshot

WEIGHTS = bytes(range(256)) * 800


def chosen(names: Sequence[str]) -> list[str]:
    return [name for name in names if name.endswith((".json", ".safetensors"))]


@pytest.fixture
def stocked(hub):
    hub.files = {
        "model_index.json": b"{}",
        "unet/model.safetensors": WEIGHTS,
        "unet/a.bin": b"x",
        "run.py": b"!",
    }
    return hub


def fetched(hub, revision: str = "main") -> Snapshot:
    return snapshot(Address(hub.repository, revision=revision), chosen)


def test_the_chosen_files_come_and_no_others_all_of_one_commit(stocked) -> None:
    kept = fetched(stocked)
    assert kept.commit == stocked.commit and not kept.note
    files = {str(path.relative_to(kept.folder)) for path in kept.folder.rglob("*") if path.is_file()}
    assert files == {"model_index.json", "unet/model.safetensors"} == set(stocked.downloads)
    assert (kept.folder / "unet" / "model.safetensors").read_bytes() == WEIGHTS


def test_what_is_here_is_not_fetched_again(stocked) -> None:
    fetched(stocked)
    stocked.log.clear()
    fetched(stocked)
    assert [path for _, path, _ in stocked.log] == [f"/api/models/{stocked.repository}/revision/main"]


def test_a_download_that_breaks_off_goes_on_from_there(stocked, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 500)
    stocked.cut = 1000
    kept = fetched(stocked)
    assert (kept.folder / "unet" / "model.safetensors").read_bytes() == WEIGHTS
    assert "bytes=1000-" in {told for _, _, told in stocked.log}


@pytest.mark.parametrize("named", ["HF_HOME", "HF_HUB_CACHE"])
def test_the_cache_and_the_token_are_those_of_the_moment(stocked, tmp_path, monkeypatch, named: str) -> None:
    monkeypatch.setenv(named, str(tmp_path / "there"))
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    assert fetched(stocked).folder.is_relative_to(tmp_path / "there")
    asked = [told for _, path, told in stocked.log if stocked.repository in path]
    assert asked and set(asked) == {"Bearer hf_mine"}


@pytest.mark.parametrize("revision", ["main", "the commit"])
def test_what_was_fetched_serves_offline(stocked, monkeypatch, revision: str) -> None:
    online = fetched(stocked)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    stocked.log.clear()
    assert fetched(stocked, stocked.commit if revision == "the commit" else revision) == online
    assert not stocked.log


def test_a_folder_that_another_program_kept_serves_offline(hub, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    kept = tmp_path / "home" / "hub" / "models--somebody--pictures"
    (kept / "snapshots" / hub.commit).mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(hub.commit)
    assert fetched(hub) == Snapshot(kept / "snapshots" / hub.commit, hub.commit)


def test_offline_without_a_copy_the_error_says_how_to_get_one(hub, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(FileFault) as fault:
        fetched(hub, "v2")
    command = "`hf download somebody/pictures --revision v2 --local-dir pictures`"
    for told in (str(hub.repository), "HF_HUB_OFFLINE is set", command, "bring the folder pictures here"):
        assert told in str(fault.value)
    assert not hub.log


@pytest.fixture
def nobody(hub, monkeypatch) -> None:
    """A port that refuses connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")


def test_a_hub_that_cannot_be_reached_is_told_within_seconds(hub, nobody) -> None:
    started = time.perf_counter()
    with pytest.raises(FileFault, match=r"could not be fetched from .*hf download somebody/pictures"):
        fetched(hub)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("status", [500, 503])
def test_a_failing_hub_is_told_and_a_copy_stands_in_for_it(stocked, status: int) -> None:
    stocked.refuse = (status, "")
    with pytest.raises(FileFault, match=f"answered {status}; try again later"):
        fetched(stocked)
    stocked.refuse = None
    online = fetched(stocked)
    stocked.refuse = (status, "")
    assert fetched(stocked)[:2] == online[:2]
    assert "did not answer; taken as it was at" in fetched(stocked).note


@pytest.mark.parametrize(
    ("answer", "told"),
    {
        (401, "GatedRepo"): r"accept its licence at http\S+/somebody/pictures,.* set HF_TOKEN to it",
        (403, "GatedRepo"): "agreed to its licence",
        (401, "RepoNotFound"): "no such folder here and no such repository",
        (404, "RepoNotFound"): r"check the name, or if it is private, set HF_TOKEN",
        (401, ""): r"refuses the token \(401\); set HF_TOKEN",
    }.items(),
)
def test_where_the_hub_says_no_a_copy_does_not_stand_in(stocked, answer: tuple[int, str], told: str) -> None:
    fetched(stocked)
    stocked.refuse = answer
    with pytest.raises(FileFault, match=told):
        fetched(stocked)


def test_a_revision_that_is_not_there_is_named(stocked) -> None:
    with pytest.raises(FileFault, match=r"has no revision 'v9'; http\S+/commits/main lists them"):
        fetched(stocked, "v9")


def test_nothing_chosen_is_told_and_fetches_nothing(stocked) -> None:
    with pytest.raises(FileFault, match="nothing that belongs to a pipeline"):
        snapshot(Address(stocked.repository), lambda names: [])
    assert not stocked.downloads


def test_a_full_disk_is_told_as_such(stocked, monkeypatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("huggingface_hub.snapshot_download", full)
    with pytest.raises(DiskFull, match="no room for somebody/pictures; free some space"):
        fetched(stocked)


def test_names_with_signs_of_patterns_mean_themselves(hub) -> None:
    hub.files = {"a[1].json": b"{}", "a1.json": b"{}"}
    kept = snapshot(Address(hub.repository), lambda names: ["a[1].json"])
    assert hub.downloads == ["a[1].json"] and (kept.folder / "a[1].json").exists()


@pytest.mark.parametrize(
    ("written", "meant"),
    {
        "a/b": Address("a/b"),
        "a/b@v1": Address("a/b", revision="v1"),
        "a/b@refs/pr/3": Address("a/b", revision="refs/pr/3"),
        "a-1/b.c_d/sub/file.safetensors": Address("a-1/b.c_d", "sub/file.safetensors"),
        "a/b/c.ckpt@0123": Address("a/b", "c.ckpt", "0123"),
        "b": None,
        "./a/b": None,
        "../a/b": None,
        "/a/b": None,
        "a/../b": None,
        "a/b/../../c": None,
        "a/b@../../c": None,
        "a b/c": None,
        "https://huggingface.co/a/b": None,
        "": None,
    }.items(),
)
def test_addresses_are_read_as_they_are_written(written: str, meant: Address | None) -> None:
    assert address(written) == meant
    assert meant is None or address(str(meant)) == meant
