"""A checkpoint is whole, or it does not count."""

import errno
import json
import os
from pathlib import Path

import pytest
import torch

from diffsmith.errors import DiskFull
from diffsmith.training import checkpoints

DEAD = 2**22 + 1
"""No process has such a number."""


def saved(folder, step):
    return checkpoints.save(folder, {"weights": {"w": torch.full((8,), float(step))}}, {"step": step})


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_was_saved_comes_back(tmp_path):
    tensors = {"a": {"x": torch.randn(3, 2), "n": torch.tensor(7)}, "b": {}}
    path = checkpoints.save(tmp_path / "new", tensors, {"step": 12, "note": [1.5, None, "ü"]})
    found = checkpoints.latest(tmp_path / "new")
    assert found.path == path
    assert found.facts == {"step": 12, "note": [1.5, None, "ü"]}
    assert found.tensors.keys() == tensors.keys()
    assert all(torch.equal(found.tensors["a"][name], value) for name, value in tensors["a"].items())


def test_there_is_none_in_an_empty_or_missing_folder(tmp_path):
    assert checkpoints.latest(tmp_path) is None
    assert checkpoints.latest(tmp_path / "missing") is None


def test_two_are_kept_in_the_order_of_their_steps(tmp_path):
    for step in (2, 10, 9_999_999, 10_000_000):
        saved(tmp_path, step)
    assert names(tmp_path) == ["step-09999999", "step-10000000"]
    assert checkpoints.latest(tmp_path).facts["step"] == 10_000_000


def test_the_same_step_may_be_saved_again(tmp_path):
    saved(tmp_path, 3)
    saved(tmp_path, 3)
    assert names(tmp_path) == ["step-00000003"]
    assert checkpoints.latest(tmp_path).facts["step"] == 3


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def flip_step(path: Path) -> None:
    path.write_text(path.read_text().replace('"step": 2', '"step": 3'))


DAMAGE = {
    "a flipped bit in a tensor": lambda folder: flip(folder / "weights.safetensors", -1),
    "a flipped bit in a header": lambda folder: flip(folder / "weights.safetensors", 12),
    "another step in the facts": lambda folder: flip_step(folder / "state.json"),
    "a missing file": lambda folder: (folder / "weights.safetensors").unlink(),
    "missing facts": lambda folder: (folder / "state.json").unlink(),
    "facts cut short": lambda folder: os.truncate(folder / "state.json", 40),
    "empty facts": lambda folder: os.truncate(folder / "state.json", 0),
    "facts that are no table": lambda folder: (folder / "state.json").write_text("[1]"),
    "facts that are no text": lambda folder: (folder / "state.json").write_bytes(b"\xff\xfe"),
    "no seal": lambda folder: (folder / "state.json").write_text(json.dumps({"step": 2, "files": {}})),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_one_is_passed_over_for_the_one_before(tmp_path, damage):
    saved(tmp_path, 1)
    damage(saved(tmp_path, 2))
    found = checkpoints.latest(tmp_path)
    assert found.facts == {"step": 1}
    assert found.tensors["weights"]["w"].eq(1).all()


def test_every_flipped_bit_of_the_facts_is_noticed(tmp_path):
    saved(tmp_path, 1)
    path = saved(tmp_path, 2) / "state.json"
    facts = json.loads(path.read_text())
    for place in range(path.stat().st_size):
        flip(path, place)
        found = checkpoints.latest(tmp_path)
        same = found.facts["step"] == 1 or json.loads(path.read_text()) == facts
        assert same, path.read_text()
        flip(path, place)


def test_a_damaged_later_one_is_not_counted_among_the_two(tmp_path):
    for step in (1, 9):
        saved(tmp_path, step)
    flip(tmp_path / "step-00000009" / "weights.safetensors", -1)
    for step in (2, 3):
        saved(tmp_path, step)
    assert names(tmp_path) == ["step-00000002", "step-00000003"]


def test_litter_of_the_dead_is_swept_and_that_of_the_living_is_not(tmp_path):
    saved(tmp_path, 1)
    dead = tmp_path / f".writing-{DEAD}-abcd-step-00000002"
    living = tmp_path / f".writing-{os.getpid()}-abcd-step-00000002"
    for folder in (dead, living):
        folder.mkdir()
        (folder / "weights.safetensors").write_bytes(b"half")
    assert checkpoints.latest(tmp_path).facts["step"] == 1
    assert names(tmp_path) == [living.name, "step-00000001"]


def test_one_that_was_just_being_replaced_is_put_back(tmp_path):
    path = saved(tmp_path, 4)
    path.rename(tmp_path / f".replaced-{DEAD}-abcd-{path.name}")
    assert checkpoints.latest(tmp_path).facts["step"] == 4


def test_a_full_disk_leaves_the_last_one_alone(tmp_path, monkeypatch):
    saved(tmp_path, 1)

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("diffsmith.weights.tensors.write_packed", full)
    with pytest.raises(DiskFull, match=r"step-00000002.*could not be written: no room \(\d+ MiB free\)"):
        saved(tmp_path, 2)
    assert names(tmp_path) == ["step-00000001"]
    assert checkpoints.latest(tmp_path).facts["step"] == 1
