"""A small network that learns to tell the training pictures apart, for what it sees in a picture."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["FEATURES", "Classifier", "train", "turned", "untrained"]

FEATURES = 32
_STEPS, _BATCH, _RATE = 600, 64, 3e-3


class Classifier(nn.Module):
    """Halve a picture until it is small, look twice, squeeze it into 32 numbers, name its class."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        halvings = max(0, (min(shape[1:]) // 8).bit_length() - 1)
        inward = [shape[0], *[16] * (halvings - 1)]
        self.halve = nn.Sequential(*(_look(wide, 16, stride=2 if halvings else 1) for wide in inward))
        self.look = nn.Sequential(_look(16, 32), _look(32, 64, stride=2), nn.AdaptiveAvgPool2d(4))
        self.squeeze = nn.Linear(64 * 4 * 4, FEATURES)
        self.name = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, 32]."""
        return torch.tanh(self.squeeze(self.look(self.halve(x)).flatten(1)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> a logit for each class."""
        logits: Tensor = self.name(self.features(x))
        return logits


def untrained(x: Tensor, label: Tensor) -> Classifier:
    """A network of the size that these rows ask for; nobody's random state is touched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Classifier(tuple(x.shape[1:]), 1 + int(label.max()))


def train(x: Tensor, label: Tensor) -> Classifier:
    """The classifier of these rows: always the same one, and nobody's random state is touched."""
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad(), _one_thread():
        torch.manual_seed(0)
        network = untrained(x, label)
        _fit(network, x, label)
    return network.eval().requires_grad_(False)


def turned(x: Tensor) -> tuple[Tensor, Tensor]:
    """The pictures in every rotation that keeps their shape, labelled by it (Gidaris et al. 2018)."""
    turns = range(0, 4, 1 if x.shape[-1] == x.shape[-2] else 2)
    rotated = torch.cat([x.rot90(turn, (-2, -1)) for turn in turns])
    return rotated, torch.arange(len(turns)).repeat_interleave(len(x))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in one order, so that weights are the same everywhere; and on a busy machine it is faster."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _fit(network: Classifier, x: Tensor, label: Tensor) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    for _ in range(_STEPS):
        rows = torch.randint(len(x), (_BATCH,))
        loss = F.cross_entropy(network(_shifted(x[rows])), label[rows], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()


def _shifted(x: Tensor) -> Tensor:
    """The batch, moved by up to a sixteenth of its side, at least a pixel; edges are repeated."""
    reach = max(1, x.shape[-1] // 16)
    down, right = torch.randint(2 * reach + 1, (2,)).tolist()
    padded = F.pad(x, (reach,) * 4, mode="replicate")
    return padded[..., down : down + x.shape[-2], right : right + x.shape[-1]]


def _look(wide: int, narrow: int, stride: int = 1) -> nn.Module:
    convolution = nn.Conv2d(wide, narrow, 3, stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(8, narrow), nn.SiLU())
