"""`plumbline status`: how far a job or an audit is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from plumbline_client.command.server import server_option

if TYPE_CHECKING:
    from plumbline_client.client import Client
    from plumbline_client.records import AuditRecord, Job


@click.command(short_help="Show how far a job or an audit is.")
@click.argument("ident", metavar="JOB|AUDIT")
@click.option("--watch", is_flag=True, help="Wait until it is finished, with a progress bar on a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Print the job, and the audit if it is one, as JSON.")
@server_option
def status(ident: str, watch: bool, as_json: bool, url: str | None) -> None:
    """Show how far a job or an audit is, by its id.

    Exit code: 0 it is there (with --watch: it succeeded), 2 there is none or its input was refused, 4 server, network.
    """
    from plumbline_client.command.server import connected

    with connected(url) as client:
        job, audit = found(client, ident)
        if watch:
            job = client.jobs.wait(job, progress=True)
            audit = client.audits.get(audit.id).record if audit else None
        if as_json:
            click.echo(printed(job, audit))
        else:
            show(client, job, audit)


def found(client: Client, ident: str) -> tuple[Job, AuditRecord | None]:
    """The job of that id, or the audit of that id with its job. InvalidInput where there is neither."""
    from plumbline_client.command.server import checked_id, nothing_like
    from plumbline_client.errors import InvalidInput, Problem

    checked = checked_id(ident)
    try:
        audit = client.audits.get(checked)
        return audit.job(), audit.record
    except Problem as problem:
        if problem.slug != "not-found":
            raise
    try:
        return client.jobs.get(checked), None
    except Problem as problem:
        if problem.slug != "not-found":
            raise
        raise InvalidInput(nothing_like("job and no audit", ident, client)) from problem


def printed(job: Job, audit: AuditRecord | None) -> str:
    import json

    data = {"job": job.model_dump(mode="json"), "audit": audit.model_dump(mode="json") if audit else None}
    return json.dumps(data, indent=2, ensure_ascii=False)


def show(client: Client, job: Job, audit: AuditRecord | None) -> None:
    click.echo(f"{job.title or job.kind}: {job.state}")
    if not job.is_finished:
        click.echo(f"  {100 * job.progress.fraction:.0f}% {job.progress.sentence}".rstrip())
    if job.error:
        click.echo(f"  {job.error}")
    if audit and audit.outcomes:
        click.echo(f"  {', '.join(f'{n} {outcome}' for outcome, n in audit.outcomes.items())}")
    if job.links.page:
        click.echo(f"  {client.connection.page(job.links.page)}")
