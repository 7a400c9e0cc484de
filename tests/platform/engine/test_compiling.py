from copy import deepcopy

import pytest
import torch
from torch import nn
from torch._inductor import config

from diffsmith.engine import compiled
from diffsmith.errors import SpecError

from .networks import inputs, transformer, unet

pytestmark = pytest.mark.usefixtures("no_grad")


def counting(graphs):
    def backend(graph, _):
        graphs.append(graph)
        return graph

    return backend


def test_alike_blocks_share_one_graph_and_answers_stay():
    torch._dynamo.reset()
    graphs, plain, (at, told) = [], transformer(6), inputs()
    network = compiled(deepcopy(plain), counting(graphs))
    torch.testing.assert_close(network(*at, **told), plain(*at, **told))
    assert len(graphs) == 1


def test_every_block_of_a_u_net_is_compiled_and_none_falls_back():
    torch._dynamo.reset()
    graphs, plain, (at, told) = [], unet(widths=(8, 16), layers=1), inputs()
    network = compiled(deepcopy(plain), counting(graphs))
    with torch._dynamo.config.patch(fail_on_recompile_limit_hit=True):
        torch.testing.assert_close(network(*at, **told), plain(*at, **told))
    assert len(graphs) >= 6


def test_a_copy_compiles_its_own_weights():
    torch._dynamo.reset()
    network, (at, told) = compiled(transformer(2), "eager"), inputs()
    before = network(*at, **told)
    copy = deepcopy(network)
    for weight in network.parameters():
        weight.zero_()
    assert torch.equal(copy(*at, **told), before)


def test_a_block_is_really_compiled_here():
    torch._dynamo.reset()
    rows = nn.ModuleList([nn.Linear(3, 3)])
    x = torch.randn(2, 3)
    expected = rows[0](x)
    torch.testing.assert_close(compiled(rows)[0](x), expected)


def test_without_a_compiler_the_refusal_is_one_sentence():
    told = r"^engine.compile needs a C\+\+ compiler \(.*\), and there is none here"
    with config.patch("cpp.cxx", ("no-such-compiler",)), pytest.raises(SpecError, match=told):
        compiled(transformer())
