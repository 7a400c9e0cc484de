"""A toy to learn: rows of four numbers, whose class is the largest of the first three."""

import torch
from torch import nn

from diffsmith.data import Split
from diffsmith.features import Classifier, Recipe


def build(shape, classes):
    return Classifier(nn.Sequential(nn.Linear(shape[0], 16), nn.SiLU()), 16, classes)


def reversed_too(shape):
    return [lambda row: row, lambda row: row.flip(0)]


TOY = Recipe("toy 1", build, moved=lambda x: x, poses=reversed_too, steps=200)


def rows(count=300, seed=0, labels=True):
    x = torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))
    return Split(x, x[:, :3].argmax(1) if labels else None)
