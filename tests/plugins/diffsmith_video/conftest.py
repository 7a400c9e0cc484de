import pytest

from diffsmith.data import Data
from diffsmith_video.datasets import moving_digits as load
from diffsmith_video.features import embedder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's cache; all of them share one, so that clips are learnt once."""
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def moving_digits() -> Data:
    return load()


@pytest.fixture(scope="session")
def embed(moving_digits, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFSMITH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        found = embedder(moving_digits)
        found(moving_digits.test.x[:1, :, 0])  # the pictures' network learns now, in the shared cache
        return found
