"""The commands, one file each."""

import typer

__all__ = ["add_commands", "examples"]


def add_commands(app: typer.Typer) -> None:
    """Add every command of diffsmith's own, in the order of `diffsmith --help`."""
    from . import export, generate, leaderboard, listing, plot, plugins, show, sweep, train

    for command in (listing, show, plot, sweep, leaderboard, export, train, generate, plugins):
        command.add(app)


def examples(*lines: str) -> str:
    """The end of a command's help: lines to copy, each kept as it is."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
