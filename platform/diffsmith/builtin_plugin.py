"""The core as its own first plugin: a table of contents."""

from pathlib import Path
from typing import TYPE_CHECKING

from .cards import Card, ConditionerCard, SchedulerCard, cards_in
from .hookspecs import hookimpl

if TYPE_CHECKING:
    import typer


@hookimpl
def diffsmith_estimates() -> list[Card]:
    """The solvers of diffusion/estimates/."""
    modules = (
        "single",
        "stages",
        "multistep",
        "unified",
        "exponential_adams",
        "adams",
        "adams_fixed",
        "cfg_pp",
    )
    return [card for name in modules for card in cards_in(f"diffsmith.diffusion.estimates.{name}")]


@hookimpl
def diffsmith_renoise() -> list[Card]:
    """The noise rules of diffusion/renoise.py."""
    return cards_in("diffsmith.diffusion.renoise")


@hookimpl
def diffsmith_correctors() -> list[Card]:
    """The correctors of diffusion/correctors.py."""
    return cards_in("diffsmith.diffusion.correctors")


@hookimpl
def diffsmith_noise() -> list[Card]:
    """The noise of diffusion/noise.py."""
    return cards_in("diffsmith.diffusion.noise")


@hookimpl
def diffsmith_spacings() -> list[Card]:
    """The spacings of diffusion/spacings/."""
    modules = ("timesteps", "sigmas", "flows", "tables")
    return [card for name in modules for card in cards_in(f"diffsmith.diffusion.spacings.{name}")]


@hookimpl
def diffsmith_guidance() -> list[Card]:
    """The guidances of diffusion/guidance.py."""
    return cards_in("diffsmith.diffusion.guidance")


@hookimpl
def diffsmith_thresholds() -> list[Card]:
    """The limits of diffusion/thresholds.py."""
    return cards_in("diffsmith.diffusion.thresholds")


@hookimpl
def diffsmith_boundaries() -> list[Card]:
    """The boundary conditions of diffusion/consistency.py."""
    return cards_in("diffsmith.diffusion.consistency")


@hookimpl
def diffsmith_autoencoders() -> list[Card]:
    """The autoencoders of autoencoders/networks.py."""
    return cards_in("diffsmith.autoencoders.networks")


@hookimpl
def diffsmith_conditioners() -> list[Card]:
    """The conditioners of conditioning/conditioners.py."""
    return cards_in("diffsmith.conditioning.conditioners", ConditionerCard)


@hookimpl
def diffsmith_caches() -> list[Card]:
    """The feature caches of engine/caching/."""
    modules = ("deep_features", "first_block")
    return [card for name in modules for card in cards_in(f"diffsmith.engine.caching.{name}")]


@hookimpl
def diffsmith_layouts() -> list[Card]:
    """The published autoencoders of autoencoders/layouts.py."""
    module = "diffsmith.autoencoders.layouts"
    return [
        Card("AutoencoderKL", "Latents with a normal distribution each", f"{module}:KL"),
        Card("AutoencoderKLTemporalDecoder", "The same, decoded as clips", f"{module}:KL_TEMPORAL"),
        Card("AutoencoderTiny", "A small autoencoder, as TAESD", f"{module}:TINY"),
        Card("VQModel", "Latents out of a code book", f"{module}:VQ"),
        Card("PaellaVQModel", "Latents out of a code book, as Stable Cascade's", f"{module}:PAELLA"),
    ]


@hookimpl
def diffsmith_schedules() -> list[Card]:
    """The noise schedules of diffusion/schedules/."""
    return [
        card
        for name in ("tables", "fading", "formulas")
        for card in cards_in(f"diffsmith.diffusion.schedules.{name}")
    ]


@hookimpl
def diffsmith_predictions() -> list[Card]:
    """The predictions of diffusion/prediction.py."""
    return cards_in("diffsmith.diffusion.prediction")


@hookimpl
def diffsmith_times() -> list[Card]:
    """The training times of diffusion/times.py."""
    return cards_in("diffsmith.diffusion.times")


@hookimpl
def diffsmith_weightings() -> list[Card]:
    """The loss weightings of diffusion/weightings.py."""
    return cards_in("diffsmith.diffusion.weightings")


@hookimpl
def diffsmith_schedulers() -> list[SchedulerCard]:
    """The schedulers people know by name."""
    from .schedulers import SCHEDULERS

    return SCHEDULERS


@hookimpl
def diffsmith_search_spaces() -> list[Path]:
    """search_spaces/ at the top of the repository, or inside the installed package."""
    shipped = Path(__file__).parent / "search_spaces"
    return [shipped if shipped.is_dir() else Path(__file__).parents[2] / "search_spaces"]


@hookimpl
def diffsmith_commands(app: "typer.Typer") -> None:
    """The commands of commands/."""
    from .commands import add_commands

    add_commands(app)
