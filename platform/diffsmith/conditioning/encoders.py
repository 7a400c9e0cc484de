"""Encoders of transformers, of texts and of pictures, made of published tensors without a second copy."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import FileFault, SpecError
from ..quiet import quietly
from ..weights.blank import blank
from ..weights.components import Component, Components
from ..weights.networks import assign

__all__ = ["clip_encoder", "clip_vision_encoder", "formatted", "published_names", "required", "t5_encoder"]

_PREFIX, _PROJECTION = "text_model.", "text_projection."
_TIED = "encoder.embed_tokens.weight"  # T5's "shared.weight" by another name


def required(component: Components, name: str, does: str = "reads prompts") -> Component:
    """The part of that name; a SpecError says that the weights do not hold it, and what it does."""
    part = component(name)
    if part is None:
        told = f"weights: they hold no {name!r}, and the model {does} with it. Name weights that do"
        raise SpecError([told])
    return part


def clip_encoder(part: Component) -> nn.Module:
    """A CLIPTextModel, or one with projection where the tensors have that, ready to read.

    Takes names with and without "text_model.", and a whole CLIP, whose other half it leaves alone. Raises a
    FileFault that lists what is missing, left over or of another shape.
    """
    with quietly():
        from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config, names = part.config, list(part.tensors)
    if isinstance(own := config.get("text_config"), Mapping):
        config = {"projection_dim": config.get("projection_dim", 512), **own}
        names = [name for name in names if name.startswith((_PREFIX, _PROJECTION))]
    projects = any(name.startswith(_PROJECTION) for name in names)
    kind = CLIPTextModelWithProjection if projects else CLIPTextModel
    return _filled(_empty(kind, CLIPTextConfig, config, part), names, part)


def clip_vision_encoder(part: Component) -> nn.Module:
    """A CLIPVisionModelWithProjection, ready to look; of a whole CLIP the half that looks."""
    with quietly():
        from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config, names = part.config, list(part.tensors)
    if isinstance(own := config.get("vision_config"), Mapping):
        config = {"projection_dim": config.get("projection_dim", 512), **own}
        names = [name for name in names if name.startswith(("vision_model.", "visual_projection."))]
    return _filled(_empty(CLIPVisionModelWithProjection, CLIPVisionConfig, config, part), names, part)


def t5_encoder(part: Component) -> nn.Module:
    """A T5EncoderModel, ready to read; a FileFault lists what does not fit."""
    with quietly():
        from transformers import T5Config, T5EncoderModel

    encoder = _filled(_empty(T5EncoderModel, T5Config, part.config, part), part.tensors, part)
    return formatted(encoder, next(encoder.parameters()).dtype)


def formatted(encoder: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The encoder in that number format. In float16 T5 keeps its `wo`, which overflow there, in float32."""
    kept = getattr(encoder, "_keep_in_fp32_modules", None) or ()
    for name, parameter in encoder.named_parameters():
        wide = dtype == torch.float16 and not set(kept).isdisjoint(name.split("."))
        if parameter.dtype != (wanted := torch.float32 if wide else dtype):
            parameter.data = parameter.data.to(wanted)
    return encoder


def published_names(encoder: nn.Module) -> dict[str, Tensor]:
    """A text encoder's tensors by the names that published files have, for whoever writes one."""
    tensors = {name: each.detach() for name, each in encoder.state_dict().items() if name != _TIED}
    if "shared.weight" in tensors or any(name.startswith("vision_model.") for name in tensors):
        return tensors
    return {_published(name): each for name, each in tensors.items()}


def _published(name: str) -> str:
    return name if name.startswith((_PREFIX, _PROJECTION)) else _PREFIX + name


def _empty(kind: Any, settings: Any, config: Mapping[str, Any], part: Component) -> nn.Module:
    """The network that a config.json describes, on the meta device; what is no number of it is ignored."""
    known = {key: config[key] for key in _known(settings) & set(config)}
    try:
        with blank():
            network: nn.Module = kind(settings(**known))
    except Exception as error:  # noqa: BLE001 — the library raises what it likes about a setting
        what = " ".join(str(error).split())
        raise FileFault(part.where, f"its configuration makes no {kind.__name__}: {what}") from None
    return network.eval()


@cache
def _known(settings: Any) -> set[str]:
    return set(settings().to_dict()) - _ABOUT_THE_FILE


_ABOUT_THE_FILE = {"architectures", "dtype", "model_type", "torch_dtype", "transformers_version"}


def _filled(network: nn.Module, names: Iterable[str], part: Component) -> nn.Module:
    for module in network.modules():
        if isinstance(places := getattr(module, "position_ids", None), Tensor):
            module.position_ids = torch.arange(places.shape[-1])[None]  # no file has it, so nothing fills it
    own = {name.removeprefix(_PREFIX): name for name in network.state_dict()}
    tensors = {own.get(name.removeprefix(_PREFIX), name): part.tensors[name] for name in names}
    return assign(network, tensors, part.where, ignored=[r".*position_ids"])
