"""The figures as Markdown."""

from collections.abc import Iterator

from .pairs import Figures
from .peaks import Peak, Work

__all__ = ["differences", "ratios", "relative", "roofline", "seconds"]

_MEMORY = {
    "cpu": {"resident": "peak, MiB", "files": "of it pages of files"},
    "cuda": {"device": "peak of the GPU, MiB"},
}


def seconds(found: dict[str, Figures], on: str, what: str) -> Iterator[str]:
    """One line a row: times and peaks of memory, the least of the rounds; imports are a process's start."""
    times, memory = _timed(found, what), _MEMORY[on]
    yield f"| | imports, s | {', s | '.join(times.values())}, s | {' | '.join(memory.values())} |"
    yield "|---" * (2 + len(times) + len(memory)) + "|"
    for name, each in found.items():
        told = [f"{each.of(what):.3f}" for what in ("imports", *times)]
        yield f"| {name} | {' | '.join([*told, *(f'{each.of(what):.0f}' for what in memory)])} |"


def ratios(found: dict[str, Figures], on: str, what: str) -> Iterator[str]:
    """Each of ours over what it is compared with."""
    times, memory = _timed(found, what), next(iter(_MEMORY[on]))
    yield f"| | over | {' | '.join(times.values())} | peak memory |"
    yield "|---" * (3 + len(times)) + "|"
    for name, each in found.items():
        for against in each.row.against:
            pairs = (each.of(what) / found[against].of(what) for what in (*times, memory))
            yield f"| {name} | {against} | {' | '.join(f'{pair:.2f}' for pair in pairs)} |"


def _timed(found: dict[str, Figures], what: str) -> dict[str, str]:
    """What was timed, by its name in the figures: decoding in some comparisons alone."""
    times = {"load": "load", "first": f"first {what}", "step": "step", "decode": "decoding"}
    known = next(iter(found.values())).told[0]
    return {name: times[name] for name in times if name in known}


def differences(found: dict[str, Figures], reference: str, what: str) -> Iterator[str]:
    """How far each row's latents, relative, and what they show, in levels of 255, are from one row's."""
    wanted = found[reference]
    yield f"| against {reference} | latents, relative | {what}, levels |"
    yield "|---|---|---|"
    for name, each in found.items():
        levels = (each.made["shown"].int() - wanted.made["shown"].int()).abs()
        told = f"at most {levels.max()}, {levels.float().mean():.2f} on average"
        yield f"| {name} | {relative(each, wanted):.1e} | {told} |"


def relative(a: Figures, b: Figures) -> float:
    """The largest difference of their latents, relative to the largest value."""
    made, wanted = a.made["latents"], b.made["latents"]
    return float((made - wanted).abs().max() / wanted.abs().max())


def roofline(found: dict[str, Figures], work: Work, peaks: dict[str, Peak]) -> Iterator[str]:
    """What part of the machine's peak each row's step reaches."""
    yield f"A step is {(work.products + work.convolutions) / 1e9:.1f} GFLOP, {_share(work):.0%} convolutions."
    yield ""
    yield "| | peaks: products, convolutions, GFLOP/s | floor of a step, s | step, s | reached |"
    yield "|---|---|---|---|---|"
    for name, each in found.items():
        peak = peaks[each.row.dtype]
        floor, step = peak.seconds(work), each.of("step")
        told = f"{peak.products / 1e9:.0f}, {peak.convolutions / 1e9:.0f}"
        reached = "" if each.row.approximate else f"{floor / step:.0%}"
        yield f"| {name} | {told} | {floor:.3f} | {step:.3f} | {reached} |"


def _share(work: Work) -> float:
    return work.convolutions / (work.products + work.convolutions)
