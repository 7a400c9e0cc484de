"""How exactly a sweep keeps its time: the overshoot, beside what one training step takes.

python benchmarks/budget_kept.py [seconds]
"""

import os
import sys
import tempfile
from statistics import median

os.environ.setdefault("DIFFSMITH_TRACKING", "off")

from diffsmith.tuner.api import started
from diffsmith.tuner.records import Trial
from diffsmith.tuner.trials.jobs import Stepped


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as runs:
        going = started("digits", budget=seconds, runs=runs)
        steps, begun = [], {}
        while True:
            try:
                happened = next(going)
            except StopIteration as done:
                sweep = done.value
                break
            if isinstance(happened, Stepped):
                begun.setdefault(happened.number, happened.step)
            elif isinstance(happened, Trial) and happened.state == "complete":
                steps.append(happened.seconds / happened.spec["train"]["steps"])
    print(f"asked for {seconds:.1f} s, took {sweep.seconds:.3f} s: {(sweep.seconds - seconds) * 1e3:+.0f} ms")
    print(f"a training step of this sweep, scoring included: {median(steps) * 1e3:.0f} ms")
    print(f"{len(sweep.trials)} trials, {sum(trial.state == 'complete' for trial in sweep.trials)} complete")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
