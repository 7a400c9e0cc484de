"""The three blocks of a U-Net; they take their layers ready-made and pass `context` on to the attentions."""

import torch
from torch import Tensor, nn

__all__ = ["DownBlock", "MidBlock", "Nothing", "UpBlock"]


class Nothing(nn.Module):
    """What stands where a level has no attention: x as it came."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, x: Tensor, *context: Tensor) -> Tensor:
        """Any x to itself."""
        return x


class DownBlock(nn.Module):
    """Residual blocks, each followed by attention, then perhaps a halving: every result is a skip."""

    def __init__(
        self, resnets: list[nn.Module], attentions: list[nn.Module], halving: list[nn.Module]
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        self.attentions = nn.ModuleList(attentions)
        self.downsamplers = nn.ModuleList(halving)

    def forward(self, x: Tensor, emb: Tensor, *context: Tensor) -> list[Tensor]:
        """x [B, C, H, W] to the maps after each layer; the last goes on to the next block."""
        skips = []
        for resnet, attention in zip(self.resnets, self.attentions, strict=True):
            x = attention(resnet(x, emb), *context)
            skips.append(x)
        return skips + [downsample(x, emb) for downsample in self.downsamplers]


class MidBlock(nn.Module):
    """A residual block, attention, a residual block, at the coarsest level."""

    def __init__(self, resnets: list[nn.Module], attention: nn.Module) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        self.attentions = nn.ModuleList([attention])

    def forward(self, x: Tensor, emb: Tensor, *context: Tensor) -> Tensor:
        """[B, C, H, W] to the same."""
        before, after = self.resnets
        out: Tensor = after(self.attentions[0](before(x, emb), *context), emb)
        return out


class UpBlock(nn.Module):
    """Residual blocks, each given the newest skip left, each before attention, then perhaps a doubling."""

    def __init__(
        self, resnets: list[nn.Module], attentions: list[nn.Module], doubling: list[nn.Module]
    ) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        self.attentions = nn.ModuleList(attentions)
        self.upsamplers = nn.ModuleList(doubling)

    def forward(self, x: Tensor, skips: list[Tensor], emb: Tensor, *context: Tensor) -> Tensor:
        """x [B, C, H, W] to the next level's map; takes its skips off the end of the list."""
        for resnet, attention in zip(self.resnets, self.attentions, strict=True):
            x = attention(resnet(torch.cat([x, skips.pop()], dim=1), emb), *context)
        for upsample in self.upsamplers:
            x = upsample(x, emb)
        return x
