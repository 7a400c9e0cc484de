"""Metrics, parameters and tags into a run, in as few calls as MLflow takes them."""

import time
from collections.abc import Mapping

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.utils.validation import MAX_METRICS_PER_BATCH, MAX_PARAMS_TAGS_PER_BATCH

__all__ = ["log"]


def log(
    client: MlflowClient,
    run: str,
    measures: Mapping[tuple[str, int], float] | None = None,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write to the run: measures by (name, step), parameters, tags."""
    now = int(time.time() * 1000)
    metrics = [Metric(name, value, now, step) for (name, step), value in (measures or {}).items()]
    for start in range(0, len(metrics), MAX_METRICS_PER_BATCH):
        client.log_batch(run, metrics[start : start + MAX_METRICS_PER_BATCH])
    written = [Param(name, value) for name, value in (params or {}).items()]
    for start in range(0, len(written), MAX_PARAMS_TAGS_PER_BATCH):
        client.log_batch(run, params=written[start : start + MAX_PARAMS_TAGS_PER_BATCH])
    if tags:
        client.log_batch(run, tags=[RunTag(name, value) for name, value in tags.items()])
