"""The comparisons with diffusers run: both sides load the same tiny pipelines and make the same of them."""

import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "benchmarks"
TABLES = {
    "svd_tiny: 4 frames of 64x64 pixels": 1,
    "animatediff_tiny: 4 frames of 64x64 pixels": 1,
    "| | imports, s | load, s | first clip, s | step, s | decoding, s |": 2,
    "| | over | load | first clip | step | decoding | peak memory |": 2,
    "| against diffusers, float32 | latents, relative | clip, levels |": 2,
    "| ours, automatic, deep features kept | diffusers, float32 |": 2,
    "_tiny, ours |": 2,  # the memory of decoding
}


def test_clips_are_compared_and_equal(monkeypatch, capsys):
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(sys, "argv", ["video.py", "--quick", "--cpu"])
    runpy.run_path(str(FOLDER / "video.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert {text: printed.count(text) for text in TABLES} == TABLES
