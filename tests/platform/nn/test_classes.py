"""A class table without a row for "no class"."""

import torch

from diffsmith.nn.classes import ClassTable


def test_a_label_beyond_the_classes_is_a_vector_of_zeros():
    table = ClassTable(3, 4)
    vectors = table(torch.tensor([0, 3, 2]))
    assert torch.equal(vectors, torch.stack([table.weight[0], torch.zeros(4), table.weight[2]]))
    assert table.state_dict().keys() == {"weight"}


def test_only_rows_that_were_asked_for_learn():
    table = ClassTable(3, 4)
    table(torch.tensor([1, 3])).sum().backward()
    assert table.weight.grad.tolist() == [[0.0] * 4, [1.0] * 4, [0.0] * 4]
