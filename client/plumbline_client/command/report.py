"""`plumbline report`: an audit's report and evidence as files."""

from __future__ import annotations

from pathlib import Path

import click

from plumbline_client.command.server import server_option

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(short_help="Download an audit's report (PDF) and evidence (JSON).")
@click.argument("ident", metavar="AUDIT")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="The report as PDF (report.pdf without any option).")
@click.option("--evidence", type=FILE, metavar="FILE", help="The audit with its evidence as JSON.")
@server_option
def report(ident: str, output: Path | None, evidence: Path | None, url: str | None) -> None:
    """Download the report of a finished audit, and its evidence.

    `plumbline verify report.pdf` checks it offline.
    """
    from plumbline_client.command.server import connected, the_audit
    from plumbline_client.whole_files import check_places

    if output is None and evidence is None:
        output = Path("report.pdf")
    check_places(output, evidence)
    with connected(url) as client:
        audit = the_audit(client, ident)
        if output:
            click.echo(f"Report: {audit.report(output)}")
        if evidence:
            click.echo(f"Evidence: {audit.evidence(evidence)}")
