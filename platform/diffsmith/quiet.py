"""Large libraries, imported without their complaints about parts of themselves that nobody asked for."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from .together import together

__all__ = ["quietly"]

_COMPLAINING = ("torchao", "torch.utils._pytree")
"""What transformers brings in where torchao is installed, with its kernels for GPUs that are not there."""


def quietly() -> AbstractContextManager[None]:
    """Inside, those libraries tell errors only: `with quietly(): from transformers import CLIPTextModel`."""
    return _errors_only()


@together
@contextmanager
def _errors_only() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _COMPLAINING]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
