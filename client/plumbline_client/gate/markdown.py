"""The decision as Markdown: for a job's summary and for a comment on a merge request."""

from __future__ import annotations

import re

from plumbline_client.gate.decision import Decision, Finding
from plumbline_client.gate.judged import WORDS, count, number, span
from plumbline_client.gate.regressions import Regression

MARKS = {"pass": "✔", "fail": "✘", "inconclusive": "?", "not_applicable": "–", "waived": "✘"}
ORDER = ("fail", "waived", "inconclusive", "pass", "not_applicable")
# a summary may hold one megabyte; a policy has some tens of rules
MOST = 500
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~@$&#])")


def markdown(decision: Decision) -> str:
    """A heading, what was judged, a table of the rules, and what got worse."""
    lines = [f"## {plain(decision.headline)}", "", _subject(decision), ""]
    lines += _rules(decision)
    if decision.comparison is not None:
        lines += ["", "### Since the baseline", "", plain(str(decision.comparison.get("summary", "")))]
        lines += _worse(decision)
    if decision.notes:
        lines += ["", *(f"- {plain(note)}" for note in decision.notes)]
    if "page" in decision.links:
        lines += ["", f"[The whole audit]({address(decision.links['page'])})"]
    return "\n".join(lines) + "\n"


def _subject(decision: Decision) -> str:
    rows = f", {decision.rows:,} rows" if decision.rows is not None else ""
    return f"Audited: {plain(decision.subject)}. Data: {plain(decision.data)}{rows}. Policy: {plain(decision.policy)}."


def _rules(decision: Decision) -> list[str]:
    findings = sorted(decision.findings, key=lambda finding: ORDER.index(finding.state))
    lines = [
        "| verdict | rule | value | interval | n | limit | reason |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(finding) for finding in findings[:MOST]]
    if len(findings) > MOST:
        lines.append(f"\nand {len(findings) - MOST:,} more")
    return lines


def _row(finding: Finding) -> str:
    verdict = finding.judged
    word = "waived" if finding.waiver else WORDS[verdict.outcome]
    reason = verdict.reason
    if finding.waiver:
        reason = f"{finding.waiver.sentence()}. {reason}"
    if finding.expired:
        reason = f"The waiver expired on {finding.expired.until}. {reason}"
    if verdict.rows_needed:
        reason += f" About {verdict.rows_needed:,} rows of the same kind would settle it."
    limit = "–" if verdict.limit is None else f"{verdict.direction.replace('_', ' ')} {verdict.limit:g}"
    counted = verdict.level is None
    value = "–" if verdict.value is None else f"{verdict.value:,.0f}" if counted else number(verdict.value)
    interval = "–" if verdict.level is None or verdict.value is None else verdict.interval()
    n = "–" if verdict.n is None else count(verdict.n)
    cells = (f"{MARKS[finding.state]} {word}", verdict.rule, value, interval, n, limit, reason)
    return f"| {' | '.join(plain(cell) for cell in cells)} |"


def _worse(decision: Decision) -> list[str]:
    shown = [r for r in decision.regressions if r.counts or r.rule is not None]
    rest = len(decision.regressions) - len(shown)
    lines: list[str] = []
    if shown:
        head = ["| got worse | rule | baseline | now | difference | counts |", "| --- | --- | --- | --- | --- | --- |"]
        lines += ["", *head, *(_regression(regression) for regression in shown[:MOST])]
    if rest:
        lines += ["", f"{rest} more figures look worse; no rule rests on them, and of many some do so by chance."]
    return lines


def _regression(regression: Regression) -> str:
    counts = "yes" if regression.counts else regression.waiver.sentence() if regression.waiver else "no"
    difference = regression.difference
    cells = (
        regression.title,
        regression.rule or "–",
        regression.baseline.told(),
        regression.current.told(),
        f"{number(difference.value)} ({span(difference.low, difference.high)})",
        counts,
    )
    return f"| {' | '.join(plain(cell) for cell in cells)} |"


def plain(text: str) -> str:
    """Text as text: nothing in it is Markdown, HTML, a mention or the end of a table's cell."""
    escaped = SPECIAL.sub(r"\\\1", " ".join(text.split()))
    for sign, name in (("\\<", "&lt;"), ("\\>", "&gt;"), ("\\&", "&amp;"), ("://", "&#58;//")):
        escaped = escaped.replace(sign, name)
    return escaped


def address(url: str) -> str:
    return "".join(sign for sign in url if sign.isalnum() or sign in ":/.-_~%?=&[]@")
