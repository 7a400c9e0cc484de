import time

import torch

from diffsmith.engine import probe

CPU = torch.device("cpu")
MIB = 2**18
"""float32 numbers in a MiB."""


def test_a_cost_is_the_median_of_the_runs():
    ran = []

    def work():
        ran.append(None)
        time.sleep(0.3 if len(ran) == 1 else 0.02)

    cost = probe(work, CPU)
    assert len(ran) == 3
    assert 0.02 <= cost.seconds < 0.3


def test_what_a_run_allocates_shows_and_is_gone_the_next_time():
    def nothing():
        return 1 + 1

    def much():
        return torch.ones(64 * MIB).sum()

    before, during, after = (probe(work, CPU) for work in (nothing, much, nothing))
    assert before.seconds > 0
    assert 60 < during.memory - before.memory < 96
    assert after.memory < during.memory - 60


def test_the_number_of_runs_can_be_told():
    ran = []
    probe(lambda: ran.append(None), CPU, repeats=5)
    assert len(ran) == 5
