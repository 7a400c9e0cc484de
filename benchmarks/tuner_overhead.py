"""What a trial costs beside its evaluation: our loop against bare Optuna ask and tell, interleaved.

Both search the same space with the same sampler, each in a SQLite study of its own; nothing is evaluated.

PYTHONPATH=platform python benchmarks/tuner_overhead.py [TRIALS]
"""

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from diffsmith.specs import SweepSpec
from diffsmith.tuner import folders
from diffsmith.tuner.budget import Budget
from diffsmith.tuner.records import Sweep, Trial
from diffsmith.tuner.run import run
from diffsmith.tuner.search import Search
from diffsmith.tuner.spaces.dimensions import space_of, suggest
from diffsmith.tuner.trials.executors import Inline
from diffsmith.tuner.trials.jobs import Event, Job

SPEC = SweepSpec.model_validate(
    {
        "base": {"model": "unet", "data": "digits"},
        "space": {
            "model.name": {
                "choose": {"unet": {"model.width": [8, 16, 24]}, "dit": {"model.depth": [2, 3, 4]}}
            },
            "train.lr": {"low": 1e-4, "high": 1e-2, "log": True},
            "train.ema": {"low": 0.9, "high": 0.999},
            "spacing.steps": {"low": 4, "high": 24},
        },
        "objectives": {"quality": "minimize", "latency": "minimize"},
        "rungs": [],
    }
)


def scores(lr: float, steps: int) -> dict[str, float]:
    return {"quality": abs(lr - 3e-3) + 1 / steps, "latency": float(steps)}


def evaluate(job: Job) -> Generator[Event, None, dict[str, float]]:
    yield from ()
    return scores(job.spec["train"]["lr"], job.spec["spacing"]["steps"])


def ours(sweep: Sweep, trials: int) -> Iterator[None]:
    """A trial each."""
    search = Search(sweep.spec, folders.open_study(sweep), sweep.folder, ("quality",), Budget(trials=trials))
    for happened in run(search, Inline(evaluate), lambda: False):
        if isinstance(happened, Trial) and happened.state == "complete":
            yield


def bare(sweep: Sweep, trials: int) -> Iterator[None]:
    """A trial each."""
    study, space = folders.open_study(sweep), space_of(sweep.spec.space)
    for _ in range(trials):
        trial = study.ask()
        params = suggest(trial, space)
        study.tell(trial, list(scores(params["train.lr"], params["spacing.steps"]).values()))
        yield


def timed(loop: Iterator[None]) -> float:
    start = perf_counter()
    next(loop)
    return perf_counter() - start


def main(trials: int) -> None:
    with TemporaryDirectory() as folder:
        loops = [loop(folders.create(SPEC, Path(folder), loop.__name__), trials) for loop in (ours, bare)]
        pairs = [tuple(map(timed, loops)) for _ in range(trials)][1:]
    mine, reference = (1e3 * median(seconds) for seconds in zip(*pairs, strict=True))
    ratio = median(a / b for a, b in pairs)
    print(f"{trials} trials: ours {mine:.1f} ms, bare Optuna {reference:.1f} ms (medians), ratio {ratio:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
