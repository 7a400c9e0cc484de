"""Pictures: a table of contents."""

from typing import TYPE_CHECKING

from diffsmith.cards import Card, DatasetCard, MetricCard, ModelCard, cards_in
from diffsmith.hookspecs import hookimpl

if TYPE_CHECKING:
    from .modality import Image


@hookimpl
def diffsmith_modalities() -> "list[Image]":
    """Grey and colour pictures."""
    from .modality import Image

    return [Image()]


@hookimpl
def diffsmith_models() -> list[Card]:
    """Small networks to train, which answer v on cosine noise; and what was published."""
    from .published import MODELS

    facts = {"modality": "image", "schedule": {"name": "vp", "betas": "cosine"}, "prediction": {"name": "v"}}
    modules = ("diffsmith_image.unet", "diffsmith_image.dit", "diffsmith_image.uvit")
    small = [card for module in modules for card in cards_in(module, ModelCard, **facts)]
    return [*small, *MODELS]


@hookimpl
def diffsmith_autoencoders() -> list[Card]:
    """What stands before and behind networks of pixels."""
    from .published import AUTOENCODERS

    return AUTOENCODERS


@hookimpl
def diffsmith_layouts() -> list[Card]:
    """How published networks are configured: layouts/."""
    from .published import LAYOUTS

    return LAYOUTS


@hookimpl
def diffsmith_pipelines() -> list[Card]:
    """What published classes of pipelines imply: pipelines.py."""
    from .published import PIPELINES

    return PIPELINES


@hookimpl
def diffsmith_single_files() -> list[Card]:
    """Files as the authors of models wrote them: single_files/."""
    from .published import SINGLE_FILES

    return SINGLE_FILES


@hookimpl
def diffsmith_datasets() -> list[Card]:
    """The data of datasets.py."""
    return cards_in("diffsmith_image.datasets", DatasetCard, modality="image")


@hookimpl
def diffsmith_metrics() -> list[Card]:
    """The scores in its feature space, and those whose pretrained networks are on this computer."""
    from .metrics.pretrained import pretrained_cards

    return [
        *cards_in("diffsmith.metrics.distances", MetricCard, modality="image"),
        *cards_in("diffsmith.metrics.neighbours", MetricCard, modality="image", direction="maximize"),
        *pretrained_cards(),
    ]
