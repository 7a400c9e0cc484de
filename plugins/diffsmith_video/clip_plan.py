"""What the U-Nets of ModelScope, I2VGen-XL and VideoCrafter have in common: their levels and layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from torch import nn

from diffsmith.nn.norms import group_norm
from diffsmith.nn.resnet import ResnetBlock
from diffsmith.nn.transformer import CrossAttentionBlock
from diffsmith.nn.unet import Kinds, Plan
from diffsmith.nn.unet_blocks import Nothing
from diffsmith.nn.video.clip_conv import ClipConv
from diffsmith.nn.video.clip_transformer import ClipTransformer, frame_block
from diffsmith.nn.video.folding import FrameTransformer
from diffsmith.nn.video.picture_attention import TextPictureAttention

__all__ = ["ClipLevels"]

ENTRY_HEADS = 8


@dataclass(frozen=True)
class ClipLevels:
    """Numbers of such a network. Behind each residual block: a convolution along the frames, and on levels
    that attend a transformer within each frame and one along them.

    pictured: the transformers read a picture's tokens beside the text. convolved: False leaves out the
    convolutions along the frames. reach: how far frames know how far they are apart, 0 for not at all.
    """

    widths: Sequence[int]
    layers: int
    attends: Sequence[bool]
    head_dim: int
    text_width: int
    groups: int = 32
    eps: float = 1e-5
    pictured: bool = False
    convolved: bool = True
    reach: int = 0

    def __post_init__(self) -> None:
        if len(self.attends) != len(self.widths):
            raise ValueError(
                f"attends are {len(self.attends)} for {len(self.widths)} widths: give one for each level"
            )
        attending = [width for width, attends in zip(self.widths, self.attends, strict=True) if attends]
        for width in {*attending, self.widths[-1]}:  # the middle attends, too
            if width % self.head_dim:
                raise ValueError(f"head_dim {self.head_dim} does not divide {width} channels that attend")

    def plan(self) -> Plan:
        """All but the entry."""
        return Plan(
            widths=self.widths,
            layers=self.layers,
            resnet=self._resnet,
            attention=[self._attention if attends else Nothing for attends in self.attends],
            middle=self._attention,
            norm=partial(group_norm, groups=self.groups, eps=self.eps),
        )

    def entry(self) -> nn.Module:
        """The transformer along the frames behind the first convolution, of so many heads at any width."""
        width = ENTRY_HEADS * self.head_dim
        block = frame_block(width, ENTRY_HEADS, self.reach)
        return ClipTransformer(self.widths[0], [block], width=width, groups=self.groups)

    def _resnet(self, inward: int, outward: int) -> Kinds:
        norm = partial(group_norm, groups=self.groups, eps=self.eps)
        resnet = ResnetBlock(inward, outward, 4 * self.widths[0], norm=norm)
        along = {"temp_convs": ClipConv(outward, groups=self.groups)} if self.convolved else {}
        return {"resnets": resnet, **along}

    def _attention(self, width: int) -> Kinds:
        heads = width // self.head_dim
        block = CrossAttentionBlock(width, heads, self.text_width)
        if self.pictured:
            block.attn2 = TextPictureAttention(width, heads, self.text_width)
        along = ClipTransformer(width, [frame_block(width, heads, self.reach)], groups=self.groups)
        within = FrameTransformer(width, [block], groups=self.groups, linear=True)
        return {"attentions": within, "temp_attentions": along}
