import sys

import pytest

from diffsmith.cards import Card, ModelCard, cards_in
from diffsmith.errors import DiffsmithError

SOURCE = '''
"""A module."""
raise RuntimeError("imported!")

def one(a, *, b=2):
    """The first line.

    Also: first, uno
    """

def two(): ...

def _private(): ...

class Three: ...
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "cards_of_mine.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    return "cards_of_mine"


def test_cards_come_from_the_source_without_importing_it(module):
    one, two = cards_in(module, ModelCard, modality="audio")
    assert one == ModelCard("one", "The first line.", f"{module}:one", ("first", "uno"), modality="audio")
    assert (two.name, two.summary, two.aliases) == ("two", "", ())
    assert module not in sys.modules


def test_a_module_that_is_not_there_has_no_cards():
    with pytest.raises(DiffsmithError, match="there is no module 'cards_of_nobody'"):
        cards_in("cards_of_nobody")


def test_a_card_imports_its_function_when_it_is_asked_for():
    assert Card("dumps", "", "json:dumps").function is __import__("json").dumps


@pytest.mark.parametrize("ref", ["", "json", "json:nothing", "nowhere.at.all:f", ":f", "cards_of_mine:one"])
def test_whatever_is_wrong_with_the_import_is_told_with_the_cards_name(ref, module):
    with pytest.raises(DiffsmithError, match="mine: cannot be loaded from"):
        Card("mine", "", ref).function  # noqa: B018
