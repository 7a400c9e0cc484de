"""How other programs configure and name the networks we know."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

__all__ = ["Layout"]


class Layout(NamedTuple):
    """A published class of networks: its config.json in our terms, and back.

    kind: "models" or "autoencoders". options: config.json -> a choice of that kind, {"name": a registered
    function, its options, and for models "shape" and "classes"}; what has no meaning here is a SpecError.
    config: the other way, complete, with "_class_name". renames: (pattern, replacement) pairs, for re.sub,
    from older names of tensors to ours, which are the newest published ones.
    """

    kind: str
    options: Callable[[Mapping[str, Any]], dict[str, Any]]
    config: Callable[[Mapping[str, Any]], dict[str, Any]]
    renames: tuple[tuple[str, str], ...] = ()
