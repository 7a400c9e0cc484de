"""A small U-Net and a small transformer that read a text; nothing in them is zero."""

from functools import partial

import torch
from torch import nn

from diffsmith.nn.conditional_unet import ConditionalUNet2D, Conditions
from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.spatial_transformer import SpatialTransformer
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Plan

TEXT = 12


def unet(widths=(8, 16, 16), layers=1, dropout=0.0):
    torch.manual_seed(1)
    norm = partial(group_norm, groups=4)
    resnet = partial(ResnetBlock, emb=4 * widths[0], norm=norm, dropout=dropout)
    plan = Plan(widths, layers, resnet, [_attention] * len(widths), middle=_attention, norm=norm)
    return _awake(ConditionalUNet2D(2, 2, plan, Conditions(text=TEXT)))


def _attention(width):
    return SpatialTransformer(width, [CrossAttentionBlock(width, 2, TEXT) for _ in range(2)], groups=4)


class Transformer(nn.Module):
    """Pixels as tokens; each block reads the time, too."""

    def __init__(self, width=16, depth=4):
        super().__init__()
        self.pos_embed = nn.Linear(2, width)
        self.time = nn.Linear(1, width)
        self.caption_projection = nn.Linear(TEXT, 8)
        self.transformer_blocks = nn.ModuleList(CrossAttentionBlock(width, 2, 8) for _ in range(depth))
        self.proj_out = nn.Linear(width, 2)

    def forward(self, x, t, label=None, *, text):
        tokens = self.pos_embed(x.flatten(2).mT) + self.time(t.to(x).reshape(-1, 1, 1) / 1000)
        text = self.caption_projection(text)
        for block in self.transformer_blocks:
            tokens = block(tokens, text)
        return self.proj_out(tokens).mT.reshape(x.shape)


def transformer(depth=4):
    torch.manual_seed(1)
    return _awake(Transformer(depth=depth))


def _awake(network):
    for weight in network.parameters():
        if not weight.any():
            nn.init.normal_(weight, std=0.2)
    return network.eval()


def inputs(batch=2, side=8, seed=0):
    """(x, t), text."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, 2, side, side, generator=generator)
    return (x, torch.tensor(300.0)), {"text": torch.randn(batch, 5, TEXT, generator=generator)}
