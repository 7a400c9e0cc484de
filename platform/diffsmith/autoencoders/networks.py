"""The autoencoders that a spec can name."""

from typing import Annotated

from pydantic import Field
from torch import nn

from ..errors import SpecError
from ..nn.autoencoders.coders import Decoder, Encoder, Plan
from ..nn.autoencoders.kl import AutoencoderKL
from ..nn.autoencoders.paella import PaellaVQModel
from ..nn.autoencoders.scaling import Scaling
from ..nn.autoencoders.temporal import TemporalAutoencoderKL, TemporalDecoder, TemporalPlan
from ..nn.autoencoders.tiny import AutoencoderTiny, TinyDecoder, TinyEncoder
from ..nn.autoencoders.vq import Quantizer, VQModel

__all__ = ["kl", "kl_temporal", "paella", "tiny", "vq"]

Count = Annotated[int, Field(ge=1)]
Counts = Annotated[tuple[Count, ...], Field(min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def kl(  # noqa: PLR0913 - what published ones differ in
    *,
    channels: Count = 4,
    widths: Counts = (128, 256, 512, 512),
    layers: Count = 2,
    groups: Count = 32,
    attention: tuple[int, ...] = (),
    middle_attention: bool = True,
    in_channels: Count = 3,
    out_channels: Count = 3,
    quant_conv: bool = True,
    post_quant_conv: bool = True,
    scaling: Positive = 0.18215,
    shift: Finite = 0.0,
    mean: tuple[Finite, ...] = (),
    std: tuple[Positive, ...] = (),
    sample_size: Count = 512,
    needs_float32: bool = False,
) -> AutoencoderKL:
    """Pictures to Gaussians over latents and back (Kingma & Welling 2014; Rombach et al. 2022).

    channels: of the latents. widths: channels of each level, finest first; each level but the last halves.
    attention: indices of the levels that attend, -1 is the coarsest. Denoisers know latents as
    (latents - shift) * scaling, or, with mean and std for each channel, (latents - mean) * scaling / std.
    sample_size: height and width of the pictures it is trained on. needs_float32: whether its numbers leave
    the range of float16, as SDXL's do.
    """
    plan = _plan(widths, layers, groups, attention, middle_attention)
    told = _scaling(channels, scaling, shift, mean, std)
    return AutoencoderKL(
        Encoder(in_channels, 2 * channels, plan),
        Decoder(channels, out_channels, plan),
        quant_conv=nn.Conv2d(2 * channels, 2 * channels, 1) if quant_conv else nn.Identity(),
        post_quant_conv=nn.Conv2d(channels, channels, 1) if post_quant_conv else nn.Identity(),
        scaling=told,
        sample_size=sample_size,
        needs_float32=needs_float32,
    )


def kl_temporal(  # noqa: PLR0913 - what published ones differ in
    *,
    channels: Count = 4,
    widths: Counts = (128, 256, 512, 512),
    layers: Count = 2,
    in_channels: Count = 3,
    out_channels: Count = 3,
    scaling: Positive = 0.18215,
    sample_size: Count = 768,
    needs_float32: bool = True,
) -> TemporalAutoencoderKL:
    """Pictures to Gaussians over latents, and latents to clips (Blattmann et al. 2023, SVD).

    layers: of them the first two are run in the middle of the decoder. The rest is as in `kl`.
    """
    plan = _plan(widths, layers, 32, (), middle_attention=True)
    return TemporalAutoencoderKL(
        Encoder(in_channels, 2 * channels, plan),
        TemporalDecoder(channels, out_channels, TemporalPlan(*plan)),
        quant_conv=nn.Conv2d(2 * channels, 2 * channels, 1),
        scaling=Scaling((scaling,)),
        sample_size=sample_size,
        needs_float32=needs_float32,
    )


def vq(  # noqa: PLR0913 - what published ones differ in
    *,
    channels: Count = 3,
    codes: Count = 8192,
    code_channels: Count | None = None,
    widths: Counts = (128, 256, 512),
    layers: Count = 2,
    groups: Count = 32,
    attention: tuple[int, ...] = (),
    middle_attention: bool = True,
    in_channels: Count = 3,
    out_channels: Count = 3,
    quantise: bool = True,
    scaling: Positive = 1.0,
    sample_size: Count = 256,
    needs_float32: bool = False,
) -> VQModel:
    """Pictures to latents, and latents through a codebook back (van den Oord et al. 2017; Esser et al. 2021).

    codes: rows of the codebook, each of code_channels numbers, by default as many as the coders have
    channels between them. quantise: whether decoding first moves latents to the nearest rows. Denoisers know
    latents as latents * scaling. The rest is as in `kl`.
    """
    plan = _plan(widths, layers, groups, attention, middle_attention)
    return VQModel(
        Encoder(in_channels, channels, plan),
        Decoder(channels, out_channels, plan),
        Quantizer(codes, code_channels or channels),
        scaling=Scaling((scaling,)),
        quantises=quantise,
        sample_size=sample_size,
        needs_float32=needs_float32,
    )


def tiny(  # noqa: PLR0913 - what published ones differ in
    *,
    channels: Count = 4,
    encoder_width: Count = 64,
    decoder_width: Count = 64,
    encoder_blocks: Counts = (1, 3, 3, 3),
    decoder_blocks: Counts = (3, 3, 3, 1),
    in_channels: Count = 3,
    out_channels: Count = 3,
    magnitude: Positive = 3.0,
    centre: Finite = 0.5,
    scaling: Positive = 1.0,
    shift: Finite = 0.0,
) -> AutoencoderTiny:
    """A small stand-in for a large autoencoder, for previews (Bohan 2023, TAESD).

    encoder_blocks, decoder_blocks: residual blocks of each level, in the order in which they run. magnitude
    and centre: where latents lie, for showing them as numbers in [0, 1].
    """
    if len(encoder_blocks) != len(decoder_blocks):
        levels = f"{len(encoder_blocks)} and {len(decoder_blocks)}"
        raise SpecError([f"encoder_blocks and decoder_blocks: must have as many levels, got {levels}"])
    return AutoencoderTiny(
        TinyEncoder(in_channels, channels, encoder_width, encoder_blocks),
        TinyDecoder(channels, out_channels, decoder_width, decoder_blocks),
        scaling=Scaling((scaling,), (shift,)),
        magnitude=magnitude,
        centre=centre,
    )


def paella(  # noqa: PLR0913 - what published ones differ in
    *,
    channels: Count = 4,
    width: Count = 384,
    levels: Count = 2,
    blocks: Count = 12,
    codes: Count = 8192,
    patch: Count = 2,
    in_channels: Count = 3,
    out_channels: Count = 3,
    quantise: bool = False,
    scaling: Positive = 1 / 0.3764,
) -> PaellaVQModel:
    """The shallow autoencoder of cascades (Rampas et al. 2023; Pernias et al. 2023, stage A).

    width: channels at the coarsest level; each finer one has half of them. blocks: of the decoder, at the
    coarsest level. patch: pixels of a side that are read as one. Denoisers know latents as latents * scaling.
    """
    if width % 2 ** (levels - 1):
        raise SpecError([f"width: must be halved {levels - 1} times for {levels} levels, got {width}"])
    return PaellaVQModel(
        in_channels,
        out_channels,
        channels=channels,
        widths=tuple(width // 2**level for level in reversed(range(levels))),
        blocks=blocks,
        codes=codes,
        patch=patch,
        scaling=Scaling((scaling,)),
        quantises=quantise,
    )


def _plan(
    widths: tuple[int, ...], layers: int, groups: int, attention: tuple[int, ...], middle_attention: bool
) -> Plan:
    levels = len(widths)
    faults = [f"widths: must be multiples of groups, {groups}; {w} is not" for w in widths if w % groups]
    faults += [
        f"attention: there is no level {level} of {levels}; possible are {-levels} to {levels - 1}"
        for level in attention
        if not -levels <= level < levels
    ]
    if faults:
        raise SpecError(faults)
    return Plan(widths, layers, groups, frozenset(level % levels for level in attention), middle_attention)


def _scaling(
    channels: int, scaling: float, shift: float, mean: tuple[float, ...], std: tuple[float, ...]
) -> Scaling:
    if not mean and not std:
        return Scaling((scaling,), (shift,))
    if not len(mean) == len(std) == channels:
        given = f"got {len(mean)} and {len(std)}"
        raise SpecError([f"mean and std: must both have a number for each of {channels} channels, {given}"])
    return Scaling(tuple(scaling / each for each in std), mean)
