"""A registered pipeline at work: MLflow keeps a copy of this file with the model and runs it to load it."""

from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from diffsmith import load


class ServedPipeline(PythonModel):
    """A row each of `label` and `seed` (both may be left out) in, a sample a row out."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the pipeline that lies with the model."""
        self.pipeline = load(context.artifacts["pipeline"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """All samples as one array."""
        labels = model_input["label"].tolist() if "label" in model_input else None
        seeds = model_input["seed"].tolist() if "seed" in model_input else range(len(model_input))
        samples = self.pipeline.generate(labels=labels, seeds=seeds)
        return np.stack([sample.data.numpy() for sample in samples])


set_model(ServedPipeline())
