"""Frames on disk."""

import subprocess
import sys

import pytest
import torch

from diffsmith.errors import FileFault
from diffsmith.sampling import frames, load_frame, sample, save_frame
from diffsmith.weights.tensors import save_tensors

CHOICES = {"scheduler": "dpmpp_3m_sde", "steps": 8, "seeds": [3, 4]}


def net(x, told):
    return torch.tanh(x) * 0.5


def stopped_after(step):
    return next(frame for frame in frames(net, shape=(2, 3), **CHOICES) if frame.index == step)


def test_a_frame_comes_back_as_it_was(tmp_path):
    frame = stopped_after(4)
    again = load_frame(save_frame(frame, tmp_path / "frame.safetensors"))
    assert (again.index, again.level, again.drawn) == (frame.index, frame.level, frame.drawn)
    assert torch.equal(again.x, frame.x)
    assert torch.equal(again.x0, frame.x0)
    assert len(again.past) == len(frame.past) == 3
    for mine, theirs in zip(again.past, frame.past, strict=True):
        assert (mine.level, mine.down) == (theirs.level, theirs.down)
        assert all(torch.equal(getattr(mine, name), getattr(theirs, name)) for name in ("x", "x0", "added"))


def test_another_process_goes_on_to_the_very_same_sample(tmp_path):
    save_frame(stopped_after(4), tmp_path / "frame.safetensors")
    program = f"""
import torch, diffsmith
from diffsmith.weights.tensors import save_tensors
from pathlib import Path
net = lambda x, told: torch.tanh(x) * 0.5
made = diffsmith.sample(net, diffsmith.load_frame("frame.safetensors"), **{CHOICES!r})
save_tensors(Path("made.safetensors"), {{"x": made}})
"""
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    from diffsmith.weights.tensors import load_tensors

    assert torch.equal(
        load_tensors(tmp_path / "made.safetensors")[0]["x"], sample(net, shape=(2, 3), **CHOICES)
    )


def test_a_frame_of_another_walk_is_refused():
    from diffsmith.errors import SpecError

    for other in ({"steps": 9}, {"steps": 4}, {"spacing": "exponential"}):
        with pytest.raises(SpecError, match=r"^x: the frame after step 5, .* go on with the scheduler"):
            sample(net, stopped_after(4), **{**CHOICES, **other})


def test_what_is_no_frame_is_told(tmp_path):
    path = save_tensors(tmp_path / "other.safetensors", {"x": torch.ones(2)})
    with pytest.raises(FileFault, match="holds no frame: only files that `save_frame` wrote do"):
        load_frame(path)
    save_tensors(path, {"x": torch.ones(2)}, {"frame": '{"index": 1}'})
    with pytest.raises(FileFault, match="holds no frame"):
        load_frame(path)
