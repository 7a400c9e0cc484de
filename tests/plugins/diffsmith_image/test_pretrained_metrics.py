import hashlib
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from diffsmith.data import Split
from diffsmith.errors import DiffsmithError, FileFault
from diffsmith.metrics import Reference, distances
from diffsmith_image.metrics import clip, inception, pretrained

HERE = torch.arange(3 * 8 * 8 * 40).view(40, 3, 8, 8) % 251 / 125 - 1


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A computer without weights, on which every package is installed."""
    for variable in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(pretrained, "find_spec", lambda package: object())
    return tmp_path


def put_inception(folder, name="weights-inception-2015-12-05-6726825d.pth", content=b"weights"):
    checkpoints = folder / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / name).write_bytes(content)


SNAPSHOT = ("model.safetensors", "preprocessor_config.json")


def put_clip(hub, name="openai--clip-vit-base-patch16", files=SNAPSHOT):
    repository = hub / f"models--{name}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("abc123")
    (repository / "snapshots" / "abc123").mkdir(parents=True)
    for file in files:
        (repository / "snapshots" / "abc123" / file).touch()


def names():
    return {card.name: card.direction for card in pretrained.pretrained_cards()}


def test_nothing_is_offered_where_nothing_lies(home):
    assert names() == {}


@pytest.mark.parametrize("name", pretrained.INCEPTION_FILES)
def test_inception_weights_bring_fid_and_kid(home, name):
    put_inception(home / "torch", name)
    assert names() == {"fid": "minimize", "inception_kid": "minimize"}


def test_a_clip_snapshot_brings_the_clip_score(home):
    put_clip(home / "huggingface" / "hub")
    assert names() == {"clip_score": "maximize"}


@pytest.mark.parametrize("file", SNAPSHOT)
def test_half_a_snapshot_brings_nothing(home, file):
    put_clip(home / "huggingface" / "hub", files=(file,))
    assert names() == {}


def test_the_variables_of_torch_and_hugging_face_are_heeded(home, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(home / "t"))
    monkeypatch.setenv("HF_HOME", str(home / "h"))
    put_inception(home / "t")
    put_clip(home / "h" / "hub", "openai--clip-vit-large-patch14")
    assert set(names()) == {"fid", "inception_kid", "clip_score"}
    monkeypatch.setenv("HF_HUB_CACHE", str(home / "elsewhere"))
    assert "clip_score" not in names()
    put_clip(home / "elsewhere")
    assert "clip_score" in names()


@pytest.mark.parametrize(
    ("missing", "left"),
    [
        ("torchmetrics", set()),
        ("torch_fidelity", {"clip_score"}),
        ("torchvision", {"clip_score"}),
        ("transformers", {"fid", "inception_kid"}),
    ],
)
def test_weights_without_their_package_bring_nothing(home, monkeypatch, missing, left):
    put_inception(home / "torch")
    put_clip(home / "huggingface" / "hub")
    monkeypatch.setattr(pretrained, "find_spec", lambda package: None if package == missing else object())
    assert set(names()) == left


def test_looking_imports_nothing_heavy():
    code = (
        "import sys, diffsmith_image as plugin\n"
        "plugin.diffsmith_metrics(), plugin.diffsmith_datasets(), plugin.diffsmith_modalities()\n"
        "heavy = {'torch', 'torchmetrics', 'transformers', 'sklearn', 'PIL'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


class Looker(nn.Module):
    """In Inception's place: what it is shown, and one random but fixed layer over it."""

    num_features = 6

    def __init__(self):
        super().__init__()
        self.seen = []
        self.lines = torch.randn(192, 6, generator=torch.Generator().manual_seed(0)) / 1000

    def forward(self, x):
        self.seen.append(x)
        return x.flatten(1).float() @ self.lines


@pytest.fixture
def looker(monkeypatch):
    network = Looker()
    monkeypatch.setattr(inception, "_network", lambda: network)
    return network


def reference(network, rows):
    def embed(x):
        return network(inception.rgb(x))

    return Reference(Split(rows, None), embed)


def test_fid_is_our_frechet_distance_in_inception_features(looker):
    real = reference(looker, HERE[:25])
    assert inception.fid(HERE[15:], real) == pytest.approx(distances.frechet(HERE[15:], real), rel=1e-3)
    assert inception.fid(HERE[:25], real) == pytest.approx(0, abs=1e-3)


def test_inception_kid_is_our_kid_in_inception_features(looker):
    real = reference(looker, HERE[:25])
    torch.manual_seed(3)
    state = torch.get_rng_state()
    score = inception.inception_kid(HERE[15:], real)
    assert score == pytest.approx(distances.kid(HERE[15:], real), rel=1e-3)
    assert torch.equal(torch.get_rng_state(), state)


def test_inception_is_shown_8_bit_colour_in_small_parts(looker):
    grey = torch.linspace(-1, 1, 70 * 64).view(70, 1, 8, 8)
    inception.fid(grey, Reference(Split(grey, None), looker))
    assert [len(x) for x in looker.seen] == [64, 6, 64, 6]
    assert looker.seen[0].dtype == torch.uint8
    assert looker.seen[0].shape[1:] == (3, 8, 8)
    assert (looker.seen[0].min(), looker.seen[1].max()) == (0, 255)


def test_only_the_very_bytes_of_inception_are_opened(home, monkeypatch):
    with pytest.raises(FileFault, match="not in torch hub's checkpoints folder"):
        inception._verified(pretrained.inception_file())
    put_inception(home / "torch", content=b"other bytes")
    with pytest.raises(FileFault, match="damaged or not the Inception weights"):
        inception._verified(pretrained.inception_file())
    monkeypatch.setattr(inception, "_SHA256", hashlib.sha256(b"other bytes").hexdigest())
    assert inception._verified(pretrained.inception_file()).read_bytes() == b"other bytes"


class Clip(nn.Module):
    """A CLIP in two dimensions: bright pictures and the word "bright" lie on the first axis."""

    config = SimpleNamespace()

    def __init__(self, wrapped):
        super().__init__()
        self.wrap = (lambda x: SimpleNamespace(pooler_output=x)) if wrapped else (lambda x: x)

    def get_image_features(self, pixels):
        bright = pixels.flatten(1).mean(1)
        return self.wrap(torch.stack([bright, 1 - bright], 1))

    def get_text_features(self, ids, mask):
        return self.wrap(torch.nn.functional.one_hot(ids[:, 0], 2).float())


def processor(text=None, images=None, **_):
    if images is not None:
        return {"pixel_values": torch.stack(images) / 255}
    ids = torch.tensor([[0 if each == "bright" else 1] for each in text])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


@pytest.mark.parametrize("wrapped", [True, False], ids=["transformers 5", "transformers 4"])
def test_the_clip_score_is_the_mean_cosine_with_the_prompt(monkeypatch, wrapped):
    monkeypatch.setattr(clip, "_network", lambda model: (clip._Plain(Clip(wrapped)), processor))
    shades = torch.tensor([1.0] * 69 + [-1.0]).view(70, 1, 1, 1).expand(-1, 1, 4, 4)
    real = Reference(Split(shades, None), nn.Identity())
    assert clip.clip_score(shades, real, prompt="bright") == pytest.approx(100 * 69 / 70)
    assert clip.clip_score(shades, real, prompt="dark") == pytest.approx(100 / 70)


def test_a_clip_that_is_not_here_is_told_with_those_that_are(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", SimpleNamespace(CLIPModel=None, CLIPProcessor=None))
    put_clip(home / "huggingface" / "hub", "openai--clip-vit-large-patch14")
    with pytest.raises(DiffsmithError, match=r"base-patch16 is not in .*; there is: \S+large-patch14$"):
        clip._network("openai/clip-vit-base-patch16")
