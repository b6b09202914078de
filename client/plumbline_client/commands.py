"""The group of commands, found by the entry-point group `plumbline.commands` and loaded when they are asked for."""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlparse

import click

PROGRAM = "plumbline"
ENTRY_POINTS = "plumbline.commands"


class Commands(click.Group):
    """Commands that other distributions add. One that cannot be loaded does not take the others with it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(installed())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = installed().get(cmd_name)
        return load(entry) if entry else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, summary(entry)) for name, entry in sorted(installed().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows or [("(none)", "the commands come with the service: run `make install` in it")])


@cache
def installed() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}


def load(entry: EntryPoint) -> click.Command:
    """Imports one command. Raises ClickException where another package of the same name hides the service's own."""
    package = entry.module.partition(".")[0]
    if package != __name__.partition(".")[0]:
        for each in ("models", package):
            check_ours(entry, each)
    command: click.Command = entry.load()
    return command


def summary(entry: EntryPoint) -> str:
    try:
        return load(entry).get_short_help_str(limit=90)
    except Exception as error:
        return f"(cannot be loaded: {error})"


def check_ours(entry: EntryPoint, package: str) -> None:
    """The service's rooms have common names; an unrelated `models` earlier on the path would be taken for ours."""
    checkout = editable_root(entry)
    if checkout is None:
        return
    spec = find_spec(package)
    origin = Path(spec.origin) if spec and spec.origin else None
    if origin is None or not origin.resolve().is_relative_to(checkout):
        found = origin or (spec and spec.submodule_search_locations) or "nothing"
        raise click.ClickException(
            f"the package {package!r} should come from {checkout}, but Python finds {found} first. "
            "Unset PYTHONPATH, or rename what hides it."
        )


def editable_root(entry: EntryPoint) -> Path | None:
    """The checkout that the entry point's distribution was installed from, None if it was not an editable install."""
    # `origin` reads direct_url.json, but only from Python 3.13 on
    text = entry.dist.read_text("direct_url.json") if entry.dist else None
    if text is None:
        return None
    import json

    url = urlparse(json.loads(text).get("url", ""))
    return Path(unquote(url.path)).resolve() if url.scheme == "file" else None


def print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(f"plumbline {installed_version('plumbline')}, client {installed_version('plumbline-client')}")
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})")
    ctx.exit()


def installed_version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version, help="Print the versions."
)
def plumbline() -> None:
    """Audits AI systems and proves it: figures with intervals, verdicts with reasons, reports anyone can recompute.

    Exit codes: 0 passed, 1 a rule failed, 2 bad input or usage, 3 nothing failed but something is inconclusive,
    4 server or network, 70 a fault of our own.
    """
