"""What torch.compile needs on this machine."""

import torch

from ..errors import SpecError

__all__ = ["require_compiler"]


def require_compiler(what: str, device: torch.device) -> None:
    """A SpecError, in one sentence, if code for that device cannot be compiled here."""
    if (missing := _missing(device)) is not None:
        raise SpecError([f"{what} needs {missing}, and there is none here. Install one, or leave it out"])


def _missing(device: torch.device) -> str | None:
    if device.type == "cuda":
        from torch.utils._triton import has_triton

        return None if has_triton() else "Triton (pip install triton)"
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        return "a C++ compiler (g++ or clang++)"
    return None
