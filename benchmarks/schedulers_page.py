"""Writes docs/schedulers.md: every scheduler, its order and cost as measured, its distance to its references.

The distances are those of the tests: the script runs the cases of tests/parity/catalogue.

PYTHONPATH=platform:plugins:tests python benchmarks/schedulers_page.py
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from parity.catalogue import Case, cases

from diffsmith import SchedulerCard, default_registry
from diffsmith.files import replacing
from diffsmith.testing.measures import evaluations, order_of_convergence, without_noise

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "schedulers.md"
FAMILY = ROOT / "platform" / "diffsmith"
REGISTRY = default_registry()
PARTS = {
    "estimates": "estimates",
    "loops": "own loops",
    "spacings": "spacings",
    "schedules": "noise schedules",
    "schedulers": "rows",
    "rest": "noise rules, correctors, predictions and the loop",
}
NOT_SAMPLING = {"loss", "times", "weightings", "guidance", "inpainting", "starting", "__init__"}

INTRODUCTION = """# Schedulers

*Written by `benchmarks/schedulers_page.py`: run it again after a change.*

A step is one exact move with a clean estimate held constant over it, and then perhaps some fresh noise.
Solvers differ in the estimate they hold, samplers in how much old noise they trade for fresh, and a
corrector may better the place before the next step. So a scheduler is a row of names (`diffsmith show
dpmpp_2m_sde`), and every estimate goes with every noise rule, spacing, prediction and path. What does not
fit that way walks on its own ("own loop").

The whole family, {count} schedulers, takes {lines:,} lines of Python with comments and docstrings:
{parts}. diffusers' schedulers take 30,699.

## What there is

Order: of convergence, with the noise off, on a Gaussian mixture between 20 and 80 steps; no entry where
noise cannot be turned off, or where an error estimate chooses the steps. Calls: of the network, a step.

| scheduler | made of | order | calls | source |
|---|---|---|---|---|
"""
DISTANCES = """
## How far from their references

{count} comparisons. The largest difference is relative to the largest value; bounds are 1e-09 where the
reference computes in float64 and 2e-06 where it computes in float32.

| scheduler | reference | prediction | spacing | cases | largest difference | bound |
|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Measure everything, then write the page."""
    torch.set_num_threads(1)
    found = list(measured(cases()))
    text = [INTRODUCTION.format(count=len(REGISTRY.names("schedulers")), **size())]
    text += [*overview(), DISTANCES.format(count=len(found)), *distances(found)]
    with replacing(PAGE) as path:
        path.write_text("".join(text), encoding="utf-8")
    print(f"wrote {PAGE}")


def measured(todo: Iterable[Case]) -> Iterator[tuple[Case, float]]:
    """Each case with its difference, told as they go by."""
    for number, case in enumerate(todo, 1):
        print(f"\r{number} cases", end="", file=sys.stderr, flush=True)
        yield case, case.difference()
    print(file=sys.stderr)


def size() -> dict[str, object]:
    """How many lines the family takes, in all and by part."""
    everything = {file: count(file) for file in FAMILY.rglob("*.py") if part_of(file)}
    parts = dict.fromkeys(PARTS.values(), 0)
    for file, lines in everything.items():
        parts[part_of(file)] += lines
    told = ", ".join(f"{part} {lines:,}" for part, lines in parts.items())
    return {"lines": sum(parts.values()), "parts": told}


def part_of(file: Path) -> str:
    """What a file is counted as; nothing, where it is not of this family."""
    room, *inside = file.relative_to(FAMILY).parts
    if room not in {"diffusion", "schedulers"} or inside[0].removesuffix(".py") in NOT_SAMPLING:
        return ""
    return PARTS.get(room, PARTS.get(inside[0], PARTS["rest"]))


def count(file: Path) -> int:
    """The lines of a file."""
    return len(file.read_text(encoding="utf-8").splitlines())


def overview() -> Iterator[str]:
    """One line a scheduler."""
    for card in REGISTRY.entries("schedulers"):
        loop = without_noise(card, REGISTRY)
        order = f"{order_of_convergence(loop):.2f}" if card.order else ""
        yield f"| {card.name} | {made_of(card)} | {order} | {evaluations(loop):.2f} | {card.source} |\n"


def made_of(card: SchedulerCard) -> str:
    """Its factors by name."""
    if card.ref:
        return "own loop"
    return " + ".join(filter(None, (card.estimate, card.renoise, card.correct)))


def distances(found: list[tuple[Case, float]]) -> Iterator[str]:
    """The largest difference of every scheduler x prediction x spacing from its reference."""
    groups: dict[tuple[str, str, str, str, float], list[tuple[Case, float]]] = defaultdict(list)
    for case, difference in found:
        groups[case.scheduler, case.reference, case.prediction, case.spacing, case.bound].append(
            (case, difference)
        )
    for (*names, bound), members in sorted(groups.items()):
        worst = max(difference for _, difference in members)
        yield f"| {' | '.join(names)} | {len(members)} | {worst:.1e} | {bound:.0e} |\n"


if __name__ == "__main__":
    main()
