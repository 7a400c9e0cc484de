"""Evaluate one trial: train, score on the way, score at the end. A generator of events."""

import csv
import shutil
import time
from collections.abc import Generator, Iterator
from pathlib import Path

from ...engine import device_of, probe
from ...files import replacing
from ...pipeline import Pipeline
from ...registry import Registry
from ...samples import Sample, save_sheet
from ...specs import Choice, TrainSpec, parse
from ...training.fit import save_pipeline
from ...training.run import Training
from ..records import Rung
from .jobs import Climbed, Event, Job, Stepped, Stopped
from .judge import Judge, data_of, judge_of

__all__ = ["evaluate"]

_ON_SHEET = 30


def evaluate(job: Job, registry: Registry) -> Generator[Event, None, dict[str, float]]:
    """Run a job; returns its final scores.

    Throw a Stopped in to end it early: "paused" leaves a checkpoint from which the same job goes on.
    """
    spec = parse(TrainSpec, job.spec)
    training = Training(spec, data_of(spec.data, registry), registry, Path(job.folder) / "checkpoints")
    judged = spec.data if job.judged is None else Choice.model_validate(job.judged)
    judge = judge_of(judged, job.metrics, registry)
    curve: list[tuple[int, float]] = []
    try:
        for share in (*job.rungs, 1.0):
            yield from _trained(job, training, round(share * spec.train.steps), curve)
            rung = yield from _scored(job, training, judge)
            training.save()  # a worker that is killed has lost one rung at most
            yield Climbed(job.number, rung)
    except Stopped as stop:
        if stop.state == "paused":
            training.save()
        raise
    finally:
        _write_curve(Path(job.folder), curve)
    save_pipeline(training, Path(job.folder))
    scores = {**rung.scores, **_cost(training.pipeline(), judge)}
    shutil.rmtree(Path(job.folder) / "checkpoints", ignore_errors=True)  # nobody goes on from here
    return scores


def _trained(job: Job, training: Training, until: int, curve: list[tuple[int, float]]) -> Iterator[Event]:
    for step in training.steps(until):
        curve.append((step.number, step.loss))
        if step.number % training.spec.train.checkpoint_every == 0:
            training.save()
        yield Stepped(job.number, step.number, step.of, step.loss)


def _scored(job: Job, training: Training, judge: Judge) -> Generator[Event, None, Rung]:
    """Sample with the averaged weights as they are, and score; every frame is an event."""
    started = time.perf_counter()
    pipeline = training.pipeline()
    samples = list[Sample]()
    for request in judge.requests(pipeline, range(job.seed, job.seed + job.samples)):
        making = pipeline.making(request)
        while True:
            try:
                next(making)
            except StopIteration as done:
                samples += done.value
                break
            yield Stepped(job.number, training.step, training.spec.train.steps, float("nan"))
    scores = judge.scores(samples)
    sheet = f"sheet-{training.step:06d}.png"
    for ending in dict.fromkeys((".png", judge.modality.suffixes[0])):  # of what moves, a moving one too
        save_sheet(_by_label(samples), (Path(job.folder) / sheet).with_suffix(ending))
    return Rung(training.step, scores, time.perf_counter() - started, sheet)


def _by_label(samples: list[Sample]) -> list[Sample]:
    """A few samples of every class, in order."""
    return sorted(samples[:_ON_SHEET], key=lambda sample: sample.label or 0)


def _cost(pipeline: Pipeline, judge: Judge) -> dict[str, float]:
    """Latency (seconds for one sample alone, of clips a frame too) and memory (peak MiB) of sampling."""
    (request,) = judge.requests(pipeline, [0])
    cost = probe(lambda: pipeline.generate(request), device_of(pipeline.spec.engine.device))
    frames = judge.frames
    a_frame = {} if frames is None else {"frame_latency": cost.seconds / frames}
    return {"latency": cost.seconds, **a_frame, "memory": cost.memory}


def _write_curve(folder: Path, curve: list[tuple[int, float]]) -> None:
    """Training loss by step, one line each; a run that went on keeps its earlier lines."""
    path = folder / "curve.csv"
    earlier = path.read_text().splitlines() if path.exists() else []
    kept = [line for line in earlier if not curve or int(line.partition(",")[0]) < curve[0][0]]
    with replacing(path) as beside, beside.open("w", newline="") as file:
        file.writelines(f"{line}\n" for line in kept)
        csv.writer(file).writerows(curve)
