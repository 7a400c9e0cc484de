"""What the plugin's table of contents says of them: the networks themselves, and the published ones."""

from diffsmith.cards import Card, ModelCard

from . import trained
from .edm_published import EDM
from .few_step import CONSISTENCY, TEACHERS
from .published import ADM, DDPM, NCSNPP

__all__ = ["AUTOENCODERS", "LAYOUTS", "NETWORKS", "PIXEL_UNETS", "SINGLE_FILES"]

_HERE = "diffsmith_image.pixel_unets"

NETWORKS = [
    ModelCard(
        "pixel_unet",
        "U-Net of pixel models (Ho et al. 2020; Dhariwal & Nichol 2021; Song et al. 2023).",
        f"{_HERE}.plain:pixel_unet",
        ("UNet2DModel",),
    ),
    ModelCard(
        "skip_unet",
        "NCSN++: beside the features a small picture goes down and up (Song et al. 2020).",
        f"{_HERE}.skip:skip_unet",
        schedule={"name": "ve", "label": "sigma"},
        prediction={"name": "score"},
    ),
    ModelCard(
        "ddpmpp",
        "DDPM++: DDPM's U-Net whose sums keep their variance (Song et al. 2020; Karras et al. 2022).",
        f"{_HERE}.edm:ddpmpp",
        ("SongUNet",),
        **trained.EDM,
    ),
    ModelCard(
        "ncsnpp",
        "NCSN++ of EDM: DDPM++ that filters, and shows the picture to every level (Karras et al. 2022).",
        f"{_HERE}.edm:ncsnpp",
        **trained.EDM,
    ),
]

PIXEL_UNETS = [*NETWORKS, *DDPM, *NCSNPP, *ADM, *EDM, *TEACHERS, *CONSISTENCY]

AUTOENCODERS = [
    Card(
        "unit_range",
        "No coder: pictures whose values lie in [0, 1] for a network, as NCSN++'s do.",
        f"{_HERE}.unit_range:unit_range",
    )
]

LAYOUTS = [
    Card(
        "UNet2DModel",
        "U-Nets over pixels or latents, told no text.",
        "diffsmith_image.layouts.unet_2d:LAYOUT",
    )
]

SINGLE_FILES = [
    Card(
        "openai_unet",
        "Pixel U-Nets of guided-diffusion and consistency_models.",
        f"{_HERE}.openai_files:openai_unet",
    ),
    Card("edm", "Networks of NVlabs/edm, saved as their state_dict.", f"{_HERE}.edm_files:edm"),
]
