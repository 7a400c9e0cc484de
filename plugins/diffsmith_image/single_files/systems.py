"""The systems that latent diffusion's files hold: how each is told from the others, and was published."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

__all__ = ["SYSTEMS", "System", "system_of"]

_BETAS = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
_PNDM = {"_class_name": "PNDMScheduler", **_BETAS, "skip_prk_steps": True, "set_alpha_to_one": False}
_DDIM = {"_class_name": "DDIMScheduler", **_BETAS, "clip_sample": False, "set_alpha_to_one": False}
_EULER = {"_class_name": "EulerDiscreteScheduler", **_BETAS, "timestep_spacing": "leading"}


class System(NamedTuple):
    """A family of checkpoints.

    encoders: part -> where in the file it lies. context: the width of the text that its U-Net reads. side:
    of its pictures' latents. classes: of pipelines, by the channels that the U-Net reads. unet, vae, index:
    what their settings say that no shape tells. sizes: how many numbers about the picture its U-Net reads.
    note: what is assumed.
    """

    name: str
    encoders: Mapping[str, str]
    context: int
    side: int
    scheduler: Mapping[str, Any]
    classes: Mapping[int, str]
    unet: Mapping[str, Any] = {}
    vae: Mapping[str, Any] = {}
    index: Mapping[str, Any] = {}
    sizes: int = 0
    note: str = ""


_SD = {
    4: "StableDiffusionPipeline",
    9: "StableDiffusionInpaintPipeline",
    8: "StableDiffusionInstructPix2PixPipeline",
    5: "StableDiffusionDepth2ImgPipeline",
    7: "StableDiffusionUpscalePipeline",
}
_XL = {
    4: "StableDiffusionXLPipeline",
    9: "StableDiffusionXLInpaintPipeline",
    8: "StableDiffusionXLInstructPix2PixPipeline",
}

_XL_VAE = {"scaling_factor": 0.13025, "force_upcast": True}

SYSTEMS = (
    System(
        "Stable Diffusion 1",
        {"text_encoder": "cond_stage_model.transformer."},
        context=768,
        side=64,
        scheduler=_PNDM,
        classes=_SD,
    ),
    System(
        "Stable Diffusion 2",
        {"text_encoder": "cond_stage_model.model."},
        context=1024,
        side=96,
        scheduler={**_DDIM, "prediction_type": "v_prediction"},
        classes=_SD,
        unet={"upcast_attention": True},
        note="names and shapes do not tell what Stable Diffusion 2 answers: v, at 768 pixels, is assumed; "
        "for a base model, at 512 pixels, set model.prediction: epsilon and model.shape: [4, 64, 64]",
    ),
    System(
        "SDXL",
        {
            "text_encoder": "conditioner.embedders.0.transformer.",
            "text_encoder_2": "conditioner.embedders.1.model.",
        },
        context=2048,
        side=128,
        scheduler=_EULER,
        classes=_XL,
        vae=_XL_VAE,
        index={"force_zeros_for_empty_prompt": True},
        sizes=6,
    ),
    System(
        "SDXL refiner",
        {"text_encoder_2": "conditioner.embedders.0.model."},
        context=1280,
        side=128,
        scheduler=_EULER,
        classes={4: "StableDiffusionXLImg2ImgPipeline"},
        vae=_XL_VAE,
        sizes=5,
        index={"force_zeros_for_empty_prompt": False, "requires_aesthetics_score": True},
    ),
)


def system_of(names: Collection[str], unet: Mapping[str, tuple[int, ...]]) -> System | None:
    """Which it is, by its text encoders, or by what its U-Net reads; None for an autoencoder alone.

    unet: the shapes of its tensors under diffusers' names.
    """
    if not unet:
        return None
    there = [system for system in SYSTEMS if all(_any_at(place, names) for place in system.encoders.values())]
    if there:
        return there[0]
    contexts = {shape[1] for name, shape in unet.items() if name.endswith("attn2.to_k.weight")}
    sized = "add_embedding.linear_1.weight" in unet
    known = [system for system in SYSTEMS if bool(system.sizes) == sized]
    return next((system for system in known if contexts == {system.context}), known[0])


def _any_at(place: str, names: Collection[str]) -> bool:
    return any(name.startswith(place) for name in names)
