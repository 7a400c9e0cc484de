"""The figures as Markdown."""

from collections.abc import Iterator
from statistics import median

from torch import Tensor

from .pairs import Figures
from .peaks import Peak, Work

__all__ = ["differences", "ratios", "roofline", "seconds"]


def seconds(found: dict[str, Figures], on: str) -> Iterator[str]:
    """One line a row: times (medians of the rounds) and peaks of memory."""
    peak = "peak of the GPU, MiB" if on == "cuda" else "peak, MiB | without files' pages, MiB"
    yield f"| | load, s | first picture, s | step, s | {peak} |"
    yield "|---|---|---|---|---|" + ("" if on == "cuda" else "---|")
    for name, each in found.items():
        times = (f"{median(times):.3f}" for times in (each.load, each.first, each.step))
        kinds = ("device",) if on == "cuda" else ("resident", "own")
        yield f"| {name} | {' | '.join([*times, *(f'{each.memory[kind]:.0f}' for kind in kinds)])} |"


def ratios(found: dict[str, Figures], on: str) -> Iterator[str]:
    """Each of ours over what it is compared with: medians of pairs."""
    kind = "device" if on == "cuda" else "resident"
    yield "| | over | load | first picture | step | peak memory |"
    yield "|---|---|---|---|---|---|"
    for name, each in found.items():
        if not each.row.against:
            continue
        other = found[each.row.against]
        times = (f"{each.ratio(what, other):.2f}" for what in ("load", "first", "step"))
        memory = each.memory[kind] / other.memory[kind]
        yield f"| {name} | {other.row.name} | {' | '.join(times)} | {memory:.2f} |"


def differences(found: dict[str, Figures], reference: str) -> Iterator[str]:
    """How far each row's latents, relative, and picture, in levels of 255, are from the first row's."""
    wanted = found[reference].made
    yield f"| against {reference} | latents, relative | picture, levels |"
    yield "|---|---|---|"
    for name, each in found.items():
        latents = _relative(each.made["latents"], wanted["latents"])
        levels = (each.made["picture"].int() - wanted["picture"].int()).abs()
        yield f"| {name} | {latents:.1e} | at most {levels.max()}, {levels.float().mean():.2f} on average |"


def roofline(found: dict[str, Figures], work: Work, peaks: dict[str, Peak]) -> Iterator[str]:
    """What part of the machine's peak each row's step reaches."""
    yield f"A step is {(work.products + work.convolutions) / 1e9:.1f} GFLOP, {_share(work):.0%} convolutions."
    yield ""
    yield "| | peaks: products, convolutions, GFLOP/s | floor of a step, s | step, s | reached |"
    yield "|---|---|---|---|---|"
    for name, each in found.items():
        peak = peaks[each.row.dtype]
        floor, step = peak.seconds(work), min(each.step)
        told = f"{peak.products / 1e9:.0f}, {peak.convolutions / 1e9:.0f}"
        reached = "" if each.row.approximate else f"{floor / step:.0%}"
        yield f"| {name} | {told} | {floor:.3f} | {step:.3f} | {reached} |"


def _relative(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max() / b.abs().max())


def _share(work: Work) -> float:
    return work.convolutions / (work.products + work.convolutions)
