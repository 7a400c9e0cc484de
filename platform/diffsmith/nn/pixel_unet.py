"""The U-Net of pixel models, told its time and the class it was trained to expect."""

from torch import Tensor

from .classes import ClassTable
from .embeddings import TimestepEmbedding
from .unet import Plan, UNet

__all__ = ["PixelUNet2D"]


class PixelUNet2D(UNet):
    """Predicts a map from a noisy one, its time and its class (Ho et al. 2020; Dhariwal & Nichol 2021).

    Time becomes so many waves, and these a vector `emb` of four times the number.
    """

    def __init__(
        self, channels: int, out_channels: int, plan: Plan, waves: int, classes: int | None = None
    ) -> None:
        super().__init__(channels, out_channels, plan)
        self.waves, self.count = plan.waves, waves
        self.time_embedding = TimestepEmbedding(waves, 4 * waves)
        self.class_embedding = ClassTable(classes, 4 * waves) if classes else None

    def forward(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """x [B, C, H, W], t [B] or 0-dim, label [B] to [B, out_channels, H, W].

        A label beyond the classes, or none, is a class vector of zeros.
        """
        return self.walk(x, self.embed(x, t, label))

    def embed(self, x: Tensor, t: Tensor, label: Tensor | None) -> Tensor:
        """Time, and class where the network knows classes, as one vector [B, 4 * waves]."""
        emb: Tensor = self.time_embedding(self.waves(t.expand(len(x)), self.count).to(x))
        if self.class_embedding is not None and label is not None:
            emb = emb + self.class_embedding(label)
        return emb
