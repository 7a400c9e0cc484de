"""A pipeline: a spec brought to life. The only room that knows both names and tensors."""

from .alive import Pipeline
from .building import SPEC_FILE, assemble, build, load, new_network
from .requests import request_of

__all__ = ["SPEC_FILE", "Pipeline", "assemble", "build", "load", "new_network", "request_of"]
