"""The main job on video: sweep moving digits for a while, then count whose digits can be read.

A classifier of real clips, which held-out real clips are shown to as well, looks at samples of every digit.

PYTHONPATH=platform:plugins:. python benchmarks/moving_digits.py [budget] [folder]
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("DIFFSMITH_TRACKING", "off")

import torch

import diffsmith
from diffsmith.registry import default_registry
from diffsmith.specs import Choice
from diffsmith.tuner.trials.judge import data_of
from diffsmith_video.features import recognised

SAMPLES = 200


def main(budget: str, folder: Path | None) -> None:
    """Sweep, sample, count; keep the pictures in the folder."""
    with tempfile.TemporaryDirectory() as runs:
        found = diffsmith.sweep("moving_digits", budget=budget, runs=runs)
        for trial in found.trials:
            print(
                f"trial {trial.number} {trial.state}: {trial.seconds:.0f} s, {trial.params.get('model.name')}"
            )
        best = found.best
        print(f"{budget}: best is trial {best.number}, frechet_video {best.scores['frechet_video']:.2f}")
        print(
            f"on test data {found.test['frechet_video']:.2f}, real {found.test_floors['frechet_video']:.2f}"
        )
        print(f"a frame takes {best.scores['frame_latency'] * 1e3:.1f} ms")
        count(best.pipeline())
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(found.folder) / "samples.png", folder / "moving-digits.png")


def count(pipeline: diffsmith.Pipeline) -> None:
    """How many of the samples, and of real clips that nobody learnt from, show what they shall."""
    data = data_of(Choice(name="moving_digits"), default_registry())
    labels = [number % 10 for number in range(SAMPLES)]
    samples = pipeline.generate(labels=labels, seeds=range(10_000, 10_000 + SAMPLES))
    x = pipeline.modality.encode(torch.stack([sample.data for sample in samples]))
    print(f"recognised: {recognised(x, torch.tensor(labels), data):.1%} of {SAMPLES} samples")
    assert data.test.label is not None
    print(f"            {recognised(data.test.x, data.test.label, data):.1%} of {len(data.test)} real clips")


if __name__ == "__main__":
    budget, *rest = sys.argv[1:] or ["5m"]
    main(budget, Path(rest[0]) if rest else None)
