"""`plumbline verify`: checks a report from its own evidence, or an exported trail, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

EXIT_CODES = {"verified": 0, "differs": 1, "not_a_report": 2}
MOST_SHOWN = 20
COMPARE = " Compare this with the one that the organisation publishes: anybody can sign with a key of their own."


@click.command(short_help="Check a report or an exported trail offline, from the file alone.")
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.pub",
    help="The organisation's public key or keys (PEM): fail where none of them signed it.",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write what was found here.")
@click.pass_context
def verify(context: click.Context, report: Path, key_file: Path | None, json_file: Path | None) -> None:
    """Check FILE, a report (PDF) or an exported trail (JSON), offline, with nothing but the file.

    Of a report the attached evidence is compared with the hash printed on the pages; every figure, interval and verdict
    that is a function of its counts is computed again; the pages are compared with the report made again from it. Its
    signature is checked too: compare the key with the one that the organisation publishes, or give that by --key.
    Of a trail every entry's hash, the chain and the signed heads are checked; the first bad entry is named.

    Exit code: 0 verified, 1 something differs, 2 not such a report.
    """
    from audits.report.signature import fingerprints_in
    from audits.run.write import check_writable, write_atomically

    check_writable(json_file, inputs=(report,))
    trusted = fingerprints_in(key_file) if key_file else []
    found = verify_in_sandbox(report, trusted)
    if json_file is not None:
        write_atomically(json_file, (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode())
    show(found, report, key_file)
    context.exit(EXIT_CODES[found["result"]])


def verify_in_sandbox(report: Path, trusted: list[str]) -> dict[str, Any]:
    """The findings' JSON; `trusted` are the fingerprints of the keys of which one has to have signed it. The report is
    a stranger's file, so it is read where it can harm nothing."""
    import tempfile

    from audits.report.limits import DrawingLimits
    from models.jobs.sandbox.errors import SandboxError
    from models.jobs.sandbox.run import run_sandboxed

    with tempfile.TemporaryDirectory(prefix="plumbline-verify-") as output:
        try:
            return run_sandboxed(
                "audits.report.verify:verify_task",
                {"trusted": trusted},
                inputs={"report": report},
                output=Path(output),
                limits=DrawingLimits(seconds=600),
            )
        except SandboxError as error:
            from audits.report.verification.findings import Findings

            reason = f"reading the report was stopped ({error.kind}): {error}"
            return Findings(reason=reason).to_json()


def show(found: dict[str, Any], report: Path, key_file: Path | None) -> None:
    """The answer first, then what differs, then what could not be checked. A report that is none goes to stderr."""
    if found["result"] == "not_a_report":
        click.echo(f"{report.name} is not a report that can be checked: {found['reason']}.", err=True)
        return
    differs, checked, left = found["differs"], found["checked"], found["not_recomputed"]
    if differs:
        click.echo(
            f"{report.name} does not agree with its evidence. What differs: {len(differs)}; agrees: {len(checked)}."
        )
    else:
        click.echo(f"{report.name} agrees with its evidence: {len(checked)} things checked, none differs.")
    if "signature" in found:
        click.echo(about_signature(found["signature"], key_file))
    for difference in differs[:MOST_SHOWN]:
        click.echo(f"  {difference['what']}")
        click.echo(f"    in the report: {difference['printed']}")
        click.echo(f"    computed:      {difference['recomputed']}")
    if len(differs) > MOST_SHOWN:
        click.echo(f"  and {len(differs) - MOST_SHOWN} more; --json FILE lists all")
    if left:
        click.echo(f"Not recomputed ({len(left)}):")
    for item in left[:MOST_SHOWN]:
        click.echo(f"  {item['what']}: {item['why']}")
    if len(left) > MOST_SHOWN:
        click.echo(f"  and {len(left) - MOST_SHOWN} more; --json FILE lists all")


def about_signature(signature: dict[str, Any], key_file: Path | None) -> str:
    if signature["fingerprint"] is None:
        return "It is unsigned: whoever can write a file could have made up all of it."
    holds = f", which {key_file.name} holds" if key_file and signature["trusted"] else ""
    return f"Signed with key {signature['fingerprint']}{holds}.{'' if key_file else COMPARE}"
