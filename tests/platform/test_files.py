"""Writers that die, run out of room or fail leave what stood there before."""

import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from diffsmith.errors import DiskFull, FileFault
from diffsmith.files import replacing, require_file, sweep_litter, write_text

DEAD = 2**22 + 1
"""No process has such a number."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "deep" / "down" / "a.txt"
    with replacing(path) as beside:
        beside.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert names(path.parent) == ["a.txt"]


def test_a_folder_takes_the_place_of_a_folder(tmp_path):
    for content in ("old", "new"):
        with replacing(tmp_path / "f") as beside:
            beside.mkdir()
            (beside / content).write_text(content)
    assert names(tmp_path) == ["f"]
    assert names(tmp_path / "f") == ["new"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_block_that_fails_changes_nothing(tmp_path, error, kind):
    write_text(tmp_path / "a", "old")
    with pytest.raises(error), replacing(tmp_path / "a") as beside:
        beside.write_text("half") if kind == "file" else beside.mkdir()
        raise error
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_folder_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path, monkeypatch):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "old").touch()
    real = Path.replace

    def refuse(path, to):
        if ".writing-" in path.name:
            raise OSError("no")
        return real(path, to)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="no"), replacing(tmp_path / "f") as beside:
        beside.mkdir()
    assert names(tmp_path) == ["f"]
    assert names(tmp_path / "f") == ["old"]


KILLED = """
import sys, time
from pathlib import Path
from diffsmith.files import replacing
with replacing(Path(sys.argv[1])) as beside:
    with beside.open("w") as file:
        file.write("half of the ")
        file.flush()
        print("writing", flush=True)
        time.sleep(60)
"""


def test_a_writer_that_is_killed_leaves_the_old_file_and_litter_that_can_be_swept(tmp_path):
    path = write_text(tmp_path / "a", "old")
    writer = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout.readline() == b"writing\n"
    sweep_litter(tmp_path)
    assert len(names(tmp_path)) == 2, "a writer that lives keeps its file"
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert path.read_text() == "old"
    sweep_litter(tmp_path)
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["step-1", "x-old", "a"])
def test_a_folder_whose_writer_died_between_two_renames_is_put_back(tmp_path, name):
    for mark, content in ((".replaced-", "old"), (".writing-", "new")):
        folder = tmp_path / f"{mark}{DEAD}-0123abcd-{name}"
        folder.mkdir()
        (folder / content).touch()
    sweep_litter(tmp_path)
    assert names(tmp_path) == [name]
    assert names(tmp_path / name) == ["old"]


def test_what_was_replaced_goes_once_the_new_stands(tmp_path):
    (tmp_path / f".replaced-{DEAD}-0123abcd-f").mkdir()
    (tmp_path / "f").mkdir()
    sweep_litter(tmp_path)
    assert names(tmp_path) == ["f"]


def test_sweeping_touches_no_other_file_and_minds_no_missing_folder(tmp_path):
    (tmp_path / ".writing-notes").touch()
    sweep_litter(tmp_path)
    sweep_litter(tmp_path / "nowhere")
    assert names(tmp_path) == [".writing-notes"]


@contextmanager
def small_files():
    """Inside, no file may grow beyond 4 KiB, this run's own log included: what a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_room_is_told_and_changes_nothing(tmp_path):
    path = write_text(tmp_path / "a", "old")
    with pytest.raises(DiskFull, match=f"{path}: could not be written: no room") as caught, small_files():
        write_text(path, "x" * 10_000)
    assert caught.value.path == path
    assert names(tmp_path) == ["a"]
    assert path.read_text() == "old"


def test_no_room_for_tensors_is_told_too(tmp_path):
    import torch

    from diffsmith.weights.tensors import save_tensors

    with pytest.raises(DiskFull), small_files():
        save_tensors(tmp_path / "w.safetensors", {"w": torch.zeros(10_000)})
    assert names(tmp_path) == []


def test_no_room_inside_a_folder_is_told_of_the_folder(tmp_path):
    with pytest.raises(DiskFull) as caught, replacing(tmp_path / "folder") as beside, small_files():
        beside.mkdir()
        write_text(beside / "a", "x" * 10_000)
    assert caught.value.path == tmp_path / "folder"
    assert ".writing-" not in str(caught.value)
    assert names(tmp_path) == []


def test_a_device_that_is_full_is_told(tmp_path):
    with pytest.raises(DiskFull), replacing(tmp_path / "a"), Path("/dev/full").open("w") as full:
        full.write("x")
    assert names(tmp_path) == []


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path):
    code = "import sys; from pathlib import Path; from diffsmith.files import write_text\n"
    code += "for _ in range(200): write_text(Path(sys.argv[1]), sys.argv[2] * 5000)"
    path = tmp_path / "a"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), each]) for each in "ab"]
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            assert path.read_text() in {"a" * 5000, "b" * 5000}
        time.sleep(0.002)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert names(tmp_path) == ["a"]


def test_what_is_required_is_a_regular_file(tmp_path):
    (tmp_path / "a").touch()
    os.mkfifo(tmp_path / "pipe")
    assert require_file(tmp_path / "a", "thing") == tmp_path / "a"
    for name, told in (
        ("nix", "there is no such thing"),
        ("pipe", "not a regular file"),
        (".", "not a regular file"),
    ):
        with pytest.raises(FileFault, match=told):
            require_file(tmp_path / name, "thing")
