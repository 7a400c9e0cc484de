"""Feature spaces to compare data in: small networks that learn to tell a data set's rows apart."""

from .classifier import FEATURES, Classifier
from .kept import Trained, classifier_of
from .learning import Recipe, View

__all__ = ["FEATURES", "Classifier", "Recipe", "Trained", "View", "classifier_of"]
