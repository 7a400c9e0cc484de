"""Second-order estimates under CFG++, as its programs have them: the guidance takes part in the solving.

Any other estimate runs under CFG++ too, on unconditional estimates alone, with the guidance pushed onto x
after the move. Without a push each of these is its plain counterpart.
"""

from torch import Tensor

from ..answers import answer
from ..denoiser import Denoise
from ..levels import carry
from ..steps import Step
from .multistep import dpmpp_2m, res_multistep

__all__ = ["dpmpp_2m_cfg_pp", "dpmpp_2s_cfg_pp", "res_multistep_cfg_pp"]


def dpmpp_2m_cfg_pp(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """DPM-Solver++ 2M from the last unguided to the newest guided estimate (CFG++, Chung et al. 2024)."""
    held = dpmpp_2m(denoise, x, x0, step)
    if step.push is None or not step.past:
        return held
    here = step.here.log_snr
    r = (here - step.past[0].level.log_snr) / (step.there.log_snr - here)
    return held.add(step.push, alpha=1 / (2 * r))


def dpmpp_2s_cfg_pp(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """DPM-Solver++ 2S with guidance at the start and at the middle (CFG++, ComfyUI since 2025)."""
    middle = step.at(0.5)
    x_middle = carry(x, x0, step.start, middle)
    if step.push is None:
        return denoise(x_middle, middle)
    x0_middle, push, _ = answer(denoise, x_middle.add(step.push, alpha=middle.alpha), middle)
    return x0_middle - step.push if push is None else x0_middle.add(push).sub_(step.push)


def res_multistep_cfg_pp(denoise: Denoise, x: Tensor, x0: Tensor, step: Step) -> Tensor:
    """RES multistep whose guidance shrinks with the noise, after the first step (CFG++, ComfyUI)."""
    held = res_multistep(denoise, x, x0, step)
    return held if step.push is None or held is x0 else held - step.push
