"""An exported folder is all that anybody needs."""

import re
import shutil

import pytest
import torch

import diffsmith
from diffsmith.documents import read_yaml, write_yaml
from diffsmith.errors import FileFault, SpecError
from diffsmith.export import export

FACTS = {"data set": "digits", "frechet": "1.5 | best\nof 9"}


def test_an_export_opens_elsewhere_and_makes_the_same(trained, tmp_path):
    made = export(trained, tmp_path / "new" / "mine", FACTS)
    assert sorted(path.name for path in made.iterdir()) == [
        "README.md",
        "pipeline.yaml",
        "weights.safetensors",
    ]
    moved = shutil.move(made, tmp_path / "elsewhere")
    there, here = (diffsmith.load(folder).generate(labels=[1], seed=4) for folder in (moved, trained))
    assert torch.equal(there[0].data, here[0].data)
    assert list((tmp_path / "new").iterdir()) == []


def test_weights_that_lay_elsewhere_come_along(trained, tmp_path):
    spec = {**read_yaml(trained / "pipeline.yaml"), "weights": str(trained / "weights.safetensors")}
    (tmp_path / "source").mkdir()
    write_yaml(tmp_path / "source" / "pipeline.yaml", spec)
    made = export(tmp_path / "source", tmp_path / "mine", {})
    assert read_yaml(made / "pipeline.yaml")["weights"] == "weights.safetensors"
    assert len(diffsmith.load(made).generate()) == 1


def test_the_card_tells_the_facts_and_its_lines_run(trained, tmp_path, monkeypatch):
    card = (export(trained, tmp_path / "my digits", FACTS) / "README.md").read_text()
    assert "library_name: diffsmith" in card
    assert "# my digits\n\nA unet pipeline made with diffsmith" in card
    assert "| data set | digits |\n| frechet | 1.5 \\| best of 9 |\n" in card
    assert "diffsmith generate 'my digits' --seed 0-9 --out samples" in card
    monkeypatch.chdir(tmp_path)
    exec(re.search(r"```python\n(.*?)```", card, re.DOTALL)[1], {})  # noqa: S102
    assert (tmp_path / "sample.png").stat().st_size > 50


def test_an_earlier_export_is_replaced(trained, tmp_path):
    for word in ("old", "new"):
        export(trained, tmp_path / "mine", {"which": word})
    assert "| which | new |" in (tmp_path / "mine" / "README.md").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_anything_else_that_stands_there_is_left_alone(trained, tmp_path):
    run, notes, file = tmp_path / "run", tmp_path / "notes", tmp_path / "file"
    shutil.copytree(trained, run)
    notes.mkdir()
    file.write_text("mine")
    for target in (run, notes, file):
        with pytest.raises(FileFault, match="is there already") as caught:
            export(run, target, FACTS)
        assert caught.value.path == target
    assert (run / "checkpoints").is_dir()
    assert list(notes.iterdir()) == []
    assert file.read_text() == "mine"


def test_what_cannot_be_exported_is_told_and_leaves_nothing(trained, tmp_path):
    source = tmp_path / "source"
    with pytest.raises(FileFault, match=r"pipeline\.yaml: there is no such YAML file"):
        export(source, tmp_path / "mine", FACTS)
    spec = read_yaml(trained / "pipeline.yaml")
    source.mkdir()
    write_yaml(source / "pipeline.yaml", spec)
    with pytest.raises(FileFault, match=r"weights\.safetensors: there is no such weights file"):
        export(source, tmp_path / "mine", FACTS)
    write_yaml(source / "pipeline.yaml", {"model": spec["model"]})
    with pytest.raises(SpecError, match=r"pipeline\.yaml: weights: missing"):
        export(source, tmp_path / "mine", FACTS)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
