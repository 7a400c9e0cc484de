import torch

from diffsmith.training.optimizer import put_state, state_tensors


def stepped(weight, optimizer, times):
    for _ in range(times):
        optimizer.zero_grad()
        (weight**3).sum().backward()
        optimizer.step()


def begun(values):
    weight = torch.nn.Parameter(values.clone())
    return weight, torch.optim.AdamW([weight], lr=0.1)


def test_an_optimizer_goes_on_from_its_tensors_bit_for_bit():
    weight, optimizer = begun(torch.linspace(-1, 1, 7))
    stepped(weight, optimizer, 5)
    copied = {name: tensor.clone() for name, tensor in state_tensors(optimizer).items()}
    other, fresh = begun(weight.detach())
    assert copied["0.step"] == 5
    put_state(fresh, copied)
    stepped(weight, optimizer, 5)
    stepped(other, fresh, 5)
    assert torch.equal(weight, other)


def test_an_optimizer_that_made_no_step_has_no_tensors():
    _, optimizer = begun(torch.ones(2))
    assert state_tensors(optimizer) == {}
    put_state(optimizer, {})
