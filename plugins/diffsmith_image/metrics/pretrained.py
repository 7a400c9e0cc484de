"""Metrics of pretrained networks exist where those lie on disk; to look imports nothing heavy."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from diffsmith.caches import library_folder
from diffsmith.cards import Card, MetricCard, cards_in

__all__ = ["CLIP_MODELS", "ClipModel", "clip_snapshot", "inception_file", "pretrained_cards"]

INCEPTION_FILES = (
    "weights-inception-2015-12-05-6726825d.pth",  # torch-fidelity's name
    "pt_inception-2015-12-05-6726825d.pth",  # pytorch-fid's name for the same bytes
)
ClipModel = Literal[
    "openai/clip-vit-base-patch16",
    "openai/clip-vit-base-patch32",
    "openai/clip-vit-large-patch14",
    "openai/clip-vit-large-patch14-336",
]
CLIP_MODELS: tuple[ClipModel, ...] = get_args(ClipModel)


def pretrained_cards() -> list[Card]:
    """FID and KID where torch-fidelity and Inception are, CLIP score where transformers and a CLIP are."""
    cards: list[Card] = []
    if _installed("torchmetrics", "torch_fidelity", "torchvision") and inception_file():
        cards += cards_in("diffsmith_image.metrics.inception", MetricCard, modality="image")
    if _installed("torchmetrics", "transformers") and any(map(clip_snapshot, CLIP_MODELS)):
        cards += cards_in("diffsmith_image.metrics.clip", MetricCard, modality="image", direction="maximize")
    return cards


def inception_file() -> Path | None:
    """The Inception weights among torch hub's checkpoints."""
    folder = library_folder("TORCH_HOME", "torch") / "hub" / "checkpoints"
    return next((folder / name for name in INCEPTION_FILES if (folder / name).is_file()), None)


def clip_snapshot(model: str) -> Path | None:
    """The folder of a CLIP model in the Hugging Face cache, if its main revision is there, with weights."""
    given = os.environ.get("HF_HUB_CACHE")
    hub = Path(given) if given else library_folder("HF_HOME", "huggingface") / "hub"
    repository = hub / f"models--{model.replace('/', '--')}"
    main = repository / "refs" / "main"
    if not main.is_file():
        return None
    snapshot = repository / "snapshots" / main.read_text(encoding="utf-8").strip()
    weights = any((snapshot / name).is_file() for name in ("model.safetensors", "pytorch_model.bin"))
    return snapshot if weights and (snapshot / "preprocessor_config.json").is_file() else None


def _installed(*packages: str) -> bool:
    return all(find_spec(package) is not None for package in packages)
