import pytest
import torch

from diffsmith.errors import SpecError
from diffsmith.training.precision import accelerator_of
from diffsmith.training.run import Training


def trained(lab, spec):
    training = Training(spec, lab.bind("datasets", spec.data)(), lab)
    losses = [step.loss for step in training.steps()]
    return training, losses


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_format_learns_and_keeps_its_weights_in_fp32(lab, spec_of, precision):
    training, losses = trained(lab, spec_of(steps=150, batch=24, lr=0.01, precision=precision))
    assert sum(losses[-20:]) < 0.8 * sum(losses[:20])
    assert {each.dtype for each in training.network.parameters()} == {torch.float32}


def test_bf16_computes_otherwise_than_fp32(lab, spec_of):
    _, plain = trained(lab, spec_of(steps=2))
    _, short = trained(lab, spec_of(steps=2, precision="bf16"))
    assert plain != short
    assert plain == pytest.approx(short, rel=0.05)


def test_runs_of_different_formats_do_not_disturb_one_another(lab, spec_of):
    specs = [spec_of(steps=4, precision=precision) for precision in ("fp32", "bf16", "fp32")]
    alone = [trained(lab, spec)[1] for spec in specs]
    runs = [Training(spec, lab.bind("datasets", spec.data)(), lab).steps() for spec in specs]
    beside = zip(*[[step.loss for step in steps] for steps in zip(*runs, strict=True)], strict=True)
    assert [list(losses) for losses in beside] == alone


def test_fp16_needs_a_gpu(lab, spec_of):
    with pytest.raises(SpecError, match=r"^train.precision: fp16 needs a GPU.*bf16") as caught:
        trained(lab, spec_of(precision="fp16"))
    assert len(caught.value.faults) == 1


def test_a_device_that_is_not_there_is_told():
    with pytest.raises(SpecError, match=r"engine.device: there is no 'tpu' here"):
        accelerator_of("fp32", "tpu")
