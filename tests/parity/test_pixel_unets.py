"""Pixel U-Nets equal their references: networks, preconditioning, whole pipelines, names and counts."""

import json
import math
from pathlib import Path

import diffusers
import pytest
import torch
from diffusers import UNet2DModel
from safetensors import safe_open
from torch import Tensor, nn

import diffsmith
from diffsmith import default_registry
from diffsmith.diffusion import levels
from diffsmith.diffusion.denoiser import Denoiser
from diffsmith.specs import Choice
from diffsmith.weights.mapped import Tensors
from diffsmith.weights.networks import assign
from diffsmith_image.layouts.unet_2d import LAYOUT
from diffsmith_image.pixel_unets import edm, openai_names, plain, skip, trained
from diffsmith_image.pixel_unets.cards import PIXEL_UNETS
from diffsmith_image.pixel_unets.edm_files import edm as edm_file
from diffsmith_image.pixel_unets.openai_files import openai_unet

GOLDENS = Path(__file__).parents[1] / "goldens" / "models"
BUILDERS = {
    "pixel_unet": plain.pixel_unet,
    "skip_unet": skip.skip_unet,
    "ddpmpp": edm.ddpmpp,
    "ncsnpp": edm.ncsnpp,
}
FACTS = ("schedule", "prediction", "boundary")


def built(choice, **changed) -> nn.Module:
    """The network of a choice, as a registry would build it."""
    options = {key: value for key, value in {**choice, **changed}.items() if key not in FACTS}
    builder, shape, classes = (
        BUILDERS[options.pop("name")],
        options.pop("shape"),
        options.pop("classes", None),
    )
    return builder(shape, classes, **options).eval()


def bound(kind, choice):
    return default_registry().bind(kind, Choice.model_validate(choice))


def relative_difference(ours: Tensor, expected: Tensor) -> float:
    return float((ours - expected).abs().max() / expected.abs().max())


# ---- against diffusers -----------------------------------------------------------------------------

SMALL = {"sample_size": 16, "block_out_channels": (32, 64), "layers_per_block": 1}
CONV = {
    "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
}
RESNET = {
    "down_block_types": ("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
    "up_block_types": ("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
    "upsample_type": "resnet",
    "downsample_type": "resnet",
}
SCALED = {"resnet_time_scale_shift": "scale_shift", "attn_norm_num_groups": 8, "norm_num_groups": 8}
DDPM = SMALL | CONV | {"attention_head_dim": None, "norm_num_groups": 8}
HO = {"norm_eps": 1e-6, "freq_shift": 1, "flip_sin_to_cos": False, "downsample_padding": 0}
FOURIER = {
    "time_embedding_type": "fourier",
    "freq_shift": None,
    "flip_sin_to_cos": None,
    "mid_block_scale_factor": 2**0.5,
    "norm_eps": 1e-6,
    "attention_head_dim": None,
    "norm_num_groups": None,
}
SKIP = {
    "down_block_types": ("SkipDownBlock2D", "AttnSkipDownBlock2D"),
    "up_block_types": ("SkipUpBlock2D", "SkipUpBlock2D"),
}
SKIP_UP = {
    "down_block_types": ("AttnSkipDownBlock2D", "SkipDownBlock2D"),
    "up_block_types": ("AttnSkipUpBlock2D", "SkipUpBlock2D"),
}
CONFIGS = {
    "ddpm": (DDPM | HO, 702_499),
    "ddpm with classes": (DDPM | {"num_class_embeds": 10}, 703_779),
    "adm": (SMALL | RESNET | SCALED | {"attention_head_dim": 8, "num_class_embeds": 10}, 828_771),
    "adm of lsun": (SMALL | RESNET | {"attention_head_dim": 16, "layers_per_block": 2}, None),
    "adm that tells its variance": (SMALL | RESNET | SCALED | {"out_channels": 6}, None),
    "no norm in the middle": (SMALL | RESNET | SCALED | {"attn_norm_num_groups": None}, None),
    "a condition beside x": (SMALL | CONV | {"in_channels": 6, "attn_norm_num_groups": 16}, None),
    "no attention in the middle": (SMALL | CONV | {"add_attention": False}, None),
    "no middle, other levels up": (
        SMALL | CONV | {"mid_block_type": None, "up_block_types": ("UpBlock2D", "AttnUpBlock2D")},
        None,
    ),
    "ncsn++": (SMALL | SKIP | FOURIER, 739_238),
    "ncsn++ that attends on the way up": (SMALL | SKIP_UP | FOURIER | {"layers_per_block": 2}, None),
    "ncsn++ with heads and groups": (
        SMALL | SKIP_UP | FOURIER | {"attention_head_dim": 8, "norm_num_groups": 16},
        None,
    ),
}


def reference(config) -> UNet2DModel:
    """With random weights everywhere."""
    torch.manual_seed(0)
    network = UNet2DModel(**config).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn_like(weight) * weight.requires_grad)
    return network


def twin(network: UNet2DModel) -> nn.Module:
    """Ours, with the same weights under the same names."""
    ours = built(LAYOUT.options(network.config))
    ours.load_state_dict(network.state_dict(), strict=True)
    return ours


@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_diffusers_gives_the_same(name):
    config, count = CONFIGS[name]
    theirs = reference(config)
    assert count in (None, sum(weight.numel() for weight in theirs.parameters()))
    ours, classes = twin(theirs), config.get("num_class_embeds")
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, config.get("in_channels", 3), 16, 16, generator=generator)
    label = torch.tensor([3, 0, 9]) if classes else None
    for time in (0.01, 0.37, 10.0, 500.25, 999.0):
        t = torch.full((3,), time)
        expected = theirs(x, t, class_labels=label).sample
        assert relative_difference(ours(x, t, label), expected) < 3e-6


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_comes_back_as_it_was(name):
    with torch.device("meta"):
        theirs = UNet2DModel(**CONFIGS[name][0])
    options = LAYOUT.options(theirs.config)
    written = LAYOUT.config({"shape": options["shape"], **options})
    assert LAYOUT.options(written) == options
    with torch.device("meta"):
        again = UNet2DModel.from_config(written)
    assert shapes(again) == shapes(theirs)


def shapes(network: nn.Module) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in network.state_dict().items()}


# ---- whole pipelines ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair() -> tuple[UNet2DModel, nn.Module]:
    """A class-conditional ADM."""
    theirs = reference(SMALL | RESNET | SCALED | {"attention_head_dim": 8, "num_class_embeds": 10})
    return theirs, twin(theirs)


LABEL = torch.tensor([3, 9])
START = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(2))


def drawn(seed: int):
    """The stream that their pipelines draw from a generator with this seed."""
    generator = torch.Generator().manual_seed(seed)
    return lambda x, here, there: torch.randn(x.shape, generator=generator)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"num_inference_steps": 1}, {"steps": 1, "spacing": {"name": "trailing", "whole_stride": True}}),
        ({"num_inference_steps": 4}, {"steps": 4, "spacing": {"name": "trailing", "whole_stride": True}}),
        # Their timesteps count from the noisy end, and a list of them is turned round.
        ({"num_inference_steps": None, "timesteps": [22, 0]}, {"timesteps": [39, 17]}),
    ],
    ids=["one step", "four steps", "timesteps 22, 0"],
)
def test_consistency_models_sample_as_diffusers_pipeline(pair, theirs, ours):
    unet, network = pair
    scheduler = diffusers.CMStochasticIterativeScheduler()
    pipeline = diffusers.ConsistencyModelPipeline(unet=unet, scheduler=scheduler)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(7)
    expected = pipeline(2, LABEL, latents=START, generator=generator, output_type="pt", **theirs).images
    facts = trained.consistency(40)
    sampled = diffsmith.sample(
        lambda x, t: network(x, t, LABEL),
        80 * START,
        scheduler="consistency",
        path=facts["schedule"],
        prediction=facts["prediction"],
        boundary=facts["boundary"],
        threshold="clip",
        noise=drawn(7),
        **ours,
    )
    assert (sampled / 2 + 0.5 - expected).abs().max() < 1e-4


PUBLISHED_DDPM = {"beta_schedule": "linear", "clip_sample": True}
WALKS = {
    "DDPM": (
        diffusers.DDPMPipeline,
        diffusers.DDPMScheduler(**PUBLISHED_DDPM, variance_type="fixed_large"),
        {"name": "ddpm", "variance": "fixed_large"},
        "clip",
        {},
    ),
    "DDIM": (
        diffusers.DDIMPipeline,
        diffusers.DDIMScheduler(**PUBLISHED_DDPM),
        "ddim",
        {"name": "clip", "keep_noise": True},
        {"eta": 0.0, "use_clipped_model_output": False},
    ),
}


@pytest.mark.parametrize("name", WALKS)
def test_ddpm_and_ddim_sample_as_diffusers_pipelines(name):
    make, scheduler, solver, threshold, options = WALKS[name]
    unet = reference(DDPM | HO)
    network, pipeline = twin(unet), make(unet=unet, scheduler=scheduler)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(7)
    expected = pipeline(2, generator, num_inference_steps=10, output_type="np", **options).images
    stream = drawn(7)
    sampled = diffsmith.sample(
        network,
        stream(START, None, None),
        scheduler=solver,
        steps=10,
        spacing="leading",
        threshold=threshold,
        noise=stream,
    )
    pictures = (sampled / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    assert (pictures - torch.from_numpy(expected)).abs().max() < 1e-4


def test_score_networks_sample_as_diffusers_pipeline():
    """From little noise, as a network that learned nothing takes none away.

    Their sigmas are rounded to float32, by which fast waves of log sigma turn visibly: these are slow.
    """
    unet = reference(SMALL | SKIP | FOURIER)
    unet.time_proj.weight.data.mul_(0.01)
    scheduler = diffusers.ScoreSdeVeScheduler(sigma_max=1.0)
    pipeline = diffusers.pipelines.deprecated.ScoreSdeVePipeline(unet=unet, scheduler=scheduler)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(7)
    expected = pipeline(2, 6, generator=generator, output_type="np").images
    stream = drawn(7)
    sampled = diffsmith.sample(
        twin(unet),
        stream(START, None, None),
        scheduler={"name": "predictor_corrector", "norms": "batch"},
        steps=6,
        spacing="exponential",
        path={"name": "ve", "sigma_max": 1.0, "label": "sigma"},
        prediction="score",
        noise=stream,
    )
    pictures = sampled.clamp(0, 1).permute(0, 2, 3, 1)
    assert (pictures - torch.from_numpy(expected)).abs().max() < 1e-4


# ---- against recorded numbers ------------------------------------------------------------------------


class Recorded:
    """A golden file: weights under the reference's names, inputs, and the preconditioned answer."""

    def __init__(self, name):
        with safe_open(GOLDENS / f"{name}.safetensors", "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
            self.atol = json.loads(file.metadata()["tolerance"])["suggested_atol"]
        state = {key[6:]: value for key, value in tensors.items() if key.startswith("state.")}
        kinds = ({name: getattr(each, kind) for name, each in state.items()} for kind in ("shape", "dtype"))
        self.state = Tensors(*kinds, state.__getitem__)
        self.x, self.sigma = tensors["input.x"], tensors["input.sigma"]
        classes, augment = tensors.get("input.class_labels"), tensors.get("input.augment_labels")
        self.label = tensors.get("input.y") if classes is None else classes.argmax(1)
        self.more = {} if augment is None else {"augment": augment}
        self.out = tensors["output.D_x"] if "output.D_x" in tensors else tensors["output.denoised"]

    def denoised(self, network: nn.Module, facts) -> Tensor:
        """Row by row, as each has a noise level of its own."""
        return torch.cat([self._row(network, facts, slice(row, row + 1)) for row in range(len(self.x))])

    @torch.no_grad()
    def _row(self, network: nn.Module, facts, row: slice) -> Tensor:
        label = None if self.label is None else self.label[row]
        more = {name: value[row] for name, value in self.more.items()}
        schedule = bound("schedules", facts["schedule"])()
        denoise = Denoiser(
            lambda x, t: network(x, torch.tensor(t), label, **more),
            schedule,
            bound("predictions", facts["prediction"])(),
        )
        if facts.get("boundary"):
            denoise = bound("boundaries", facts["boundary"])(denoise, schedule)
        return denoise(self.x[row], levels.ve(-math.log(self.sigma[row].item())))


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("edm_adm_edm", trained.EDM),
        ("edm_adm_iddpm", trained.IDDPM),
        ("edm_ddpmpp_edm", trained.EDM),
        ("edm_ddpmpp_vp", trained.VP),
        ("edm_ncsnpp_edm", trained.EDM),
        ("edm_ncsnpp_ve", trained.VE),
    ],
)
def test_edm_s_networks_denoise_as_recorded(name, facts):
    golden = Recorded(name)
    reading = edm_file(golden.state)
    assert reading.left == []
    network = assign(built(reading.choices["unet"]), reading.parts["unet"].tensors, GOLDENS)
    torch.testing.assert_close(golden.denoised(network, facts), golden.out, rtol=0, atol=golden.atol)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("consistency_cond", trained.consistency(40)),
        ("consistency_uncond_legacy", trained.consistency(40) | {"boundary": None}),
    ],
)
def test_consistency_models_denoise_as_recorded(name, facts):
    golden = Recorded(name)
    reading = openai_unet(golden.state)
    assert reading.left == []
    own = {"head_dim": 16, "shape": golden.x.shape[1:]}  # which no shape of a tensor tells
    network = assign(built(reading.choices["unet"], **own), reading.parts["unet"].tensors, GOLDENS)
    torch.testing.assert_close(golden.denoised(network, facts), golden.out, rtol=0, atol=golden.atol)


# ---- at their published size -------------------------------------------------------------------------

COUNTS = {
    "ddpm_cifar10": 35_746_307,
    "ddpm_church_256": 113_673_219,
    "ncsnpp_celebahq_256": 65_574_549,
    "ncsnpp_ffhq_1024": 105_785_896,
    "adm_imagenet64": 295_904_454,
    "adm_imagenet128": 421_529_606,
    "adm_imagenet256": 553_838_086,
    "adm_imagenet256_uncond": 552_814_086,
    "adm_imagenet512": 558_997_638,
    "cd_imagenet64": 295_899_267,
    "cd_bedroom256": 526_304_771,
    "edm_imagenet64": 295_899_267,
    "edm_cifar10_uncond_vp": 55_733_891,
    "edm_cifar10_cond_vp": 55_735_299,
    "edm_ffhq64_vp": 61_805_571,
}
CARDS = {card.name: card for card in PIXEL_UNETS}


@pytest.mark.parametrize("name", COUNTS)
def test_published_sizes_have_the_published_number_of_parameters(name):
    """diffusers counts the frequencies of NCSN++ among them, which are never trained."""
    assert sum(shape.numel() for shape in shapes(published(name)).values()) == COUNTS[name]


@pytest.mark.parametrize(
    "name",
    ["ddpm_cifar10", "ddpm_church_256", "ncsnpp_ffhq_1024", "cd_imagenet64", "cd_bedroom256", "ct_cat256"],
)
def test_published_sizes_have_the_names_of_diffusers(name):
    card = CARDS[name]
    choice = {"name": card.function.__name__, **card.defaults, "shape": card.shape, "classes": card.classes}
    with torch.device("meta"):
        theirs = UNet2DModel.from_config(LAYOUT.config(choice))
    assert shapes(theirs) == shapes(published(name))


def published(name: str) -> nn.Module:
    card = CARDS[name]
    with torch.device("meta"):
        return card.function(card.shape, card.classes, **card.defaults)


def test_heads_that_keep_their_query_key_and_value_together_are_told_apart():
    """guided-diffusion's older attention and EDM's, by their formulas: which row becomes which."""
    heads, size, count = 3, 4, 5
    rows = torch.arange(3 * heads * size * count).reshape(3 * heads * size, count, 1)
    older = rows.reshape(heads, 3, size, count)
    split = openai_names.by_head(lambda channels: channels // size)(rows)
    for index, part in enumerate(split):
        assert torch.equal(part.flatten(1), older[:, index].reshape(heads * size, count))
    assert torch.equal(torch.cat([*openai_names.thirds(rows)]), rows)
