"""Where views are taken from: cameras around a thing, as numbers that networks read."""

import math

import torch
from torch import Tensor

__all__ = ["flattened", "normalised", "orbit"]


def orbit(views: int, *, elevation: float = 15.0, azimuth: float = 90.0, span: float = 360.0) -> Tensor:
    """Cameras on a circle around the origin that look at it, from camera to world, [views, 4, 4].

    elevation above the ground, azimuth of the first one and span of all, in degrees. A camera looks along -z,
    its y points up; in the world z does, as in Blender. All are at distance 1, as MVDream was taught, whose
    defaults these are (Shi et al. 2023, their code).
    """
    angles = azimuth + span / views * torch.arange(views, dtype=torch.float64)
    return torch.stack([_looking_in(math.radians(elevation), angle) for angle in angles.deg2rad()]).float()


def flattened(cameras: Tensor, rows: int = 4) -> Tensor:
    """[..., 4, 4] to [..., 16], row after row; of 3 rows to [..., 12], without the last, always 0 0 0 1."""
    return cameras[..., :rows, :].flatten(-2)


def normalised(cameras: Tensor) -> Tensor:
    """Cameras [..., 4, 4] at distance 1 from the origin, in the same directions."""
    place = cameras[..., :3, 3:]
    near = cameras.clone()
    near[..., :3, 3:] = place / (place.norm(dim=-2, keepdim=True) + 1e-8)
    return near


def _looking_in(elevation: float, azimuth: Tensor) -> Tensor:
    flat, high = math.cos(elevation), math.sin(elevation)
    place = torch.stack([flat * azimuth.sin(), -flat * azimuth.cos(), azimuth.new_tensor(high)])
    up = place.new_tensor([0.0, 0.0, 1.0])
    right = torch.linalg.cross(up, place)
    right = right / right.norm()
    camera = torch.eye(4, dtype=place.dtype)
    camera[:3] = torch.stack([right, torch.linalg.cross(place, right), place, place], dim=1)
    return camera
