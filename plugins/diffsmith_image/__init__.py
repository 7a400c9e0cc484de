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
    """The networks of unet.py, dit.py and uvit.py, trained to answer v on cosine noise."""
    facts = {"modality": "image", "schedule": {"name": "vp", "betas": "cosine"}, "prediction": {"name": "v"}}
    modules = ("diffsmith_image.unet", "diffsmith_image.dit", "diffsmith_image.uvit")
    return [card for module in modules for card in cards_in(module, ModelCard, **facts)]


@hookimpl
def diffsmith_datasets() -> list[Card]:
    """The data of datasets.py."""
    return cards_in("diffsmith_image.datasets", DatasetCard, modality="image")


@hookimpl
def diffsmith_metrics() -> list[Card]:
    """The scores of metrics/, and those whose pretrained networks are on this computer."""
    from .metrics.pretrained import pretrained_cards

    return [
        *cards_in("diffsmith_image.metrics.distances", MetricCard, modality="image"),
        *cards_in("diffsmith_image.metrics.neighbours", MetricCard, modality="image", direction="maximize"),
        *pretrained_cards(),
    ]
