"""Facts as one line of text, for files that have room for a comment and nothing else."""

import json

__all__ = ["packed", "unpacked"]


def packed(facts: dict[str, str]) -> str:
    """In ASCII, which every container carries unharmed."""
    return json.dumps(facts)


def unpacked(comment: str) -> dict[str, str]:
    """The facts in a comment; none where somebody else wrote it."""
    try:
        facts = json.loads(comment)
    except (ValueError, RecursionError):
        return {}
    ours = isinstance(facts, dict) and all(isinstance(value, str) for value in facts.values())
    return facts if ours else {}
