"""What tracking costs a sweep: milliseconds a trial, and what share that is of a short one.

python benchmarks/tracking.py [trials]
"""

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from PIL import Image

from diffsmith.registry import default_registry
from diffsmith.specs import SweepSpec
from diffsmith.tuner.records import Rung, Sweep, Trial

STEPS, RUNGS, SHEET = 1000, (330, 660, 1000), (720, 480)
TRIAL_SECONDS = 5.0
BASE = {"model": "unet", "data": "digits"}
SPEC = SweepSpec.model_validate({"base": BASE, "space": {}, "objectives": {"frechet": "minimize"}})


def main(count: int) -> None:
    registry = default_registry()
    with tempfile.TemporaryDirectory() as place:
        trials = tuple(made(Path(place) / "bench", number) for number in range(count))
        sweep = Sweep("bench", Path(place) / "bench", SPEC, {"frechet": 1.0})
        first = timed(registry, "sweep_started", sweep=sweep)
        print(f"sweep started   {first:7.0f} ms (imports mlflow, makes its tables)")
        print(f"sweep resumed   {timed(registry, 'sweep_started', sweep=sweep):7.0f} ms")
        times = []
        for number, trial in enumerate(trials, 1):
            now = replace(sweep, trials=trials[:number])
            times.append(timed(registry, "trial_ended", sweep=now, trial=trial))
        each = median(times)
        print(
            f"trial ended     {each:7.0f} ms (median of {count}; worst {max(times):.0f}): "
            f"{STEPS} steps, {len(RUNGS)} sheets of {SHEET[0]}x{SHEET[1]}"
        )
        print(f"share of a trial of {TRIAL_SECONDS:g} s: {each / 10 / TRIAL_SECONDS:.1f} %")


def timed(registry, hook: str, **facts) -> float:
    started = time.perf_counter()
    registry.shout(f"diffsmith_{hook}", **facts)
    assert not registry.reports["mlflow"].error, registry.reports["mlflow"].details
    return 1000 * (time.perf_counter() - started)


def made(sweep: Path, number: int) -> Trial:
    """A trial as a sweep leaves it, but for its weights."""
    folder = sweep / "trials" / str(number)
    folder.mkdir(parents=True)
    (folder / "curve.csv").write_text("".join(f"{step},{1 / step}\n" for step in range(1, STEPS + 1)))
    rungs = tuple(
        Rung(step, {"frechet": 1 / step, "kid": 1 / step}, 0.1, sheet(folder, step)) for step in RUNGS
    )
    params = {"train.lr": 1e-3, "model.width": 32, "scheduler": {"name": "ddim", "eta": 0.5}}
    scores = {"frechet": 1.0, "kid": 1.0, "latency": 0.1, "memory": 50.0}
    return Trial(number, "complete", params, SPEC.base.to_dict(), folder, scores, rungs, TRIAL_SECONDS)


def sheet(folder: Path, step: int) -> str:
    """About as hard to compress as digits on paper: noise on a tenth of it."""
    picture = Image.new("RGB", SHEET, "white")
    noise = Image.effect_noise((96, 96), 80).convert("RGB")
    for place in range(30):
        picture.paste(noise.resize((48, 48)), (24 + place % 10 * 64, 24 + place // 10 * 120))
    picture.save(folder / f"sheet-{step:06d}.png")
    return f"sheet-{step:06d}.png"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
