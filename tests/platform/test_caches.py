from pathlib import Path

from diffsmith.caches import cache_folder, library_folder


def test_the_cache_lies_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("DIFFSMITH_CACHE", str(tmp_path / "ours"))
    assert cache_folder("features") == tmp_path / "ours" / "features"
    monkeypatch.delenv("DIFFSMITH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder("features") == tmp_path / "xdg" / "diffsmith" / "features"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("features") == tmp_path / ".cache" / "diffsmith" / "features"


def test_libraries_keep_their_files_where_they_say(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    assert library_folder("TORCH_HOME", "torch") == tmp_path / "torch"
    monkeypatch.setenv("TORCH_HOME", "~/there")
    assert library_folder("TORCH_HOME", "torch") == Path.home() / "there"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert library_folder("TORCH_HOME", "torch") == tmp_path / "xdg" / "torch"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert library_folder("TORCH_HOME", "torch") == Path.home() / ".cache" / "torch"
