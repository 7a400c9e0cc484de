"""One change for all who are inside at the same time."""

from contextlib import contextmanager
from threading import Barrier, Thread

import pytest

from diffsmith.together import together


def counted():
    told = []

    @together
    @contextmanager
    def change():
        told.append("made")
        try:
            yield
        finally:
            told.append("undone")

    return change, told


def test_a_change_is_made_by_the_first_and_undone_by_the_last():
    change, told = counted()
    first, second = change(), change()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert told == ["made"]
    second.__exit__(None, None, None)
    with change():
        pass
    assert told == ["made", "undone"] * 2


def test_it_is_undone_after_an_error():
    change, told = counted()
    with pytest.raises(KeyError), change():
        raise KeyError("inside")
    assert told == ["made", "undone"]


def test_threads_share_it():
    change, told = counted()
    meet = Barrier(4, timeout=30)

    def inside():
        with change():
            meet.wait()

    threads = [Thread(target=inside) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["made", "undone"]
