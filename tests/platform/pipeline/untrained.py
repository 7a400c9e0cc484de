"""Pipelines around small networks whose weights are drawn at random."""

import torch

from diffsmith.pipeline import Pipeline, assemble, new_network
from diffsmith.registry import default_registry
from diffsmith.specs import PipelineSpec, Request, parse

REGISTRY = default_registry()


def made(classes=3, shape=(1, 8, 8), model=(), steps=3, **parts) -> Pipeline:
    """A pipeline around an untrained network, whose weights are all drawn so that none is silent."""
    values = {
        "model": {"name": "unet", "width": 8, "shape": shape, "classes": classes, **dict(model)},
        "spacing": {"steps": steps},
        "engine": {"device": "cpu"},
        **parts,
    }
    spec = parse(PipelineSpec, values)
    network = new_network(spec.model, REGISTRY)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) / weight[0].numel() ** 0.5)
    return assemble(spec, network, REGISTRY)


def finals(pipeline, seeds, labels=None, **asked) -> torch.Tensor:
    """What the walk ends in."""
    *_, last = pipeline.frames(Request(seeds=seeds, labels=labels, **asked))
    return last.x
