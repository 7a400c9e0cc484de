"""What an option means, in a person's words."""

import inspect
import re
from collections.abc import Callable
from typing import Any

from ..options import options_model
from .terms import TERMS

__all__ = ["meaning"]


def meaning(function: Callable[..., Any], option: str) -> str:
    """As its annotation or the function's docstring ("option: ...") says, or as the field knows the term."""
    described = options_model(function).model_fields[option].description
    return described or _documented(inspect.getdoc(function) or "", option) or TERMS.get(option, "")


def _documented(text: str, option: str) -> str:
    """The sentences after "option:" or "option, other:", up to the next such beginning."""
    following = r"(?=\.\s+(?:\w+, )*\w+: |\.?$)"
    for paragraph in re.split(r"\n\s*\n", text):
        found = re.search(rf"(?:^|\. |, ){option}(?:, \w+)*: (.+?){following}", " ".join(paragraph.split()))
        if found:
            return found[1]
    return ""
