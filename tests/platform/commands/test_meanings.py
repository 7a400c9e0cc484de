from typing import Annotated

import pytest
from pydantic import Field

from diffsmith.commands.meanings import meaning
from diffsmith.commands.show import _options
from diffsmith.registry import default_registry

REGISTRY = default_registry()


def documented(
    *,
    one: int = 1,
    low: int = 0,
    high: int = 0,
    said: Annotated[int, Field(description="what it says")] = 0,
    eta: float = 0,
    unknown: int = 0,
):
    """A thing with options.

    one: the first of them, which goes
    over two lines (Ho et al. 2020). low, high: its ends. After this it is said why.
    """


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("one", "the first of them, which goes over two lines (Ho et al. 2020)"),
        ("low", "its ends. After this it is said why"),
        ("high", "its ends. After this it is said why"),
        ("said", "what it says"),
        ("unknown", ""),
    ],
)
def test_a_meaning_is_what_annotation_or_docstring_say(option, told):
    assert meaning(documented, option) == told


def test_the_field_s_own_terms_need_no_docstring():
    assert meaning(documented, "eta").startswith("how much of the noise is fresh")


CHOSEN = (
    "schedulers",
    "spacings",
    "guidance",
    "thresholds",
    "models",
    "autoencoders",
    "conditioners",
    "caches",
)


@pytest.mark.parametrize("kind", CHOSEN)
def test_every_option_has_a_meaning(kind):
    """Of what one chooses to sample with."""
    silent = {
        f"{card.name}.{option['name']}"
        for card in REGISTRY.entries(kind)
        for option in _options(card, REGISTRY)
        if not option["meaning"]
    }
    assert silent == set()
