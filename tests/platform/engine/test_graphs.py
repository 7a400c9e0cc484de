"""The bookkeeping of CUDA graphs, with a recorder that replays on the CPU; a GPU is not needed for it."""

from copy import deepcopy

import pytest
import torch

from diffsmith.engine import graphed
from diffsmith.errors import SpecError

from .networks import inputs, unet


def recorder(recordings):
    """Records as CUDA does: the same tensors in, the same tensor overwritten."""

    def record(call):
        answer = call().clone()
        recordings.append(call)
        return lambda: answer.copy_(call()), answer

    return record


@pytest.mark.usefixtures("no_grad")
def test_a_recording_a_shape_is_replayed_with_the_new_numbers():
    recordings, plain = [], unet()
    network = graphed(deepcopy(plain), recorder(recordings))
    answers = []
    for seed, batch in ((0, 2), (1, 2), (2, 4), (3, 2)):
        at, told = inputs(batch, seed=seed)
        answers.append((network(*at, **told), plain(*at, **told)))
    for got, expected in answers:  # compared at the end: no answer is overwritten by a later replay
        assert torch.equal(got, expected)
    assert len(recordings) == 2


def test_training_is_not_recorded():
    recordings, (at, told) = [], inputs()
    network = graphed(unet(), recorder(recordings))
    network(*at, **told).sum().backward()
    assert not recordings


def test_without_a_gpu_the_refusal_is_one_sentence():
    with pytest.raises(SpecError, match=r"^engine.graphs: CUDA graphs need an NVIDIA GPU"):
        graphed(unet())
