"""What can be done about a rule that fails or is too close to call. It names where to look, never why it is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audits.measure.disparities import DISPARITIES
from audits.report import numbers, phrases, words
from audits.report.blocks import Tone
from audits.report.reading import Reading

Json = Mapping[str, Any]
MOST_STEPS = 12
# said once, for all rules that fail; the first where groups differ
CHECK = (
    "Compare the rows of the groups named: how they came about, whether the label means the same in each, which inputs "
    "are missing more often in one. The audit shows the difference, not its cause."
)
TRY = (
    "Change one thing (the data, an input, the threshold), register the result as a new version, audit it on the same "
    "data, and compare it with this audit."
)


@dataclass(frozen=True, slots=True)
class Step:
    """One verdict that needs somebody: what is so, and what to do, in order. `metric` is what to read up on, `asks` the
    rule as its policy words it."""

    rule: str
    asks: str
    tone: Tone
    title: str
    todo: tuple[str, ...]
    metric: str


def next_steps(reading: Reading) -> tuple[Step, ...]:
    """The rules that fail, then those that are waived or open, worst first."""
    open_ = reading.with_tone("fail", "waived", "inconclusive")
    return tuple(_step(reading, verdict) for verdict in open_[:MOST_STEPS])


def _step(reading: Reading, verdict: Json) -> Step:
    metric, tone = reading.metric_of(verdict), words.tone(verdict)
    said = _counted(reading, verdict) if metric in phrases.COUNTS else _measured(reading, verdict, metric, tone)
    asks = words.clean(reading.rule_of(verdict).get("title") or "").rstrip(".")
    headline = phrases.headline(reading, [verdict])
    return Step(words.clean(verdict["rule"]), asks, tone, headline, tuple(filter(None, said)), metric)


def _counted(reading: Reading, verdict: Json) -> list[str]:
    return [
        words.sentence(words.clean(verdict["reason"])),
        "Bring more rows of these groups. Until then nothing can be promised about them, for better or worse.",
        _hidden(reading, verdict),
        _more_rows(reading, verdict),
    ]


def _measured(reading: Reading, verdict: Json, metric: str, tone: Tone) -> list[str]:
    look = _where(reading, verdict, metric)
    aside, _ = reading.set_aside(verdict)
    few = f"Too few to be assessed: {words.listed([words.group(g) for g in aside], 6)}. Bring more rows of them."
    left_out = f"{few if aside else ''} {_hidden(reading, verdict)}".strip()
    if tone == "inconclusive":
        known = all(m["value"] is not None for m in reading.measured(verdict))
        return [look, _more_rows(reading, verdict) or (AT_THE_LIMIT if known else ""), left_out]
    if tone == "waived":
        return [words.waiver(verdict), "Mend it before the waiver ends; from then on the rule fails.", look, left_out]
    return [look, "" if verdict.get("attribute") else SIMPLE, left_out]


def for_all(reading: Reading) -> tuple[str, ...]:
    """What to do about every rule that fails; nothing where none does."""
    fails = reading.with_tone("fail")
    if not fails:
        return ()
    return (CHECK, TRY) if any(v.get("attribute") for v in fails) else (TRY,)


SIMPLE = "Compare with the version before, and with what a simple model reaches on the same data."


HIDDEN = (
    "Hidden, since a count of theirs is so small that it could give a person away: {}. More rows would show them. So "
    "would a lower smallest count that may be shown, where nobody outside reads the result."
)
AT_THE_LIMIT = (
    "The figure lies so near to its limit that no number of rows can be named that would settle it. Look at what the "
    "limit protects, and decide by that."
)


def _hidden(reading: Reading, verdict: Json) -> str:
    _, groups = reading.set_aside(verdict)
    return HIDDEN.format(words.listed([words.group(g) for g in groups], 6)) if groups else ""


def _where(reading: Reading, verdict: Json, metric: str) -> str:
    """The groups at both ends, or the group that is furthest off."""
    measured = [m for m in reading.measured(verdict) if m["value"] is not None]
    if len(measured) == 1 and (ends := phrases.ends(reading, measured[0])):
        return f"Look first at the two groups furthest apart: {ends[:1].lower() + ends[1:]}."
    if measured and measured[0]["group"]:
        pick = min if verdict.get("direction") == "at_least" else max
        worst = pick(measured, key=lambda m: m["value"])
        of = words.attribute("*".join(worst["group"]))
        against = f" against {words.group(worst['reference'])}" if worst.get("reference") else ""
        return f"Look first at {words.group(worst['group'])}{against}, by {of}: {phrases.with_interval(worst)}."
    if measured and metric not in DISPARITIES:
        return "Look at the same figure group by group: one group may carry most of it."
    return words.sentence(words.clean(verdict["reason"])) if not measured else ""


def _more_rows(reading: Reading, verdict: Json) -> str:
    rows, now = verdict.get("rows_needed"), reading.data.get("rows_used")
    if not rows:
        return ""
    has = f"; this audit has {numbers.count(now)}" if now else ""
    return f"About {numbers.about(rows)} rows of the same kind would settle it{has}."
