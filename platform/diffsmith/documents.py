"""YAML documents: read with every fault named by file and line, written whole."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from .errors import FileFault, SpecError
from .files import require_file, write_text

__all__ = ["read_yaml", "write_yaml"]

_LARGEST = 2**20


class _Loader(yaml.SafeLoader):
    """Plain data only: no aliases (they can explode), no key twice (the first would be lost)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be plain text", problem_mark=key.start_mark)
            if key.value in seen:
                problem = f"the key {key.value!r} stands here twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping a YAML file holds; FileFault or SpecError say what is wrong and where."""
    if require_file(path, "YAML file").stat().st_size > _LARGEST:
        raise FileFault(path, "is over 1 MiB: this is no spec")
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 — a SafeLoader
    except UnicodeDecodeError:
        raise FileFault(path, "is not text: expected a YAML file") from None
    except yaml.MarkedYAMLError as error:
        raise SpecError([f"{_place(path, error)}: {error.problem}"]) from None
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError) as error:
        raise SpecError([f"{path}: not YAML that can be read: {type(error).__name__}"]) from None
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise SpecError([f"{path}: expected fields with names (`key: value`) at the top"])
    return document


def write_yaml(path: Path, values: Any) -> Path:
    """Write plain data as YAML, in the order given."""
    return write_text(path, yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def _place(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
