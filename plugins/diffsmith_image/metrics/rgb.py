"""What pretrained networks look at."""

from torch import Tensor

from ..modality import Image

__all__ = ["rgb"]


def rgb(x: Tensor) -> Tensor:
    """[B, 1 or 3, H, W] in network space -> uint8 [B, 3, H, W], as the picture files would show it."""
    return Image().decode(x).movedim(-1, 1).expand(-1, 3, -1, -1).cpu()
