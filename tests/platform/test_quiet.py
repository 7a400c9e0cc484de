import logging
import subprocess
import sys

import pytest

from diffsmith.quiet import quietly


@pytest.fixture
def talker(caplog):
    """torchao's logger as loud as it comes, whatever the tests before made of it or of the root."""
    caplog.set_level(logging.WARNING, "torchao")
    return logging.getLogger("torchao")


def test_inside_only_errors_are_told_and_outside_all(talker, caplog):
    with quietly():
        talker.warning("a kernel is missing")
        talker.error("it is broken")
    talker.warning("later")
    assert [record.message for record in caplog.records] == ["it is broken", "later"]


def test_two_at_the_same_time_leave_what_the_first_found(talker):
    first, second = quietly(), quietly()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert talker.level == logging.ERROR
    second.__exit__(None, None, None)
    assert talker.level == logging.WARNING


def test_what_reads_prompts_is_imported_without_a_word():
    code = "from diffsmith.quiet import quietly\nwith quietly():\n    from transformers import CLIPTextModel"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
