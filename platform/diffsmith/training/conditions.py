"""What networks are told of each row: a caption, a clip's first picture; read once, before the first step."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ..conditioning import Conditioner, Wanted
from ..conditioning.chunks import common_length, lengthened
from ..pipeline.conditions import converted

__all__ = ["Told", "captions_of", "pictures_of"]

_AT_ONCE = 16

Conditions = dict[str, Tensor]


@dataclass(frozen=True)
class Told:
    """What a network reads, on the CPU: states of texts are many times larger than latents.

    Callable on numbers [B] -> conditions [B, ...] on the device.
    """

    rows: Sequence[Conditions]
    device: torch.device

    def __call__(self, numbers: Tensor | None) -> Conditions:
        """The conditions of these numbers as one batch; nothing for rows that have none."""
        if numbers is None:
            return {}
        chosen = [self.rows[number] for number in numbers.tolist()]
        masked = "text_mask" in chosen[0]
        return {
            name: _together(name, [row[name] for row in chosen], masked).to(self.device) for name in chosen[0]
        }


def captions_of(
    texts: Sequence[str], conditioner: Conditioner, wanted: Wanted, device: torch.device, dtype: torch.dtype
) -> Generator[int, None, Told]:
    """All captions, and behind them none; yields how many were read.

    None is what the unconditional branch of guidance reads where nobody gives a negative prompt. wanted: the
    size, and for clips the frames, of all that is learnt from.
    """
    rows = list[Conditions]()
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        rows += _rows(conditioner, _saying(wanted, some), "conditional", dtype)
        yield len(rows)
    return Told([*rows, *_rows(conditioner, _saying(wanted, ("",)), "unconditional", dtype)], device)


def pictures_of(
    count: int,
    wanted: Callable[[int], Wanted],
    conditioner: Conditioner,
    device: torch.device,
    dtype: torch.dtype,
) -> Generator[int, None, Told]:
    """What each of `count` rows is told, and behind them in the same order what each is told instead.

    wanted: of a row, with its caption and its first picture. Instead of them a network is now and then told
    what the unconditional branch of guidance reads. Yields how many were read.
    """
    rows, instead = list[Conditions](), list[Conditions]()
    for number in range(count):
        branches = conditioner(wanted(number), guided=True)  # both, so that a picture is looked at once
        rows += _split(branches["conditional"], dtype)
        instead += _split(branches["unconditional"], dtype)
        yield len(rows)
    return Told([*rows, *instead], device)


def _rows(conditioner: Conditioner, wanted: Wanted, branch: str, dtype: torch.dtype) -> list[Conditions]:
    return _split(conditioner(wanted, guided=branch == "unconditional")[branch], dtype)


def _split(read: Conditions, dtype: torch.dtype) -> list[Conditions]:
    """What was read of each row, on the CPU."""
    known = converted(read, torch.device("cpu"), dtype)
    count = len(next(iter(known.values())))
    return [{name: value[row] for name, value in known.items()} for row in range(count)]


def _saying(wanted: Wanted, texts: Sequence[str]) -> Wanted:
    return replace(wanted, prompts=texts)


def _together(name: str, rows: list[Tensor], masked: bool) -> Tensor:
    """Texts of any lengths as one batch; what else there is has one shape."""
    if not name.startswith("text"):
        return torch.stack(rows)
    if masked:  # filled up alike, the mask tells what is text
        return pad_sequence(rows, batch_first=True)
    return lengthened(rows, common_length(rows))  # repeated to one length: attention reads them alike
