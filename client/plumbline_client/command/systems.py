"""`plumbline systems`: the register of AI systems on a terminal: sheets in and out, what is missing, the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plumbline_client.command.server import server_option

if TYPE_CHECKING:
    from plumbline_client.client import Client
    from plumbline_client.desk import Imported, System

READ = click.Path(exists=True, dir_okay=False, path_type=Path)
WRITTEN = click.Path(dir_okay=False, path_type=Path)


@click.group(short_help="List AI systems, bring them in from a sheet, show what is missing.")
def systems() -> None:
    """The register of AI systems. SYSTEM is a system's id, or its whole name."""


@systems.command("list", short_help="List AI systems with their class.")
@server_option
def list_systems(url: str | None) -> None:
    """List AI systems, the newest first: id, class and name."""
    from plumbline_client.command.server import connected

    with connected(url) as client:
        for found in client.systems.list():
            click.echo(f"{found.id}  {found.classification or 'not classified':26}  {found.name}")


@systems.command("import", short_help="Bring AI systems in from a sheet (CSV or XLSX).")
@click.argument("sheet", type=READ)
@click.option("--apply", is_flag=True, help="Do it. Without it, what each row would do is only shown.")
@server_option
def import_systems(sheet: Path, apply: bool, url: str | None) -> None:
    """Bring AI systems in from a sheet: all of its rows or, where one cannot be used, none.

    Exit code: 0 every row can be used, 2 one cannot.
    """
    from plumbline_client.command.server import connected

    with connected(url) as client:
        planned = client.systems.bring_in(sheet)
        show(planned)
        if planned.wrong:
            raise click.exceptions.Exit(2)
        if apply:
            done = client.systems.bring_in(sheet, dry_run=False)
            click.echo(f"Imported: {done.new} new, {done.changed} changed, {done.same} as they were.")
        else:
            click.echo("Nothing was imported. Give --apply to do it.")


def show(planned: Imported) -> None:
    """What is wrong goes to stderr."""
    for row in planned.rows:
        changes = f" ({', '.join(row.changes)})" if row.changes else ""
        click.echo(f"row {row.row}: {row.name or 'no name'}: {row.what}{changes}", err=row.what == "wrong")
        for problem in row.problems:
            click.echo(f"  {problem['column']}: {problem['detail']}", err=True)


@systems.command("export", short_help="Save all AI systems as a sheet (CSV or XLSX).")
@click.argument("sheet", type=WRITTEN)
@server_option
def export_systems(sheet: Path, url: str | None) -> None:
    """Save all AI systems as a sheet, .csv or .xlsx, which an import takes again."""
    from plumbline_client.command.server import connected
    from plumbline_client.whole_files import check_places

    check_places(sheet)
    with connected(url) as client:
        click.echo(f"Sheet: {client.systems.export(sheet)}")


@systems.command(short_help="Show what is not proven of an AI system.")
@click.argument("system")
@server_option
def gaps(system: str, url: str | None) -> None:
    """Show the obligations of an AI system that are not proven, and what is missing."""
    from plumbline_client.command.server import connected

    with connected(url) as client:
        found = the_system(client, system)
        missing = client.obligations.coverage(found).gaps
        for gap in missing:
            click.echo(f"{gap.framework}  {gap.ref}: {gap.missing}")
        if found.classification is None:
            click.echo(f"{found.name} is not classified yet; what the law asks follows from its class.", err=True)
        elif not missing:
            click.echo("Nothing is missing.")


@systems.command(short_help="Download the report of an AI system's newest risk assessment (PDF).")
@click.argument("system")
@click.option("-o", "--output", type=WRITTEN, default="assessment.pdf", show_default=True, metavar="FILE")
@click.option("--approved", is_flag=True, help="Of the one that is approved, whatever is under way.")
@server_option
def report(system: str, output: Path, approved: bool, url: str | None) -> None:
    """Download the report of an AI system's newest risk assessment. A draft's bears DRAFT on every page.

    `plumbline verify assessment.pdf` checks it offline.
    """
    from plumbline_client.command.server import connected
    from plumbline_client.errors import InvalidInput
    from plumbline_client.whole_files import check_places

    check_places(output)
    with connected(url) as client:
        found = the_system(client, system)
        newest = next(client.assessments.list(system=found, state="approved" if approved else None), None)
        if newest is None:
            raise InvalidInput(f"{found.name} has no {'approved ' if approved else ''}risk assessment.")
        click.echo(f"Report: {client.assessments.report(newest, output)} ({newest.state})")


def the_system(client: Client, named: str) -> System:
    """By its id, or by its whole name. InvalidInput where there is none."""
    from plumbline_client.client import registered_id
    from plumbline_client.command.server import nothing_like
    from plumbline_client.errors import InvalidInput, Problem

    if registered_id(named) is None:
        found = next(client.systems.list(name=named), None)
        if found is None:
            raise InvalidInput(nothing_like("system named", repr(named), client))
        return found
    try:
        return client.systems.get(named)
    except Problem as problem:
        if problem.slug != "not-found":
            raise
        raise InvalidInput(nothing_like("system", named, client)) from problem
