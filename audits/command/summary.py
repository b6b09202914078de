"""The result on the terminal: verdicts first, then the figures behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = {"pass": "passes", "fail": "FAILS", "inconclusive": "is inconclusive", "not_applicable": "is not applicable"}
MARKS = {"pass": "✔", "fail": "✘", "inconclusive": "?", "not_applicable": "–"}
UNSAID = (
    "Nobody said which outcome benefits the person, so the positive one was taken. Where that is a harm, such as a "
    "default, give --favourable: disparate impact turns on it."
)
STYLES = {"pass": "cyan", "fail": "bold red", "inconclusive": "yellow", "not_applicable": "dim"}


def show(audit: dict[str, Any], json_file: Path | None, pdf_file: Path | None) -> None:
    """Print the headline, a line for each verdict, disparities by attribute, warnings, and where the files are."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    data = audit["data"]
    console.print(f"[bold]{_escape(headline(audit['verdicts']))}[/bold]")
    console.print(f"{_escape(data['name'])}: {_rows(data)}.\n")
    for verdict in audit["verdicts"]:
        _verdict(console, verdict)
    console.print()
    console.print(_disparities(audit))
    if audit["provenance"]["parameters"].get("favourable") is None:
        console.print(f"Note: {UNSAID}")
    for warning in audit["warnings"]:
        console.print(f"Note: {_escape(warning)}")
    for what, file in (("Evidence", json_file), ("Report", pdf_file)):
        if file:
            console.print(f"{what}: {_escape(str(file))}")


def _rows(data: dict[str, Any]) -> str:
    used, rows = data["rows_used"], data["rows"]
    counted = f"{rows:,} rows" if used == rows and "stands_for" in data else f"{used:,} of {rows:,} rows"
    return f"{counted} standing for {data['stands_for']:,}" if "stands_for" in data else counted


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def headline(verdicts: list[dict[str, Any]]) -> str:
    """One sentence that changes with the state."""
    counted = {o: sum(v["outcome"] == o and not v.get("waived") for v in verdicts) for o in WORDS}
    waived = sum(bool(v.get("waived")) for v in verdicts)
    judged = sum(n for o, n in counted.items() if o != "not_applicable") + waived
    if not judged:
        return "No rule could be judged."
    words = {"fail": "failed", "inconclusive": "could not be decided", "pass": "passed"}
    parts = [f"{counted[outcome]} {word}" for outcome, word in words.items() if counted[outcome]]
    if waived:
        parts.append(f"{waived} failed but {'is' if waived == 1 else 'are'} waived")
    return f"Of {judged} rules, {', '.join(parts)}." if judged > 1 else f"The one rule {parts[0].split(' ', 1)[1]}."


def _verdict(console: Any, verdict: dict[str, Any]) -> None:
    outcome = verdict["outcome"]
    style = STYLES[outcome]
    waived = f" ({verdict['waiver']})" if verdict.get("waived") else ""
    console.print(f"[{style}]{MARKS[outcome]} {_escape(verdict['rule'])} {WORDS[outcome]}[/{style}]{_escape(waived)}")
    console.print(f"  {_escape(verdict['reason'])}", style="dim")
    if verdict.get("rows_needed"):
        console.print(f"  About {verdict['rows_needed']:,} rows of the same kind would settle it.", style="dim")


def _disparities(audit: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(title="Disparities between groups", title_justify="left", box=None, pad_edge=False)
    table.add_column("attribute")
    table.add_column("metric")
    for name in ("value", "95% interval", "n"):
        table.add_column(name, justify="right")
    for m in audit["measurements"]:
        if "attribute" in m and not m["group"] and "over" not in m:
            n = "" if m["n"] is None else f"{m['n']:,}"
            table.add_row(_escape(m["attribute"]), m["metric"], *_figure(m), n)
    return table


def _figure(m: dict[str, Any]) -> tuple[str, str]:
    if m["value"] is None:
        return "–", _escape(m.get("reason", ""))
    low, high = (("none" if b is None else f"{b:.3f}") for b in (m["interval"]["low"], m["interval"]["high"]))
    return f"{m['value']:.3f}", f"{low} to {high}"
