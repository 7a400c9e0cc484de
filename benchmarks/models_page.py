"""Writes docs/models.md: every published model, its size, and how far tiny ones are from diffusers.

The distances are those of the tests: the script runs the cases of tests/parity/test_pipelines.py, and of
tests/parity/test_video_pipelines.py.

PYTHONPATH=platform:plugins:. python benchmarks/models_page.py
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from tests.parity import test_pipelines, test_video_pipelines
from tests.published import PIPELINES
from tests.published_video import PIPELINES as CLIPS
from transformers import CLIPTextModel

from diffsmith import ModelCard, default_registry
from diffsmith.commands.sizes import sizes_of
from diffsmith.files import replacing

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
REGISTRY = default_registry()

INTRODUCTION = """# Published models

*The tables are written by `benchmarks/models_page.py`: run it again after a change.*

`diffsmith.load(source)` and `diffsmith generate SOURCE "a prompt"` take any of these: a model's name from
the table (its weights are fetched from the Hub once, at one commit), `owner/name` or `owner/name@revision`
on the Hub, a folder in diffusers' layout, or a single file as the authors wrote it (`.safetensors`,
`.ckpt`, `.pt`, or the initializers of an `.onnx` file with such names). What it is, is told by
`model_index.json`, `config.json`, or by the names and shapes inside; never by a file's ending. Pickles are
opened by torch's weights-only loader in a process of their own, under limits of memory and time.

```python
import diffsmith

pipeline = diffsmith.load("sdxl", engine={"dtype": "auto"})
samples = pipeline.generate("a red cube on a table", negative="blurry", seeds=range(4))
pipeline.network, pipeline.autoencoder, pipeline.conditioners  # the parts, for pipelines of your own
```

- **Prompts** may weigh words, `(red:1.3)` and `[table]`, and be of any length; `BREAK` begins a new part.
- **Tasks** are the same for all models: `image=` begins from a picture (`strength` says how far from it),
  `mask=` makes only its white part anew, with a 9-channel inpainting model or with any other; `size=` is
  height and width.
- **Refiner**: `--refiner sdxl_refiner` hands the last fifth of the walk to a second model.
- **Saving**: `pipeline.save(folder)` writes diffusers' layout, which diffusers opens.

Latents of a picture are the mode of the autoencoder's distribution, where diffusers draws from it: the same
picture always begins at the same place. In the middle of a walk diffusers' `PNDMScheduler` asks about its
doubled timestep; ours goes on with the steps that are left.

What makes clips is in [video.md](video.md), too.

Parameters of network, autoencoder and encoders together; the memory is that of the weights alone.
"""
TABLE = """
## What makes {what}s

| model | | parameters | float32 | bfloat16 | licence | weights |
|---|---|---|---|---|---|---|
"""
WHAT = {"image": "picture", "video": "clip"}
DISTANCES = """
## How far from diffusers

{count} pipelines with random weights at small size: diffusers saves, diffsmith loads, both make two
pictures or clips from the same seeds. The largest difference of any pixel, whose values lie in [0, 1],
float32; the bound is 1e-4.

| task and pipeline | largest difference |
|---|---|
"""


def main() -> None:
    """Write the page."""
    diffusers.utils.logging.set_verbosity_error()
    published = [card for card in REGISTRY.entries("models") if card.shape]
    kinds = {kind: [row(card) for card in published if card.modality == kind] for kind in WHAT}
    rows = [line for kind, own in kinds.items() for line in (TABLE.format(what=WHAT[kind]), *own)]
    distances = dict(measured())
    table = [f"| {name} | {distance:.1e} |\n" for name, distance in distances.items()]
    text = "".join([INTRODUCTION, *rows, DISTANCES.format(count=len(distances)), *table])
    with replacing(PAGE) as beside:
        beside.write_text(text, encoding="utf-8")
    print(f"{PAGE}: {len(published)} models, at most {max(distances.values()):.1e}", file=sys.stderr)


def row(card: ModelCard) -> str:
    sizes = sizes_of(card, REGISTRY)
    memory = sizes["memory"]
    cells = [
        f"`{card.name}`",
        card.summary.rstrip("."),
        f"{sizes['parameters']['total']:,}",
        *(f"{memory[dtype]:.1f} GiB" for dtype in ("float32", "bfloat16")),
        card.licence,
        card.weights or "see its source",
    ]
    return f"| {' | '.join(cells)} |\n"


@torch.no_grad()
def measured() -> Iterator[tuple[str, float]]:
    """Every case's largest difference."""
    DiagonalGaussianDistribution.sample = lambda self, generator=None: self.mode()
    CLIPTextModel.text_model = property(lambda self: self)  # as it was called before transformers 5
    with tempfile.TemporaryDirectory() as place:
        pictures = test_pipelines.draw_pictures(Path(place))
        yield from _apart(test_pipelines, PIPELINES, Path(place, "pictures"), pictures)
        shown = test_video_pipelines.draw_frames(Path(place, "shown"))
        yield from _apart(test_video_pipelines, CLIPS, Path(place, "clips"), shown)


def _apart(module: Any, pipelines: Any, place: Path, shown: Any) -> Iterator[tuple[str, float]]:
    made = {}
    for name, case in module.CASES.items():
        folder = place / case.pipeline
        if case.pipeline not in made:
            made[case.pipeline] = pipelines[case.pipeline](place / f"{case.pipeline}-words")
            made[case.pipeline].set_progress_bar_config(disable=True)
            made[case.pipeline].save_pretrained(folder)
        expected = np.stack(module.reference(case, made[case.pipeline], shown))
        yield name, float(np.abs(module.ours(case, folder, shown) - expected).max())


if __name__ == "__main__":
    main()
