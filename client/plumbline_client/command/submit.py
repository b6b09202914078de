"""`plumbline submit`: data and a model to the server, and an audit of them."""

from __future__ import annotations

from typing import Any

import click

from plumbline_client.command.server import server_option
from plumbline_client.command.submission import submission_options


@click.command(short_help="Send data and a model to the server, and start an audit.")
@click.argument("data", required=False, metavar="[DATA|ID]")
@submission_options
@click.option("--wait", is_flag=True, help="Wait until the audit is finished, and say what it found.")
@click.option("--json", "as_json", is_flag=True, help="Print the audit as JSON.")
@server_option
def submit(data: str | None, wait: bool, as_json: bool, url: str | None, **given: Any) -> None:
    """Register DATA (a file, or the id of a registered version) and a model on the server, and start an audit.

    Prints the audit's id and page. Exit code: 0 started (with --wait: finished), whatever was found; `plumbline gate`
    is for deciding by it. 2 bad input, 4 server or network.
    """
    from plumbline_client.command.server import connected
    from plumbline_client.command.submission import read_submission, start

    asked = read_submission(data, given)
    with connected(url) as client:
        audit = start(client, asked)
        if wait:
            click.echo(f"Audit: {audit.id}", err=True)
            audit.wait(progress=True)
        if as_json:
            click.echo(audit.record.model_dump_json(indent=2))
            return
        click.echo(f"Audit: {audit.id}")
        click.echo(f"Page: {audit.page}")
        if wait:
            from plumbline_client.notebook import headline

            click.echo(headline(audit.verdicts))
