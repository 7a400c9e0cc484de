import torch

from diffsmith.engine import probe

CPU = torch.device("cpu")
MIB = 2**18
"""float32 numbers in a MiB."""


def test_a_cost_is_the_fastest_of_the_runs(monkeypatch):
    ran = []
    clock = iter([0.0, 9.0, 10.0, 12.0, 20.0, 21.0])
    monkeypatch.setattr("time.perf_counter", clock.__next__)
    cost = probe(lambda: ran.append(None), CPU, repeats=3)
    assert cost.seconds == 1.0
    assert len(ran) == 3


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
