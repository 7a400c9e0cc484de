"""The end of a sweep: the best trial judged once more, and the files that people look at."""

from dataclasses import replace

from ...export import export
from ...registry import Registry
from ...samples import save_sheet
from .. import folders
from ..plans import metrics_of
from ..records import Sweep, Trial
from ..trials.judge import judge_of
from .plots import plot_front
from .tables import write_tables

__all__ = ["card_facts", "finish"]

_ROWS, _COLUMNS = 5, 12


def finish(sweep: Sweep, registry: Registry) -> Sweep:
    """Re-score the best on test data, then write tables, pictures and the best pipeline beside the study."""
    write_tables(sweep)
    if sweep.leaderboard.ranked and sweep.leaderboard.front:
        sweep = _tested(sweep, registry)
        plot_front(sweep, sweep.folder / "pareto.png")
        _draw_samples(sweep, registry)
        export(sweep.best.folder, sweep.folder / "best", card_facts(sweep, sweep.best))
    folders.write(sweep)
    return sweep


def _tested(sweep: Sweep, registry: Registry) -> Sweep:
    """The best trial's scores on data and with noise that no choice was made on, and their floors."""
    judge = judge_of(sweep.spec.base.data, metrics_of(sweep.spec, registry), registry)
    count, first = sweep.spec.samples, sweep.spec.seed + 1_000_000
    pipeline = sweep.best.pipeline()
    requests = judge.requests(pipeline, range(first, first + count))
    samples = [sample for request in requests for sample in pipeline.generate(request)]
    scores = judge.scores(samples, final=True)
    return replace(sweep, test=scores, test_floors=judge.floors(count, final=True))


def _draw_samples(sweep: Sweep, registry: Registry) -> None:
    """A few rows of every class, by the best pipeline."""
    judge = judge_of(sweep.spec.base.data, metrics_of(sweep.spec, registry), registry)
    pipeline, classes = sweep.best.pipeline(), min(judge.data.classes or 0, _COLUMNS)
    rows = _ROWS if judge.frames is None else 1  # a clip has a row of its own on the sheet
    labels = [label for _ in range(rows) for label in range(classes)] or None
    requests = judge.requests(pipeline, range(len(labels) if labels else rows * 8), labels)
    samples = [sample for request in requests for sample in pipeline.generate(request)]
    for ending in dict.fromkeys((".png", judge.modality.suffixes[0])):  # of what moves, a moving one too
        save_sheet(samples, sweep.folder / f"samples{ending}")


def card_facts(sweep: Sweep, trial: Trial) -> dict[str, str]:
    """What a trial's model card tells about how it was found, and how good it is."""
    tested = sweep.test if trial.number == sweep.best.number else {}
    scores = {**trial.scores, **{f"{name} (test)": score for name, score in tested.items()}}
    return {
        "sweep": f"{sweep.name}, trial {trial.number}; {len(sweep.trials)} were made",
        "trained on": trial.spec["data"]["name"],
        **{name: f"{score:.4g}" for name, score in scores.items()},
        **{f"{name} (noise floor)": f"{floor:.4g}" for name, floor in sweep.floors.items()},
    }
