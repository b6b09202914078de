"""`plumbline gate`: an audit decides a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plumbline_client.command.server import server_option
from plumbline_client.command.submission import submission_options
from plumbline_client.gate.options import FILE, Gate, gate_options

if TYPE_CHECKING:
    from plumbline_client.audits import Audit
    from plumbline_client.client import Client
    from plumbline_client.command.submission import Submission

PREVIOUS = "previous"


@click.command(short_help="Let an audit on the server decide a pipeline, by its exit code.")
@click.argument("data", required=False, metavar="[DATA|ID]")
@click.option("--audit", "ident", metavar="ID", help="Decide by this audit instead of starting one.")
@submission_options
@click.option(
    "--baseline",
    metavar="AUDIT|FILE",
    help="Compare with this audit (an id, an audit's JSON, or 'previous': the last one of the same model).",
)
@gate_options
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write the decision as JSON here.")
@click.option("--timeout", type=float, metavar="SECONDS", help="Give up waiting after this long (exit 4).")
@server_option
@click.pass_context
def gate(
    context: click.Context,
    /,
    data: str | None,
    ident: str | None,
    baseline: str | None,
    json_file: Path | None,
    timeout: float | None,
    url: str | None,
    **given: Any,
) -> None:
    """Decide by an audit: of DATA and a model, which are sent like `plumbline submit` does, or by --audit ID.

    Exit code: 0 passed; 1 a rule failed that is not waived, or a figure got worse than the baseline; 2 bad input;
    3 nothing failed but something is inconclusive, or no rule could be judged; 4 server or network.
    """
    from plumbline_client.command.server import connected, the_audit
    from plumbline_client.whole_files import check_places

    options = Gate.taken_from(given)
    asked, policy, config = what_was_asked(data, ident, given)
    file = baseline_file(baseline)
    known = None if file else checked(baseline)
    read = (*(asked.files if asked else (policy, config)), options.waivers, file)
    check_places(json_file, *options.files, inputs=read)
    terms = options.terms()
    with connected(url) as client:
        audit = the_audit(client, ident) if ident else begun(client, asked)
        if audit.state != "succeeded":
            audit.wait(progress=True, timeout=timeout)
        comparison = compared(client, audit, known, file)
        page, result = audit.page, audit.result
    from plumbline_client.gate.decision import decide

    decision = decide(result, terms, comparison=comparison, links={"page": page, "audit": audit.id})
    from plumbline_client.gate.as_json import as_json
    from plumbline_client.gate.terminal import show
    from plumbline_client.whole_files import write

    if json_file:
        write(json_file, as_json(decision))
    options.write(decision, policy=policy, config=config)
    show(decision)
    context.exit(decision.exit_code)


def what_was_asked(
    data: str | None, ident: str | None, given: dict[str, Any]
) -> tuple[Submission | None, Path | None, Path | None]:
    """What to submit (None for an audit that is there), and the files that findings are shown in."""
    from plumbline_client.command.submission import option_names, read_submission

    if ident is None:
        asked = read_submission(data, given)
        return asked, asked.policy, asked.config
    shown = (given["policy"], given["config"])
    typed = [name for name in option_names() if given[name] not in (None, ()) and name not in ("policy", "config")]
    if data is not None or typed:
        what = "DATA" if data is not None else f"--{typed[0].replace('_', '-')}"
        raise click.UsageError(f"--audit decides by an audit that is there already; it takes no {what}.")
    return None, *shown


def begun(client: Client, asked: Submission | None) -> Audit:
    from plumbline_client.command.submission import start

    assert asked is not None
    audit = start(client, asked)
    click.echo(f"Audit: {audit.page}", err=True)
    return audit


def baseline_file(baseline: str | None) -> Path | None:
    return Path(baseline) if baseline and baseline != PREVIOUS and Path(baseline).is_file() else None


def compared(client: Client, audit: Audit, baseline: str | None, file: Path | None) -> dict[str, Any] | None:
    """The comparison's JSON; None where there is nothing to compare with."""
    if file is not None:
        from plumbline_client.gate.baseline import compare_with_file

        return compare_with_file(file, audit.result)
    if baseline is None:
        return None
    known = previous(client, audit) if baseline == PREVIOUS else baseline
    if known is None:
        click.echo("Note: there is no earlier audit of the same; nothing is compared.", err=True)
        return None
    return audit.compare(known).model_dump(mode="json")


def checked(baseline: str | None) -> str | None:
    """An id or "previous", as they are; InvalidInput, before any work, where it is neither."""
    from plumbline_client.client import registered_id
    from plumbline_client.errors import InvalidInput

    if baseline in (None, PREVIOUS):
        return baseline
    found = registered_id(str(baseline))
    if found is None:
        raise InvalidInput(f"The baseline {baseline!r} is neither a file that is there nor the id of an audit.")
    return found


def previous(client: Client, audit: Audit) -> str | None:
    """The newest finished audit before this one: of the same model, or where it has none of the same dataset."""
    record = audit.record
    of = {"model": record.model["model"]} if record.model else {"dataset": (record.dataset or {}).get("dataset")}
    for found in client.audits.list(state="succeeded", **of):
        earlier = not (found.record.created_at and record.created_at) or found.record.created_at < record.created_at
        if found.id != audit.id and earlier:
            return found.id
    return None
