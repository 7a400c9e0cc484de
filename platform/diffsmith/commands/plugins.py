"""`diffsmith plugins`: which there are, what each brings, and what is wrong with the broken ones."""

from dataclasses import asdict
from typing import Annotated

import typer

from ..registry import PluginReport, default_registry
from . import examples, plugin_template
from .output import Json, print_json, print_table

EXAMPLES = examples("diffsmith plugins", "diffsmith plugins --verbose", "diffsmith plugins new sketches")


def add(app: typer.Typer) -> None:
    """Add the command and its subcommand."""
    group = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    group.callback(epilog=EXAMPLES)(plugins)
    plugin_template.add(group)
    app.add_typer(group, name="plugins")


def plugins(
    ctx: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the traceback of broken plugins.")] = False,
    json: Json = False,
) -> None:
    """Show what each plugin brings, or write one."""
    if ctx.invoked_subcommand:
        return
    reports = list(default_registry().reports.values())
    if json:
        print_json([asdict(report) for report in reports])
        return
    print_table(
        [("PLUGIN", "PACKAGE", "BRINGS"), *((each.name, each.package, _brings(each)) for each in reports)]
    )
    verbose = verbose or ctx.find_root().params["debug"]
    for report in reports:
        if report.error:
            typer.echo(f"\n{report.name} is broken: {report.error}")
            typer.echo(report.details if verbose else "  `diffsmith plugins --verbose` shows the traceback")


def _brings(report: PluginReport) -> str:
    brought = ", ".join(f"{len(names)} {kind}" for kind, names in report.brings.items())
    return brought or ("nothing: broken" if report.error else "commands or observers")
