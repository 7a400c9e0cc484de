"""Limits on the clean estimate that a scheduler config asks for."""

from typing import Any

__all__ = ["threshold"]

_DEAF = ("TCDScheduler",)
"""Classes that take the keys and do nothing with them."""
_KEEP_NOISE = ("DDIMScheduler", "DDIMParallelScheduler")
"""Classes that go on with the noise found before the limit."""


def threshold(config: dict[str, Any]) -> dict[str, Any]:
    """None, a clip, or a dynamic threshold, which goes before a clip."""
    if config["class"] in _DEAF:
        return {}
    kept = {"keep_noise": True} if config["class"] in _KEEP_NOISE else {}
    if config.get("thresholding"):
        ratio, limit = config["dynamic_thresholding_ratio"], config["sample_max_value"]
        return {"name": "dynamic", "ratio": ratio, "limit": limit, **kept}
    if config.get("clip_sample"):
        return {"name": "clip", "limit": config["clip_sample_range"], **kept}
    return {"name": "clip", "limit": 1.0} if config.get("clip_denoised") else {}
