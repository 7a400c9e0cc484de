# ruff: noqa: S101 — a test is made of asserts
"""What a modality promises."""

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from ...modality import Modality
from ...samples import Sample
from .shared import Conformance, draws, example_of

__all__ = ["ModalityConformance"]


class ModalityConformance(Conformance):
    """A modality shows what the network made, in every kind of file it names."""

    kind = "modalities"
    shape: ClassVar[tuple[int, ...]] = ()
    """Of a row; () takes the example of the modality."""
    tolerance: ClassVar[float] = 0.01

    @property
    def modality(self) -> Modality:
        """The modality under test."""
        found: Modality = self.registry().get("modalities", self.name)
        return found

    def test_what_is_decoded_can_be_encoded_again(self) -> None:
        """To about the same."""
        x = self._x()
        again = self.modality.encode(self.modality.decode(x))
        torch.testing.assert_close(again, x, atol=self.tolerance, rtol=0)

    def test_writes_every_kind_of_file_it_names(self, tmp_path: Path) -> None:
        """And each has something in it."""
        for suffix in self.modality.suffixes:
            path = self._samples()[0].save(tmp_path / f"sample{suffix}")
            assert path.stat().st_size > 0

    def test_shows_samples_on_a_sheet(self, tmp_path: Path) -> None:
        """A picture, however many they are."""
        for count in (1, 3):
            path = tmp_path / f"{count}.png"
            self.modality.sheet(self._samples()[:count], path)
            assert path.read_bytes().startswith(b"\x89PNG")

    def test_its_metrics_exist(self) -> None:
        """Those a sweep scores with."""
        for metric in self.modality.metrics:
            self.registry().get("metrics", metric)

    def _x(self) -> Tensor:
        return torch.rand(3, *(self.shape or example_of(self.name).shape), generator=draws()) * 1.8 - 0.9

    def _samples(self) -> list[Sample]:
        data = self.modality.decode(self._x())
        return [Sample(data[row], self.modality, {}, seed=row, label=row) for row in range(len(data))]
