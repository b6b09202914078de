"""What the gate decides: verdicts, waivers and what got worse since a baseline, made into one exit code.

0 passed; 1 a rule failed that is not waived, or a figure got worse that counts; 3 nothing failed, but something is
inconclusive or no rule could be judged. Inconclusive is let through only where that was asked for, and then it is said.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plumbline_client.gate.judged import Judged, judged
from plumbline_client.gate.regressions import Regression, regressions
from plumbline_client.gate.waivers import Waiver, policy_waivers

PASSED, FAILED, INCONCLUSIVE = 0, 1, 3
Counting = Literal["ruled", "any", "ignore"]
RESULTS = {PASSED: "passed", FAILED: "failed", INCONCLUSIVE: "inconclusive"}


@dataclass(frozen=True, slots=True)
class Terms:
    """How strict the gate is.

    `counting` says which figures that got worse stop it: those that a rule rests on, any, or none. `day` (UTC) decides
    which waivers count.
    """

    day: datetime.date
    waivers: tuple[Waiver, ...] = ()
    counting: Counting = "ruled"
    allow_inconclusive: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with the waiver that covers it, if one does; only a fail can be waived."""

    judged: Judged
    waiver: Waiver | None = None
    expired: Waiver | None = None

    @property
    def state(self) -> str:
        return "waived" if self.waiver else self.judged.outcome


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that the written forms tell. `subject` and `data` are names, `links` addresses of pages."""

    subject: str
    data: str
    rows: int | None
    policy: str
    findings: tuple[Finding, ...]
    regressions: tuple[Regression, ...]
    comparison: Mapping[str, Any] | None
    notes: tuple[str, ...]
    terms: Terms
    exit_code: int
    headline: str
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def result(self) -> str:
        return RESULTS[self.exit_code]

    def stopping(self) -> tuple[Finding, ...]:
        """The verdicts that fail the gate."""
        return tuple(f for f in self.findings if f.state == "fail")

    def worse(self) -> tuple[Regression, ...]:
        """The figures that got worse and fail the gate."""
        return tuple(r for r in self.regressions if r.counts)


def decide(
    audit: Mapping[str, Any],
    terms: Terms,
    *,
    comparison: Mapping[str, Any] | None = None,
    links: Mapping[str, str] | None = None,
) -> Decision:
    """Judge an audit's JSON, and a comparison with its baseline as JSON where there is one.

    Raises InvalidInput where either is damaged.
    """
    verdicts = judged(audit)
    waivers = (*terms.waivers, *policy_waivers(verdicts))
    findings = tuple(_finding(verdict, waivers, terms.day) for verdict in verdicts)
    worse = regressions(comparison, terms.counting, [w for w in waivers if w.counts_on(terms.day)])
    code = exit_code(findings, worse, terms.allow_inconclusive)
    data = audit.get("data") or {}
    return Decision(
        subject=_name(audit),
        data=str(data.get("name") or ""),
        rows=data.get("rows_used"),
        policy=str((audit.get("policy") or {}).get("name") or ""),
        findings=findings,
        regressions=worse,
        comparison=comparison,
        notes=tuple(_notes(findings, waivers, comparison, terms)),
        terms=terms,
        exit_code=code,
        headline=headline(findings, worse, code),
        links=dict(links or {}),
    )


def _name(audit: Mapping[str, Any]) -> str:
    subject = audit.get("subject") or {}
    name = str(subject.get("name") or (audit.get("data") or {}).get("name") or "predictions")
    return f"{name}, version {subject['version']}" if subject.get("version") else name


def _finding(verdict: Judged, waivers: Sequence[Waiver], day: datetime.date) -> Finding:
    """Waivers are judged by today, not by the day of the audit."""
    if verdict.outcome != "fail":
        return Finding(verdict)
    covering = [waiver for waiver in waivers if waiver.covers(verdict.rule, verdict.attribute)]
    counting = [waiver for waiver in covering if waiver.counts_on(day)]
    latest = max(covering, key=lambda waiver: waiver.until, default=None)
    return Finding(verdict, counting[0]) if counting else Finding(verdict, None, latest)


def exit_code(findings: Sequence[Finding], worse: Sequence[Regression], allow_inconclusive: bool) -> int:
    states = [finding.state for finding in findings]
    if "fail" in states or any(regression.counts for regression in worse):
        return FAILED
    assessed = [state for state in states if state != "not_applicable"]
    if not assessed:
        return INCONCLUSIVE
    return INCONCLUSIVE if "inconclusive" in assessed and not allow_inconclusive else PASSED


def headline(findings: Sequence[Finding], worse: Sequence[Regression], code: int) -> str:
    """`The gate is closed: of 11 rules, 1 failed, 4 could not be decided, 6 passed.`"""
    states = [finding.state for finding in findings]
    words = {"fail": "failed", "inconclusive": "could not be decided", "pass": "passed", "waived": "failed but waived"}
    parts = [f"{states.count(state)} {word}" for state, word in words.items() if state in states]
    total = sum(state != "not_applicable" for state in states)
    rules = f"of {total} rule{'' if total == 1 else 's'}, {', '.join(parts)}" if total else "no rule could be judged"
    counting = sum(regression.counts for regression in worse)
    if counting:
        rules += f"; {counting} figure{'' if counting == 1 else 's'} got worse since the baseline"
    opened = {PASSED: "The gate is open", FAILED: "The gate is closed", INCONCLUSIVE: "The gate stays shut"}[code]
    return f"{opened}: {rules}."


def _notes(
    findings: Sequence[Finding], waivers: Sequence[Waiver], comparison: Mapping[str, Any] | None, terms: Terms
) -> list[str]:
    """What a reader has to know of how it was decided."""
    notes = []
    undecided = sum(finding.state == "inconclusive" for finding in findings)
    if undecided and terms.allow_inconclusive:
        notes.append(f"{undecided} inconclusive rules were let through, as --allow-inconclusive asks.")
    for waiver in waivers:
        covered = [f for f in findings if waiver.covers(f.judged.rule, f.judged.attribute)]
        failing = any(f.judged.outcome == "fail" for f in covered)
        if not covered:
            notes.append(f"The waiver of {waiver.rule} ({waiver.origin}) is of no rule of this audit.")
        elif not waiver.counts_on(terms.day):
            so = "; the rule fails" if failing else ""
            notes.append(f"The waiver of {waiver.rule} ({waiver.origin}) expired on {waiver.until}{so}.")
    if comparison is not None and not comparison.get("comparable"):
        notes.append(f"Not compared with the baseline: {comparison.get('summary', 'the two cannot be compared')}")
    return notes
