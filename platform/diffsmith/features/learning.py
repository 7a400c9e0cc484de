"""How a classifier learns: the same way everywhere, so that the same rows give the same features."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .classifier import Classifier

__all__ = ["Recipe", "View", "train", "untrained"]

_BATCH, _RATE = 64, 3e-3

View = Callable[[Tensor], Tensor]
"""A row [...] in another pose of the same shape."""


@dataclass(frozen=True)
class Recipe:
    """What is learnt of rows of one kind, and how.

    name: counts up whenever a change gives other features. build: (shape of a row, classes) -> network.
    moved: a batch [B, ...] a little elsewhere, which changes no class. poses: the shape of a row -> the views
    that are told apart where rows have no labels (Gidaris et al. 2018). spoilt: those that labelled rows are
    shown in beside as they are, and that are told apart too: features heed what no label asks for.
    """

    name: str
    build: Callable[[tuple[int, ...], int], Classifier]
    moved: Callable[[Tensor], Tensor]
    poses: Callable[[tuple[int, ...]], Sequence[View]]
    spoilt: Sequence[View] = ()
    steps: int = 600

    def views(self, shape: tuple[int, ...], label: Tensor | None) -> Sequence[View]:
        """What rows of that shape are shown in; labelled ones first as they are."""
        return self.poses(shape) if label is None else [_as_it_is, *self.spoilt]


def untrained(recipe: Recipe, x: Tensor, label: Tensor | None) -> Classifier:
    """A network of the size that these rows ask for; nobody's random state is touched."""
    shape = tuple(x.shape[1:])
    classes = (1 if label is None else 1 + int(label.max())) * len(recipe.views(shape, label))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return recipe.build(shape, classes)


def train(recipe: Recipe, x: Tensor, label: Tensor | None) -> Classifier:
    """The classifier of these rows: always the same one, and nobody's random state is touched."""
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad(), _one_thread():
        torch.manual_seed(0)
        network = untrained(recipe, x, label)
        _fit(network, recipe, x, label)
    return network.eval().requires_grad_(False)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in one order, so that weights are the same everywhere; and on a busy machine it is faster."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _fit(network: Classifier, recipe: Recipe, x: Tensor, label: Tensor | None) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=recipe.steps)
    for _ in range(recipe.steps):
        seen, named = _drawn(recipe, x, label)
        loss = F.cross_entropy(network(recipe.moved(seen)), named, label_smoothing=0.05)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        rate.step()


def _drawn(recipe: Recipe, x: Tensor, label: Tensor | None) -> tuple[Tensor, Tensor]:
    """A batch, and what to call its rows: label and view as one number, the view varying fastest."""
    views = recipe.views(tuple(x.shape[1:]), label)
    drawn = torch.randint(len(views) * len(x), (_BATCH,))
    view, row = drawn // len(x), drawn % len(x)
    seen = [views[number](x[place]) for number, place in zip(view.tolist(), row.tolist(), strict=True)]
    return torch.stack(seen), view if label is None else label[row] * len(views) + view


def _as_it_is(row: Tensor) -> Tensor:
    return row
