import subprocess
import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from diffsmith.data import Split
from diffsmith.errors import FileFault
from diffsmith.metrics import Reference
from diffsmith.metrics.distances import frechet
from diffsmith_video.metrics import kinetics, pretrained


@pytest.fixture
def checkpoints(tmp_path, monkeypatch):
    """A computer without weights, on which torchvision is installed."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(pretrained, "find_spec", lambda package: object())
    kinetics._network.cache_clear()
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    yield folder
    kinetics._network.cache_clear()


def names():
    return {card.name: card.direction for card in pretrained.pretrained_cards()}


def test_the_weights_and_torchvision_bring_the_distance(checkpoints, monkeypatch):
    assert names() == {}
    (checkpoints / "r3d_18-b3b3357e.pth").touch()
    assert names() == {"fvd_r3d18": "minimize"}
    monkeypatch.setattr(pretrained, "find_spec", lambda package: None)
    assert names() == {}


def test_looking_imports_nothing_heavy():
    code = (
        "import sys, diffsmith_video as plugin\n"
        "plugin.diffsmith_metrics(), plugin.diffsmith_datasets(), plugin.diffsmith_modalities()\n"
        "heavy = {'torch', 'torchvision', 'cv2', 'av', 'sklearn', 'PIL'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


class Looker(nn.Module):
    """In R3D-18's place: what it is shown, and the mean of each colour in each half of the time."""

    def __init__(self, weights=None):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.fc = nn.Linear(6, 400)
        self.seen = []

    def forward(self, x):
        self.seen.append(x)
        means = torch.stack([half.mean((2, 3, 4)) for half in x.chunk(2, dim=2)], dim=1).flatten(1)
        return self.fc(self.scale * means)


@pytest.fixture
def torchvision(monkeypatch):
    video = ModuleType("torchvision.models.video")
    video.r3d_18 = Looker
    for name in ("torchvision", "torchvision.models"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "torchvision.models.video", video)


def test_features_are_what_comes_before_the_names_of_actions(checkpoints, torchvision):
    torch.save(Looker().state_dict() | {"scale": torch.tensor([2.0])}, checkpoints / "r3d_18-b3b3357e.pth")
    ours, real = torch.rand(20, 1, 4, 16, 16) * 2 - 1, torch.rand(10, 1, 4, 16, 16) * 2 - 1
    score = kinetics.fvd_r3d18(ours, Reference(Split(real, None), nn.Identity()))
    network = kinetics._network()
    assert [len(x) for x in network.seen] == [8, 8, 4, 8, 2]
    shown = network.seen[0]
    assert shown.shape == (8, 3, 4, 112, 112)
    grey = shown[:, 2] * 0.216989 + 0.37645  # undo the normalisation of blue
    assert grey.min() >= 0
    assert grey.max() <= 1
    torch.testing.assert_close(shown[:, 0] * 0.22803 + 0.43216, grey)
    again = Reference(Split(real, None), lambda x: network(kinetics._shown(x)))
    assert score == pytest.approx(frechet(ours, again), abs=1e-5)
    assert network(shown).shape == (8, 6)


def test_weights_that_are_not_there_or_not_the_networks_are_told(checkpoints, torchvision):
    with pytest.raises(FileFault, match="not in torch hub's checkpoints folder"):
        kinetics._network()
    torch.save({"other": torch.ones(1)}, checkpoints / "r3d_18-b3b3357e.pth")
    with pytest.raises(FileFault, match="does not fit this model"):
        kinetics._network()
