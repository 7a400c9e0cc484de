"""A pipeline as one folder that anybody can use: spec, weights, and a card that says what it is."""

import json
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from . import __version__
from .documents import read_yaml, write_yaml
from .errors import FileFault, SpecError
from .files import replacing, require_file
from .pipeline import SPEC_FILE, load
from .specs import PipelineSpec, parse

__all__ = ["export"]

_README = "README.md"


def export(source: Path, target: Path, facts: Mapping[str, str]) -> Path:
    """Copy the pipeline in `source` into a folder of its own at `target`, with a card of the facts.

    An earlier export there is replaced; anything else is left alone and refused.
    """
    if target.exists() and not _is_export(target):
        raise FileFault(target, "is there already, and is no export; name another folder")
    spec = parse(PipelineSpec, read_yaml(source / SPEC_FILE), str(source / SPEC_FILE))
    if spec.weights is None:
        raise SpecError([f"{source / SPEC_FILE}: weights: missing. Train first, then export"])
    with replacing(target) as beside:
        if spec.model.weights or (source / spec.weights).is_dir():
            load(source, engine={"device": "cpu"}).save(beside)
            write_yaml(beside / SPEC_FILE, {**read_yaml(beside / SPEC_FILE), "engine": spec.engine.to_dict()})
        else:
            _copy(spec, require_file(source / spec.weights, "weights file"), beside)
        (beside / _README).write_text(_card(target.name, spec.model.name, facts), encoding="utf-8")
    return target


def _copy(spec: PipelineSpec, weights: Path, folder: Path) -> None:
    """A network of ours is one file."""
    folder.mkdir()
    shutil.copyfile(weights, folder / weights.name)
    write_yaml(folder / SPEC_FILE, {**spec.to_dict(), "weights": weights.name})


def _is_export(folder: Path) -> bool:
    """Whether it holds what an export does and nothing else: a training's folder has more to lose."""
    if not folder.is_dir():
        return False
    found = {path.name for path in folder.iterdir() if path.suffix != ".safetensors"}
    return found == {SPEC_FILE, _README} or {SPEC_FILE, _README, "model_index.json"} <= found


def _card(name: str, model: str, facts: Mapping[str, str]) -> str:
    rows = "\n".join(f"| {_cell(fact)} | {_cell(value)} |" for fact, value in facts.items())
    return f"""---
library_name: diffsmith
tags: [diffusion, diffsmith]
---
# {name}

A {model} pipeline made with diffsmith {__version__}.

| fact | value |
|---|---|
{rows}

```sh
diffsmith generate {shlex.quote(name)} --seed 0-9 --out samples
```

```python
import diffsmith

samples = diffsmith.load({json.dumps(name)}).generate(seed=0)
samples[0].save("sample.png")
```
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
