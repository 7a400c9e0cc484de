import pytest
import torch
from torch import nn

from diffsmith.weights.pickles.state_dicts import named_tensors

W, V = torch.ones(2), torch.zeros(3)
FOUND = {
    "weights alone": ({"w": W, "v": V}, {"w": W, "v": V}, ""),
    "a parameter": ({"w": nn.Parameter(W)}, {"w": W}, ""),
    "what stands beside them": ({"w": W, "epoch": 3, "name": "x", 5: V, "list": [V]}, {"w": W}, ""),
    "Lightning": ({"state_dict": {"model.w": W}, "epoch": 1}, {"model.w": W}, "state_dict"),
    "averaged ones first": (
        {"model": {"w": V}, "ema": {"w": W}, "opt": {"state": {"m": V}}},
        {"w": W},
        "ema",
    ),
    "an average without names": ({"model": {"w": W}, "ema": {"shadow": [V]}}, {"w": W}, "model"),
    "a key in a key": ({"model": {"state_dict": {"w": W}}}, {"w": W}, "model.state_dict"),
    "a counter beside": ({"step": torch.tensor(3), "model": {"w": W}}, {"w": W}, "model"),
    "parts of a pipeline": ({"unet": {"w": W}, "vae": {"w": V}}, {"unet.w": W, "vae.w": V}, ""),
    "another part": ({"model": {"w": W}, "vae": {"v": V}}, {"model.w": W, "vae.v": V}, ""),
}


@pytest.mark.parametrize(("found", "tensors", "under"), FOUND.values(), ids=FOUND)
def test_weights_are_found_under_their_own_names(found, tensors, under):
    named, place = named_tensors(found)
    assert place == under
    assert named.keys() == tensors.keys()
    assert all(torch.equal(named[name], tensor) for name, tensor in tensors.items())


CIRCLE: dict[str, object] = {}
CIRCLE["model"] = CIRCLE
DEEP: dict[str, object] = {"w": W}
for _ in range(100_000):
    DEEP = {"x": DEEP}
NESTED = torch.nested.nested_tensor([W, V], layout=torch.jagged)
NO_WEIGHTS = {
    "a list": ([W], "no tensors by name, but a list"),
    "a number": (5, "no tensors by name, but a int"),
    "settings": ({"lr": 1e-3}, "no tensors by name, but a dict"),
    "a circle": (CIRCLE, "no tensors by name"),
    "an abyss": (DEEP, "no tensors by name"),
    "a name twice": ({"a.w": W, "a": {"w": V}}, "a.w stands twice"),
    "a sparse tensor": ({"w": torch.eye(2).to_sparse()}, "w is no plain tensor"),
    "a tensor without numbers": ({"w": torch.ones(2, device="meta")}, "w is no plain tensor"),
    "a nested tensor": (
        {"w": NESTED},
        "w is no plain tensor",
    ),
}


@pytest.mark.parametrize(("found", "what"), NO_WEIGHTS.values(), ids=NO_WEIGHTS)
def test_what_is_no_weights_is_told(found, what):
    with pytest.raises(ValueError, match=what):
        named_tensors(found)
