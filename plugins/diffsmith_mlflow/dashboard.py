"""`diffsmith dashboard`: MLflow's web page over the tracked sweeps, on this computer only."""

import signal
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from diffsmith.commands import examples
from diffsmith.errors import DiffsmithError

from . import settings

__all__ = ["EXAMPLES", "dashboard"]

EXAMPLES = examples("diffsmith dashboard", "diffsmith dashboard --runs my-runs --port 5001 --no-open")


def dashboard(
    runs: Annotated[Path, typer.Option(help="The folder of all sweeps.")] = Path("runs"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is 5000, or the next one free.")] = 0,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open it in a browser.")] = True,
) -> None:
    """Show the tracked sweeps in MLflow's web page, until Ctrl-C."""
    from .server import serving

    uri = _tracked(settings.tracking_uri(runs))
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    with suppress(KeyboardInterrupt), serving(uri, port) as (server, address):
        typer.echo(f"MLflow shows {settings.without_password(uri)} at {address} (Ctrl-C stops it)")
        if open_page:
            webbrowser.open(address)
        server.wait()
        raise DiffsmithError("MLflow's server ended by itself")


def _tracked(uri: str) -> str:
    """The URI, if a dashboard of ours can show what is there."""
    if uri.startswith("http"):
        raise DiffsmithError(
            f"tracking goes to a server with its own page: open {settings.without_password(uri)}"
        )
    path = settings.database(uri)
    if path and not path.exists():
        raise DiffsmithError(f"{path}: nothing is tracked yet; `diffsmith sweep` makes it (or give --runs)")
    return uri
