import logging
import subprocess
import sys

from diffsmith.quiet import quietly


def test_inside_only_errors_are_told_and_outside_all(caplog):
    talker = logging.getLogger("torchao")
    with quietly():
        talker.warning("a kernel is missing")
        talker.error("it is broken")
    talker.warning("later")
    assert [record.message for record in caplog.records] == ["it is broken", "later"]


def test_what_reads_prompts_is_imported_without_a_word():
    code = "from diffsmith.quiet import quietly\nwith quietly():\n    from transformers import CLIPTextModel"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
