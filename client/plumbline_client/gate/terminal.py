"""The decision on a terminal: the answer first, what stops the gate, then the rest."""

from __future__ import annotations

from typing import Any

from plumbline_client.gate.decision import Decision, Finding
from plumbline_client.gate.judged import WORDS

MARKS = {"pass": "✔", "fail": "✘", "inconclusive": "?", "not_applicable": "–", "waived": "✘"}
STYLES = {"pass": "cyan", "fail": "bold red", "inconclusive": "yellow", "not_applicable": "dim", "waived": "magenta"}
ORDER = ("fail", "waived", "inconclusive", "pass", "not_applicable")
MOST = 20


def show(decision: Decision, *, rules: bool = True) -> None:
    """Print the decision; without its `rules` where they stand above already."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(decision.headline)}[/bold]")
    findings = decision.findings if rules else ()
    for finding in sorted(findings, key=lambda finding: ORDER.index(finding.state)):
        for line in _lines(finding, escape):
            console.print(line)
    if decision.comparison is not None:
        console.print(f"\nSince the baseline: {escape(str(decision.comparison.get('summary', '')))}")
    shown = [r for r in decision.regressions if r.counts or r.rule is not None]
    for regression in shown[:MOST]:
        why = (
            "" if regression.counts else f" ({regression.waiver.sentence() if regression.waiver else 'does not count'})"
        )
        console.print(f"[bold red]✘ {escape(regression.title)} got worse[/bold red]{escape(why)}")
        console.print(f"  {escape(regression.reason())}", style="dim")
    if len(shown) > MOST:
        console.print(f"and {len(shown) - MOST} more")
    for note in decision.notes:
        console.print(f"Note: {escape(note)}")
    if "page" in decision.links:
        console.print(f"The whole audit: {escape(decision.links['page'])}")


def _lines(finding: Finding, escape: Any) -> list[str]:
    verdict = finding.judged
    style, waiver = STYLES[finding.state], finding.waiver
    told = f"{MARKS[finding.state]} {verdict.rule} {WORDS[verdict.outcome]}"
    lines = [f"[{style}]{escape(told)}[/{style}]{escape(f' ({waiver.sentence()})') if waiver else ''}"]
    if finding.state == "pass":
        return [f"{lines[0]}[dim]: {escape(verdict.figure())}[/dim]"]
    lines.append(f"[dim]  {escape(verdict.reason)}[/dim]")
    if verdict.value is not None:
        lines.append(f"[dim]  {escape(verdict.figure())}[/dim]")
    if verdict.rows_needed:
        lines.append(f"[dim]  About {verdict.rows_needed:,} rows of the same kind would settle it.[/dim]")
    if finding.expired:
        lines.append(f"  The waiver expired on {finding.expired.until}.")
    return lines
