import pytest

from diffsmith.data import Data
from diffsmith_image.datasets import digits as load
from diffsmith_image.features import embedder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's cache; all of them share one, so that digits are learnt once."""
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def digits() -> Data:
    return load()


@pytest.fixture(scope="session")
def embed(digits, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFSMITH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        return embedder(digits)
