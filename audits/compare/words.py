"""A comparison in words: titles, notes, one sentence that sums it up, and Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audits.compare.comparable import plain_name
from audits.report import numbers
from audits.report.words import OUTCOMES, attribute, group, listed, plain, short, small, value
from models.errors import InputError

if TYPE_CHECKING:
    from audits.compare.mover import Span
    from audits.compare.types import Change, Comparison, Row, Uncompared

Json = Mapping[str, Any]
SEVERITY = ("fail", "waived", "inconclusive", "pass", "not_applicable")
DIRECTIONS = {
    "worse": "Worse",
    "better": "Better",
    "unclear": "Cannot be told",
    "same": "The same",
}
MOST_LINES = 20


def title_of(audit: Json) -> str:
    """What an audit is of, by its own evidence."""
    try:
        subject = audit["subject"]
        name = short(subject["name"] or audit["data"]["name"] or "predictions")
        return f"{name}, version {short(subject['version'])}" if subject["version"] else name
    except (KeyError, TypeError) as error:
        raise InputError(f"The evidence is damaged: {type(error).__name__}: {error}.") from error


def title(m: Json) -> str:
    """`Selection rate, sex: female`; `Demographic parity difference by sex`."""
    name = plain(plain_name(m["metric"])).title
    if m.get("feature") is not None:
        return f"{name} of {short(m['feature'])}"
    if m["group"]:
        against = f" against {group(m['reference'])}" if m.get("reference") else ""
        return f"{name}, {attribute('*'.join(m['group']))}: {group(m['group'])}{against}"
    return f"{name} by {attribute(m['attribute'])}" if m.get("attribute") else name


def notes(rows: Sequence[Row], left_out: Sequence[Uncompared]) -> list[str]:
    """How far the promise reaches, and how much could not be compared."""
    found = []
    if adjusted := [row for row in rows if row.adjusted]:
        found.append(
            f"{_figures(len(adjusted))} of rules that rest on several: their intervals are widened so that a rule "
            "raises a false alarm at most one time in twenty."
        )
    if exploratory := [row for row in rows if row.rule is None]:
        chance = max(1, round(len(exploratory) / 20))
        found.append(
            f"No rule rests on {_figures(len(exploratory)).lower()}. They are exploratory: even if nothing changed, "
            f"about {small(chance)} of so many would look changed by chance."
        )
    if left_out:
        verb = "was" if len(left_out) == 1 else "were"
        found.append(f"{_figures(len(left_out))} {verb} not compared, each for a reason that is given.")
    return found


def _figures(n: int) -> str:
    return f"{numbers.count(n) if n > 12 else small(n).capitalize()} figure{'' if n == 1 else 's'}"


def summary(rows: Sequence[Row], changes: Sequence[Change]) -> str:
    """One or two sentences: verdicts first, then the figures that rules rest on."""
    judged = [row for row in rows if row.rule is not None]
    return f"{_of_verdicts(changes)} {_of_figures(judged)}"


def _of_verdicts(changes: Sequence[Change]) -> str:
    if not changes:
        return "No verdict changed."
    said = [f"{c.about} {_is_now(c.now)} now" for c in changes[:3]]
    rest = [f"{small(len(changes) - 3)} more"] if len(changes) > 3 else []
    many = "One verdict" if len(changes) == 1 else f"{small(len(changes)).capitalize()} verdicts"
    return f"{many} changed: {listed([*said, *rest])}."


def rule_about(rule: str, asked: Json) -> str:
    """What `four-fifths[sex]` asks about, as one would say it: disparate impact by sex."""
    name, _, by = rule.partition("[")
    title = plain(asked["metric"]).title if asked.get("metric") else short(name)
    title = title if title[1:2].isupper() or title[1:2].isdigit() else title[:1].lower() + title[1:]
    return f"{title} by {attribute(by.rstrip(']'))}" if by else title


def _is_now(outcome: str) -> str:
    """The outcome as the verb of a sentence."""
    said = {"inconclusive": "is too close to call", "not_applicable": "does not apply", "waived": "fails, waived,"}
    return said.get(outcome) or OUTCOMES[outcome].lower()  # type: ignore[index]


def _of_figures(judged: Sequence[Row]) -> str:
    if not judged:
        return "No figure that a rule rests on could be compared."
    worse, better = ([row for row in judged if row.direction == way] for way in ("worse", "better"))
    of = f"Of {small(len(judged))} figure{'' if len(judged) == 1 else 's'} that rules rest on"
    said = f"{of}, {_how_many(worse)} got worse and {_how_many(better)} got better beyond the uncertainty"
    first = f": {worse[0].title} went from {_brief(worse[0])}" if worse else ""
    return f"{said}{first}."


def _how_many(rows: Sequence[Row]) -> str:
    return small(len(rows)) if rows else "none"


def _brief(row: Row) -> str:
    return f"{value(row.metric, row.baseline.span.value)} to {value(row.metric, row.current.span.value)}"


def spanned(metric: str, span: Span) -> str:
    """`0.91 (0.85 to 0.97)`; a limit that does not exist is left open."""
    low, high = ("open" if end is None else value(metric, end) for end in (span.low, span.high))
    return f"{value(metric, span.value)} ({low} to {high})" if (span.low, span.high) != (None, None) else (
        f"{value(metric, span.value)} (no interval)"
    )  # fmt: skip


def changed_by(metric: str, span: Span) -> str:
    """A difference with its sign, rates in percentage points: `+4.2 points (+1.0 to +7.4)`."""
    ends = [_signed(metric, end) for end in (span.value, span.low, span.high)]
    unit = " points" if plain(metric).kind == "rate" else ""
    if span.low is None and span.high is None:
        return f"{ends[0]}{unit} (no interval)"
    return f"{ends[0]}{unit} ({ends[1]} to {ends[2]})"


def _signed(metric: str, figure: float | None) -> str:
    if figure is None:
        return "open"
    text = numbers.points(abs(figure)) if plain(metric).kind == "rate" else value(metric, abs(figure))
    if not text.strip("0."):
        return text
    return f"+{text}" if figure > 0 else f"{numbers.MINUS}{text}"


def markdown(comparison: Comparison) -> str:
    """For a pull request or a job's summary: what changed, most important first. Names are escaped."""
    lines = [f"**{_plain(comparison.summary)}**", ""]
    lines += [f"Compared with {_plain(comparison.baseline.title)}.", ""]
    for change in comparison.verdicts:
        words_ = [OUTCOMES[way] for way in (change.before, change.now)]  # type: ignore[index]
        lines.append(f"- {_plain(change.title)} ({_plain(change.rule)}): {words_[0]} before, {words_[1].lower()} now")
    shown = [row for row in comparison.rows if row.rule is not None and row.direction in ("worse", "better")]
    if shown:
        lines += ["", "| Figure | Before | Now | Difference | |", "| --- | --- | --- | --- | --- |"]
    for row in shown[:MOST_LINES]:
        cells = (row.title, spanned(row.metric, row.baseline.span), spanned(row.metric, row.current.span))
        said = [*map(_plain, cells), changed_by(row.metric, row.difference), DIRECTIONS[row.direction]]
        lines.append(f"| {' | '.join(said)} |")
    if len(shown) > MOST_LINES:
        lines.append(f"\n{len(shown) - MOST_LINES} more.")
    lines += ["", *(f"- {_plain(note)}" for note in comparison.notes)]
    return "\n".join(lines).strip() + "\n"


def _plain(text: str) -> str:
    """Text that Markdown and HTML take for nothing else."""
    for mark, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("`", "&#96;"), ("*", "&#42;")):
        text = text.replace(mark, entity)
    return text.replace("[", "&#91;").replace("\n", " ")
