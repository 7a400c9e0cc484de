"""Transformers that read prompts, as a user gets them: PixArt, and the U-ViT of text to image."""

import pytest
import torch

from diffsmith.nn.attention import Attention
from diffsmith.nn.once import Once
from diffsmith_image.dit import dit
from diffsmith_image.pixart import CaptionProjection, pixart
from diffsmith_image.uvit import uvit

SMALL = {"heads": 3, "head_dim": 8, "depth": 2, "text_width": 20}
MAKERS = {
    "pixart": lambda: pixart((4, 8, 12), None, **SMALL),
    "pixart with sizes": lambda: pixart((4, 8, 12), None, **SMALL, sizes=True, interpolation=2.0),
    "pixart without variance": lambda: pixart(
        (4, 8, 12), None, **SMALL, variance=False, patch=4, dropout=0.1
    ),
    "uvit": lambda: uvit((4, 8, 12), None, text_width=20, text_length=5),
    "uvit with classes": lambda: uvit((4, 8, 12), 3, text_width=20, text_length=5),
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture(params=MAKERS)
def network(request):
    """Small, and with no weight left at zero, so that everything has an effect."""
    return learned(MAKERS[request.param]()).eval()


def learned(network):
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight))
    return network


def condition(network, batch=2, dtype=torch.float32):
    """Everything that the network reads."""
    told = {"text": torch.randn(batch, 5, 20, dtype=dtype)}
    if hasattr(network, "caption_projection"):
        told["text_mask"] = (torch.arange(5) < torch.tensor([[5], [2], [1]])).long()[:batch]
        told["sizes"] = torch.tensor([[512.0, 768.0, 2 / 3], [1024.0, 1024.0, 1.0], [2.0, 1.0, 2.0]])[:batch]
    return told


def test_an_answer_has_the_shape_of_its_sample_and_every_parameter_learns(network):
    x = torch.randn(2, 4, 8, 12)
    out = network(x, torch.tensor([0.3, 700.0]), **condition(network))
    out.square().mean().backward()
    assert out.shape in {x.shape, (2, 8, 8, 12)}
    gradients = {name: weight.grad for name, weight in network.named_parameters()}
    assert [name for name, each in gradients.items() if each is None or not each.isfinite().all()] == []
    assert [name for name, each in gradients.items() if not each.any()] == []


@torch.no_grad()
def test_a_sample_does_not_see_the_batch_it_rides_in(network):
    x, t, told = torch.randn(3, 4, 8, 12), torch.tensor([1.0, 20.5, 300.0]), condition(network, 3)
    alone = network(x[1:2], t[1], **{name: value[1:2] for name, value in told.items()})
    torch.testing.assert_close(alone, network(x, t, **told)[1:2], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_every_condition_is_heard(network):
    x, t, told = torch.randn(2, 4, 8, 12), torch.tensor(5.0), condition(network)
    before, changed = network(x, t, **told), {"text": torch.randn(2, 5, 20)}
    if any("resolution_embedder" in name for name, _ in network.named_parameters()):
        changed["sizes"] = torch.tensor([[512.0, 512.0, 1.0]]).expand(2, -1)
    if "text_mask" in told:
        changed["text_mask"] = torch.tensor([[1, 0, 0, 0, 0], [1, 1, 1, 0, 0]])
    for name, value in changed.items():
        assert (before != network(x, t, **told | {name: value})).flatten(1).any(1).all(), name
    assert not torch.allclose(before, network(x, t + 1, **told))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
@torch.no_grad()
def test_a_network_works_in_its_own_precision(network, dtype):
    network, x = network.to(dtype), torch.randn(2, 4, 8, 12, dtype=dtype)
    for t in (torch.tensor(9.0, dtype=torch.float64), torch.tensor([9, 12])):
        out = network(x, t, **condition(network, dtype=dtype))
        assert out.dtype == dtype
        assert out.isfinite().all()


@torch.no_grad()
def test_half_precision_stays_near_to_the_numbers_of_single_precision(network):
    x, t, told = torch.randn(2, 4, 8, 12), torch.tensor([3.0, 999.0]), condition(network)
    exact = network(x, t, **told)
    told["text"] = told["text"].bfloat16()
    rough = network.to(torch.bfloat16)(x.bfloat16(), t, **told).float()
    assert (rough - exact).abs().max() < 0.1 * exact.abs().max()


@pytest.mark.parametrize("make", [lambda: pixart((4, 8, 8), None, **SMALL), lambda: dit((4, 8, 8), 3)])
@torch.no_grad()
def test_pictures_of_other_sizes_are_answered_in_their_size(make):
    network, text = learned(make()).eval(), torch.randn(1, 5, 20)
    told = {"text": text} if hasattr(network, "caption_projection") else {}
    for size in ((8, 8), (16, 8), (4, 20)):
        assert network(torch.randn(1, 4, *size), torch.tensor(1.0), **told).shape[2:] == size
    with pytest.raises(ValueError, match=r"^patch 2 does not divide a picture of 9x8: possible are 1$"):
        network(torch.randn(1, 4, 9, 8), torch.tensor(1.0), **told)


@torch.no_grad()
def test_pixart_begins_silent_and_deaf_to_the_text():
    network, x = pixart((4, 8, 8), None, **SMALL), torch.randn(2, 4, 8, 8)
    assert not network(x, torch.tensor(5.0), text=torch.randn(2, 5, 20)).any()
    torch.nn.init.normal_(network.proj_out.weight)
    one, other = (network(x, torch.tensor(5.0), text=torch.randn(2, 5, 20)) for _ in range(2))
    assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: MAKERS["pixart with sizes"]()(
                torch.randn(1, 4, 8, 12), torch.tensor(1.0), text=torch.randn(1, 5, 20)
            ),
            "this network reads sizes [B, 3]: height and width in pixels, and their ratio",
        ),
        (
            lambda: MAKERS["uvit"]()(torch.randn(1, 4, 8, 12), torch.tensor(1.0)),
            "this U-ViT reads a text [B, L, 20]: give text=",
        ),
        (
            lambda: pixart((4, 8, 8), None, heads=2, head_dim=8, sizes=True),
            "heads * head_dim is 16: a network that reads sizes splits it in three",
        ),
    ],
)
def test_what_is_missing_is_told(make, sentence):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == sentence


@torch.no_grad()
def test_a_text_is_mapped_once_for_all_steps():
    network, x, text = learned(MAKERS["pixart"]()).eval(), torch.randn(1, 4, 8, 12), torch.randn(1, 5, 20)
    plain = [network(x, torch.tensor(t), text=text) for t in (900.0, 10.0)]
    for layer in network.modules():
        if isinstance(layer, Attention | CaptionProjection):
            layer.once = Once()
    mapped = []
    network.caption_projection.linear_1.register_forward_hook(lambda *_: mapped.append("text"))
    network.transformer_blocks[1].attn2.to_k.register_forward_hook(lambda *_: mapped.append("keys"))
    for t, expected in zip((900.0, 10.0), plain, strict=True):
        assert torch.equal(network(x, torch.tensor(t), text=text), expected)
    assert mapped == ["text", "keys"]
