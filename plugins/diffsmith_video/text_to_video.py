"""Published U-Nets that make clips of a text, and of a picture and a text: their numbers, where they are."""

from typing import Any

from diffsmith.cards import ModelCard

__all__ = ["TEXT_TO_VIDEO"]

_SCALED = {"name": "vp", "betas": "scaled_linear", "start": 0.00085, "end": 0.012}
_ZERO_TERMINAL = {"name": "vp", "betas": "cosine", "terminal": "zero"}
_LATENTS = {"name": "kl", "scaling": 0.18215}
_WORDS = {"text_encoder": 340_387_840}  # parameters that read text
_SKIPPED = {"text_encoder": 352_984_064}  # the last layer is there, and not read
_EYES = {"image_encoder": 632_076_800}

_LEVELS: dict[str, Any] = {
    "widths": (320, 640, 1280, 1280),
    "layers": 2,
    "attends": (True, True, True, False),
    "head_dim": 64,
    "text_width": 1024,
}
_FAR = {"convolved": False, "reach": 16}  # the first ones tell frames apart, and do not convolve along them
_PICTURE = {"image_width": 1280, "image_tokens": 16, "image_heads": 12}


def _ddim(scale: float, *, eta: float = 0.0, **spacing: Any) -> dict[str, Any]:
    return {
        "scheduler": {"name": "ddim", **({"eta": eta} if eta else {})},
        "spacing": {"name": "leading", "offset": 1, "steps": 50, **spacing},
        "guidance": {"name": "cfg", "scale": scale},
    }


def _card(name: str, summary: str, ref: str, weights: str, *aliases: str, **facts: Any) -> ModelCard:
    owner, repository = weights.split("/")[:2]
    return ModelCard(
        name,
        summary,
        f"diffsmith_video.{ref}:{ref}",
        (f"{owner}/{repository}", repository, *aliases),
        modality="video",
        autoencoder=_LATENTS,
        part="unet",
        weights=weights,
        **{"schedule": _SCALED, "defaults": _LEVELS, **facts},
    )


def _modelscope(name: str, summary: str, weights: str, *aliases: str, **facts: Any) -> ModelCard:
    source = "Wang et al. 2023, ModelScope Text-to-Video Technical Report"
    usual = {"usual": _ddim(9.0, final="sigma_min"), "source": source, **facts}
    parts: dict[str, Any] = {"conditioner": {"name": "open_clip"}, "encoders": _WORDS, "fps": 8}
    return _card(name, summary, "clip_unet", weights, *aliases, licence="CC-BY-NC-4.0", **parts, **usual)


def _videocrafter(name: str, summary: str, repository: str, own: dict[str, Any], **facts: Any) -> ModelCard:
    return _card(
        name,
        summary,
        "videocrafter",
        f"VideoCrafter/{repository}/model.ckpt",
        defaults={**_LEVELS, **own},
        usual=_ddim(12.0, eta=1.0, final="sigma_min"),
        licence="Apache-2.0, for research alone",
        **{"conditioner": {"name": "videocrafter"}, "encoders": _WORDS, **facts},
    )


def _fading(least: float) -> dict[str, Any]:
    return {**_SCALED, "name": "vp_fading", "least": least}


_FIRST = "Chen et al. 2023, VideoCrafter1: Open Diffusion Models for High-Quality Video Generation"
_SECOND = (
    "Chen et al. 2024, VideoCrafter2: Overcoming Data Limitations for High-Quality Video Diffusion Models"
)

TEXT_TO_VIDEO = [
    _modelscope(
        "modelscope",
        "ModelScope's text to video: 16 frames of 256 pixels (Wang et al. 2023).",
        "ali-vilab/text-to-video-ms-1.7b",
        "damo-vilab/text-to-video-ms-1.7b",
        shape=(4, 16, 32, 32),
    ),
    _modelscope(
        "zeroscope_576w",
        "Zeroscope v2: 24 frames of 576x320, ModelScope's network trained on.",
        "cerspense/zeroscope_v2_576w",
        shape=(4, 24, 40, 72),
    ),
    _modelscope(
        "zeroscope_xl",
        "Zeroscope v2 XL: 24 frames of 1024x576, to redraw a clip of the smaller one enlarged.",
        "cerspense/zeroscope_v2_XL",
        shape=(4, 24, 72, 128),
        usual=_ddim(15.0, final="sigma_min"),
    ),
    _card(
        "i2vgen_xl",
        "I2VGen-XL: a picture moves as a text says, 16 frames of 1280x704 (Zhang et al. 2023).",
        "i2vgen",
        "ali-vilab/i2vgen-xl",
        schedule=_ZERO_TERMINAL,
        prediction={"name": "v"},
        shape=(4, 16, 88, 160),
        conditioner={"name": "i2vgen"},
        encoders={**_SKIPPED, **_EYES},
        fps=16,
        usual=_ddim(9.0),
        licence="MIT",
        source="Zhang et al. 2023, I2VGen-XL: High-Quality Image-to-Video Synthesis",
    ),
    _videocrafter(
        "videocrafter1_t2v",
        "VideoCrafter 1: 16 frames of 512x320 (Chen et al. 2023).",
        "Text2Video-512",
        {**_FAR, "fps": False},
        shape=(4, 16, 40, 64),
        conditioner={"name": "open_clip"},
        fps=8,
        source=_FIRST,
    ),
    _videocrafter(
        "videocrafter1_t2v_1024",
        "VideoCrafter 1: 16 frames of 1024x576 (Chen et al. 2023).",
        "Text2Video-1024",
        _FAR,
        schedule=_fading(0.3),
        shape=(4, 16, 72, 128),
        fps=16,
        source=_FIRST,
    ),
    _videocrafter(
        "videocrafter1_i2v",
        "VideoCrafter 1: a picture moves as a text says, 16 frames of 512x320 (Chen et al. 2023).",
        "Image2Video-512",
        _PICTURE,
        schedule=_fading(0.7),
        shape=(4, 16, 40, 64),
        conditioner={"name": "videocrafter_image"},
        encoders={**_WORDS, **_EYES},
        fps=8,
        source=_FIRST,
    ),
    _videocrafter(
        "videocrafter2",
        "VideoCrafter 2: 16 frames of 512x320 (Chen et al. 2024).",
        "VideoCrafter2",
        {},
        schedule=_fading(0.7),
        shape=(4, 16, 40, 64),
        fps=28,
        source=_SECOND,
    ),
]
