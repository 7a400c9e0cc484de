"""What was published, and how it is written down: models, classes of networks and pipelines, single files."""

from diffsmith.cards import Card, ModelCard

from .pixel_unets import cards as pixel_unets
from .stable_diffusion import STABLE_DIFFUSION
from .transformers_published import TRANSFORMERS

__all__ = ["AUTOENCODERS", "LAYOUTS", "MODELS", "PIPELINES", "SINGLE_FILES"]

_LINEAR = {"name": "vp", "betas": "linear"}
_BUILDERS = [
    ModelCard(
        "conditional_unet",
        "U-Net whose transformers read a text (Rombach et al. 2022; Podell et al. 2023; Luo et al. 2023).",
        "diffsmith_image.conditional_unet:conditional_unet",
        schedule={"name": "vp", "betas": "scaled_linear"},
        part="unet",
    ),
    ModelCard(
        "pixart",
        "Transformer over patches that reads a text, one modulation for all blocks (Chen et al. 2023).",
        "diffsmith_image.pixart:pixart",
        schedule=_LINEAR,
        part="transformer",
    ),
]
MODELS = [*_BUILDERS, *STABLE_DIFFUSION, *TRANSFORMERS, *pixel_unets.PIXEL_UNETS]

AUTOENCODERS = pixel_unets.AUTOENCODERS

_HERE = "diffsmith_image.layouts"
LAYOUTS = [
    Card("UNet2DConditionModel", "The U-Net of Stable Diffusion", f"{_HERE}.unet_2d_condition:LAYOUT"),
    Card("DiTTransformer2DModel", "DiT", f"{_HERE}.dit:LAYOUT"),
    Card("PixArtTransformer2DModel", "PixArt", f"{_HERE}.pixart:LAYOUT"),
    Card("Transformer2DModel", "DiT and PixArt by their older class", f"{_HERE}.transformer_2d:LAYOUT"),
    *pixel_unets.LAYOUTS,
]

_FILES = "diffsmith_image.single_files"
SINGLE_FILES = [
    Card("ldm", "Stable Diffusion as its authors wrote it", f"{_FILES}.ldm:ldm"),
    *(
        Card(name, f"{title} as its authors wrote it", f"{_FILES}.diffusion_transformers:{name}")
        for name, title in (("dit", "DiT"), ("pixart", "PixArt"), ("uvit", "U-ViT"))
    ),
    *pixel_unets.SINGLE_FILES,
]

_FAMILIES = {
    "STABLE_DIFFUSION": ("StableDiffusion", "StableDiffusionImg2Img", "StableDiffusionInpaint"),
    "LATENT_CONSISTENCY": ("LatentConsistencyModel", "LatentConsistencyModelImg2Img"),
    "SDXL": ("StableDiffusionXL", "StableDiffusionXLImg2Img"),
    "SDXL_INPAINTING": ("StableDiffusionXLInpaint",),
    "PIXART_ALPHA": ("PixArtAlpha",),
    "PIXART_SIGMA": ("PixArtSigma",),
    "DIT": ("DiT",),
    "CONSISTENCY": ("ConsistencyModel",),
    "DDPM": ("DDPM",),
    "DDIM": ("DDIM",),
    "LATENT_DIFFUSION": ("LDM",),
    "SCORE_SDE_VE": ("ScoreSdeVe",),
}
PIPELINES = [
    Card(f"{name}Pipeline", f"What {name}Pipeline implies", f"diffsmith_image.pipelines:{family}")
    for family, names in _FAMILIES.items()
    for name in names
]
