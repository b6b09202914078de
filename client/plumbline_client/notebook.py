"""An audit and a comparison as they look in a notebook and on a terminal: verdicts first, then charts.

No script, nothing loaded from anywhere; every text escaped, every chart a picture, in which nothing can run.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from plumbline_client.errors import PlumblineError
from plumbline_client.gate.decision import Finding
from plumbline_client.gate.judged import WORDS, Judged, count, number, span

if TYPE_CHECKING:
    from rich.console import RenderableType

    from plumbline_client.audits import Audit
    from plumbline_client.records import Comparison, Figure

MARKS = {"pass": "✔", "fail": "✘", "inconclusive": "?", "not_applicable": "–"}
STYLES = {"pass": "cyan", "fail": "bold red", "inconclusive": "yellow", "not_applicable": "dim"}
MOST_FIGURES = 12
ROOM = 70
SIZE = re.compile(
    r"""(?P<before><svg[^>]*?\s)width="(?P<width>[\d.]+)"(?P<between>[^>]*?)"""
    r'''viewBox="(?P<left>[-\d.]+) (?P<top>[-\d.]+) (?P<across>[\d.]+) (?P<down>[\d.]+)"'''
)
HEAD = ("verdict", "rule", "value", "interval", "n", "limit", "reason")


def headline(verdicts: Sequence[Judged]) -> str:
    from plumbline_client.gate.decision import headline as gate_headline

    told = gate_headline([Finding(verdict) for verdict in verdicts], (), 0).partition(": ")[2]
    return told[:1].upper() + told[1:]


def audit_html(audit: Audit) -> str:
    title = escape(audit.record.title or "Audit")
    link = f'<a href="{escape(audit.page, quote=True)}" rel="noopener">{escape(audit.id)}</a>'
    if audit.state != "succeeded":
        return f"<div><p><strong>{title}</strong> is {escape(audit.state)}. {link}</p></div>"
    verdicts = audit.verdicts
    try:
        figures: Iterable[Figure] = audit.figures[:MOST_FIGURES]
    except PlumblineError:
        figures = ()  # the verdicts are worth more than an error about pictures
    parts = [
        f"<p><strong>{escape(headline(verdicts))}</strong><br>{title}, {link}</p>",
        table(HEAD, [cells(verdict) for verdict in verdicts]),
        *(picture(figure) for figure in figures),
    ]
    return f"<div>{''.join(parts)}</div>"


def cells(verdict: Judged) -> tuple[str, ...]:
    counted = verdict.level is None
    value = "–" if verdict.value is None else f"{verdict.value:,.0f}" if counted else number(verdict.value)
    return (
        f"{MARKS[verdict.outcome]} {WORDS[verdict.outcome]}",
        verdict.rule,
        value,
        "–" if counted or verdict.value is None else verdict.interval(),
        "–" if verdict.n is None else count(verdict.n),
        "–" if verdict.limit is None else f"{verdict.direction.replace('_', ' ')} {verdict.limit:g}",
        verdict.reason,
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col" style="text-align:left">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td style=text-align:left>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def picture(figure: Figure) -> str:
    data = base64.b64encode(widened(figure.svg).encode()).decode()
    return (
        f"<figure><figcaption>{escape(figure.title)}</figcaption>"
        f'<img style="background:#fff" alt="{escape(figure.description, quote=True)}" '
        f'src="data:image/svg+xml;base64,{data}"></figure>'
    )


def widened(svg: str) -> str:
    """With room at its right: a picture has the reader's fonts, not the page's, and they may be wider."""
    found = SIZE.match(svg)
    if found is None:
        return svg
    width = float(found["width"])
    wider = f"{width + ROOM:g}"
    box = f"{found['left']} {found['top']} {float(found['across']) + ROOM:g} {found['down']}"
    return f'{found["before"]}width="{wider}"{found["between"]}viewBox="{box}"{svg[found.end() :]}'


def comparison_html(comparison: Comparison) -> str:
    shown = [row for row in comparison.rows if row.get("rule") or row.get("direction") in ("worse", "better")]
    head = ("", "figure", "rule", "baseline", "now", "difference")
    rows = [
        (
            str(row["direction"]),
            str(row["title"]),
            str(row.get("rule") or "–"),
            told(row["baseline"]),
            told(row["current"]),
            told(row["difference"]),
        )
        for row in shown[:50]
    ]
    notes = "".join(f"<li>{escape(note)}</li>" for note in comparison.notes)
    said = f"<p><strong>{escape(comparison.summary)}</strong></p>"
    return f"<div>{said}{table(head, rows) if rows else ''}{f'<ul>{notes}</ul>' if notes else ''}</div>"


def told(figure: dict[str, Any]) -> str:
    return f"{number(figure['value'])} ({span(figure['low'], figure['high'])})"


def audit_rich(audit: Audit) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    title = Text(audit.record.title or "Audit", style="bold")
    if audit.state != "succeeded":
        return Group(title, Text(f"{audit.state}: {audit.page}"))
    rows = Table(box=None, pad_edge=False)
    # the reason says the figures again, in a sentence
    for name in HEAD[:-1]:
        rows.add_column(name)
    for verdict in audit.verdicts:
        first, *rest, _ = cells(verdict)
        rows.add_row(Text(first, style=STYLES[verdict.outcome]), *(Text(cell) for cell in rest))
    return Group(title, Text(headline(audit.verdicts)), rows, Text(audit.page, style="dim"))
