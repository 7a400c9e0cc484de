"""Clips: a table of contents."""

from typing import TYPE_CHECKING

from diffsmith.cards import Card, DatasetCard, MetricCard, ModelCard, cards_in
from diffsmith.hookspecs import hookimpl

if TYPE_CHECKING:
    from .modality import Video


@hookimpl
def diffsmith_modalities() -> "list[Video]":
    """Clips of grey or colour pictures."""
    from .modality import Video

    return [Video()]


@hookimpl
def diffsmith_models() -> list[Card]:
    """Small networks to train, which answer the flow from data to noise; and what was published."""
    from .published import MODELS

    facts = {"modality": "video", "schedule": {"name": "flow"}, "prediction": {"name": "flow"}}
    modules = ("diffsmith_video.space_time_unet", "diffsmith_video.space_time_dit")
    small = [card for module in modules for card in cards_in(module, ModelCard, **facts)]
    return [*small, *MODELS]


@hookimpl
def diffsmith_conditioners() -> list[Card]:
    """What networks of clips are told: conditioners/."""
    from .published import CONDITIONERS

    return CONDITIONERS


@hookimpl
def diffsmith_adapters() -> list[Card]:
    """What goes into networks of pictures to make them move: adapters.py."""
    from .published import ADAPTERS

    return ADAPTERS


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
    return cards_in("diffsmith_video.datasets", DatasetCard, modality="video")


@hookimpl
def diffsmith_metrics() -> list[Card]:
    """The scores of metrics/, and those whose pretrained networks are on this computer."""
    from .metrics.pretrained import pretrained_cards

    less = [f"diffsmith_video.metrics.{name}" for name in ("distances", "frames", "motion")]
    return [
        *(card for module in less for card in cards_in(module, MetricCard, modality="video")),
        *cards_in("diffsmith_video.metrics.neighbours", MetricCard, modality="video", direction="maximize"),
        *pretrained_cards(),
    ]
