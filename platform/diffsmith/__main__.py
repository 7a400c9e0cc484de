"""The command line: commands come in through the plugins, and every error ends here in a sentence."""

import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import __version__
from .commands.memory import is_out_of_memory
from .errors import DiffsmithError
from .registry import Registry, default_registry

__all__ = ["application", "main"]


def main() -> None:
    """Run the program."""
    application(default_registry())(prog_name="diffsmith")


def application(registry: Registry) -> typer.Typer:
    """The program with the commands of those plugins; a plugin whose commands are broken is left out."""
    app = typer.Typer(
        cls=_Guarded,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_diffsmith)
    for plugin, add_commands in registry.implementing("diffsmith_commands"):
        with registry.guarded(plugin):
            own = typer.Typer(rich_markup_mode=None)
            add_commands(app=own)
            typer.main.get_group(own)  # fails here, not when the whole program starts
            app.add_typer(own)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"diffsmith {__version__}")
        raise typer.Exit


def _diffsmith(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """AutoML for diffusion models: train, tune and sample them."""


class _Guarded(TyperGroup):
    """A group of commands whose errors become a sentence on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                traceback.print_exc()
            typer.echo(f"Error: {_sentence(error)}", err=True)
            raise typer.Exit(getattr(error, "exit_code", 1)) from error


def _sentence(error: Exception) -> str:
    if isinstance(error, DiffsmithError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    if is_out_of_memory(error):
        return f"{_NO_MEMORY} ({str(error).partition('. ')[0]})"
    return (
        f"unexpected {type(error).__name__}: {error}. This is a fault in diffsmith or in a plugin; "
        f"`diffsmith --debug ...` shows where it happened"
    )


_NO_MEMORY = (
    "not enough memory. Try fewer samples at once (--set engine.batch=1), smaller numbers "
    "(--set engine.dtype=bfloat16), branches one by one (--set engine.guidance=apart), pictures in pieces "
    "(--set engine.decode=tiled), or in training a smaller train.batch"
)

if __name__ == "__main__":
    main()
