"""Image-to-image and inpainting against diffusers' scheduler, driven as its pipelines drive it."""

import pytest
import torch
from diffusers import DDIMScheduler

from diffsmith.diffusion import betas
from diffsmith.sampling import sample

from .references import SHAPE, difference, normal

IMAGE, NOISE = normal(1) / 2, normal(2)
STEPS = 20


def theirs() -> DDIMScheduler:
    scheduler = DDIMScheduler(clip_sample=False, steps_offset=1, timestep_spacing="leading")
    scheduler.alphas_cumprod = (1 - betas.linear(1000)).cumprod(0)
    scheduler.final_alpha_cumprod = torch.tensor(1.0, dtype=torch.float64)
    scheduler.set_timesteps(STEPS)
    return scheduler


def answers(x, told):
    """An epsilon that depends on x and on the timestep, and takes all pixels of a row together."""
    return 0.7 * torch.tanh(x) + 0.3 * x.mean(-1, keepdim=True) + told.double().view(-1, 1, 1, 1) / 5000


def ours(**options):
    scale = {"name": "leading", "offset": 1}
    return sample(answers, NOISE, scheduler="ddim", spacing=scale, steps=STEPS, image=IMAGE, **options)


@pytest.mark.parametrize("strength", [0.05, 0.3, 0.5, 0.75, 0.8, 1.0])
def test_image_to_image_takes_the_same_steps(strength):
    scheduler = theirs()
    kept = min(int(STEPS * strength), STEPS)  # StableDiffusionImg2ImgPipeline.get_timesteps
    timesteps = scheduler.timesteps[STEPS - kept :]
    x = scheduler.add_noise(IMAGE, NOISE, timesteps[:1])
    for timestep in timesteps:
        x = scheduler.step(answers(x, timestep.expand(len(x))), timestep, x).prev_sample
    assert difference(ours(strength=strength), x) < 1e-9


@pytest.mark.parametrize("strength", [0.5, 0.99])
def test_inpainting_is_the_noised_image_pasted_in_after_every_step(strength):
    mask = torch.zeros(1, 1, *SHAPE[2:], dtype=torch.float64)
    mask[..., 1:3] = 1
    scheduler = theirs()
    timesteps = scheduler.timesteps[STEPS - int(STEPS * strength) :]
    x = scheduler.add_noise(IMAGE, NOISE, timesteps[:1])
    for index, timestep in enumerate(timesteps):
        x = scheduler.step(answers(x, timestep.expand(len(x))), timestep, x).prev_sample
        # StableDiffusionInpaintPipeline, for networks without channels of their own for the mask
        later = timesteps[index + 1 : index + 2]
        known = scheduler.add_noise(IMAGE, NOISE, later) if len(later) else IMAGE
        x = (1 - mask) * known + mask * x
    assert difference(ours(strength=strength, mask=mask), x) < 1e-9
