"""Two audits side by side as a page: which to choose from, what got worse first, each figure with its bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet

from audits import pages
from audits.compare import words
from audits.compare.compare import compare
from audits.compare.mover import Span
from audits.compare.types import Change, Comparison, Row, Side
from audits.models import Audit
from audits.report.words import OUTCOMES, plain, sentence, small

MOST_CHOICES = 100
MOST_ROWS = 100
KEPT = 8
TONES = {"worse": "fail", "better": "pass", "unclear": "inconclusive", "same": "not_applicable"}
WIDTH, MIDDLE = 180.0, 90.0


class EarlierForm(forms.Form):
    """Which earlier audit to compare with. Sent by GET, so that the answer stands in the address."""

    baseline = forms.ChoiceField(label="Compared with")

    def __init__(self, audit: Audit, earlier: QuerySet[Any], chosen: Audit) -> None:
        super().__init__(initial={"baseline": str(chosen.pk)})
        same: list[tuple[str, str]] = []
        other: list[tuple[str, str]] = []
        for each in unique([chosen, *earlier[:MOST_CHOICES]]):
            (same if alike(audit, each) else other).append((str(each.pk), named(each)))
        groups = (("Of the same model or data", same), ("Others", other))
        field = self.fields["baseline"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(title, rows) for title, rows in groups if rows]


def unique(audits: Iterable[Audit]) -> list[Audit]:
    return list({audit.pk: audit for audit in audits}.values())


def named(audit: Audit) -> str:
    verdict = OUTCOMES.get(audit.verdict) or "done"  # type: ignore[call-overload]
    return f"{audit.created_at:%-d %b %Y, %H:%M}: {audit.model or audit.dataset} ({verdict.lower()})"


def alike(one: Audit, other: Audit) -> bool:
    """Of versions of one model; without a model, of versions of one dataset."""
    if one.model is not None:
        return other.model is not None and other.model.model_id == one.model.model_id
    return other.model is None and other.dataset.dataset_id == one.dataset.dataset_id


def earlier_than(audit: Audit, audits: QuerySet[Any]) -> QuerySet[Any]:
    """The finished audits before this one, those of the same model or data first."""
    found = audits.filter(created_at__lt=audit.created_at).exclude(evidence="").exclude(pk=audit.pk)
    if audit.model is not None:
        same = Q(model__model_id=audit.model.model_id)
    else:
        same = Q(model=None, dataset__dataset_id=audit.dataset.dataset_id)
    return found.alias(same=same).order_by("-same", "-created_at")


def compared(baseline: Audit, current: Audit) -> Comparison:
    """The comparison under the audits' own names; InputError where their evidence cannot be compared."""
    return _compared(
        (str(baseline.pk), str(baseline), baseline.evidence), (str(current.pk), str(current), current.evidence)
    )


@lru_cache(maxsize=KEPT)
def _compared(baseline: tuple[str, str, str], current: tuple[str, str, str]) -> Comparison:
    sides = Side(*baseline[:2]), Side(*current[:2])
    return compare(pages.read(baseline[2]), pages.read(current[2]), sides=sides)


@dataclass(frozen=True, slots=True)
class Bar:
    """A difference as it is drawn: its interval about the line of no difference, in the picture's own units."""

    left: float
    width: float
    dot: float


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of the table, in words."""

    row: Row
    baseline: str
    current: str
    difference: str
    word: str
    tone: str
    bar: Bar | None


@dataclass(frozen=True, slots=True)
class Part:
    """A table of figures: those that rules rest on, or the exploratory ones."""

    id: str
    title: str
    lines: Sequence[Line]
    rest: int
    folded: bool = False


def heading(found: Comparison) -> str:
    """The answer: what got worse, before all else."""
    if not found.comparable:
        return "These two audits cannot be compared"
    failed = [change for change in found.verdicts if change.now == "fail"]
    if failed:
        return f"{_rules(failed)} now"
    if found.worse:
        return f"{_figures(found.worse)} got worse"
    better = [row for row in found.rows if row.rule is not None and row.direction == "better"]
    if better:
        return f"{_figures(better)} got better, none got worse"
    if found.verdicts:
        return "Verdicts changed, but no figure beyond its uncertainty"
    if any(row.direction == "unclear" for row in found.rows if row.rule is not None):
        return "No change can be told in what rules rest on"
    return "Nothing that a rule rests on has changed"


def _rules(changes: Sequence[Change]) -> str:
    if len(changes) == 1:
        return f"{sentence(changes[0].about)} fails"
    return f"{small(len(changes)).capitalize()} more rules fail"


def _figures(rows: Sequence[Row]) -> str:
    return rows[0].title if len(rows) == 1 else f"{small(len(rows)).capitalize()} figures"


def parts(found: Comparison) -> list[Part]:
    """What rules rest on, then what is exploratory: worse, better, and folded away what cannot be told."""
    judged = [row for row in found.rows if row.rule is not None]
    others = [row for row in found.rows if row.rule is None]
    told = [row for row in others if row.direction in ("worse", "better") or row.changed]
    untold = [row for row in others if row not in told]
    made = [
        part("judged", "Figures that rules rest on", judged),
        part("told", "Other figures that look changed", told),
        part("untold", "Other figures, where no change can be told", untold, folded=True),
    ]
    return [each for each in made if each.lines]


def part(id: str, title: str, rows: Sequence[Row], folded: bool = False) -> Part:
    return Part(id, title, list(lines(rows[:MOST_ROWS])), max(len(rows) - MOST_ROWS, 0), folded)


def lines(rows: Sequence[Row]) -> Iterator[Line]:
    scales = {kind: most(row.difference for row in rows if kind_of(row) == kind) for kind in map(kind_of, rows)}
    for row in rows:
        yield Line(
            row,
            words.spanned(row.metric, row.baseline.span),
            words.spanned(row.metric, row.current.span),
            words.changed_by(row.metric, row.difference),
            word_for(row),
            TONES[row.direction],
            drawn(row.difference, scales[kind_of(row)]),
        )


def word_for(row: Row) -> str:
    """A metric without a good direction changes; whether that is good, the figure cannot say."""
    if row.direction == "unclear" and row.changed:
        return "Changed"
    return words.DIRECTIONS[row.direction]


def kind_of(row: Row) -> bool:
    """Rates, their differences and ratios share a scale; figures of other units have one each, by their size."""
    return plain(row.metric).kind != "number"


def most(spans: Iterable[Span]) -> float:
    """The end that is furthest from no difference."""
    return max((abs(end) for span in spans for end in _ends(span) if end is not None), default=0.0)


def drawn(span: Span, scale: float) -> Bar | None:
    if span.low is None or span.high is None or not scale:
        return None
    left, right, dot = (round(MIDDLE + end / scale * (MIDDLE - 8), 1) for end in (span.low, span.high, span.value))
    return Bar(left, max(round(right - left, 1), 1.0), dot)


COLUMNS = (
    "measurement", "figure", "metric", "attribute", "group", "rule", "baseline", "baseline_low", "baseline_high",
    "baseline_n", "current", "current_low", "current_high", "current_n", "difference", "difference_low",
    "difference_high", "level", "direction",
)  # fmt: skip


def table(found: Comparison) -> Iterator[tuple[Any, ...]]:
    """Every row, unrounded, under COLUMNS."""
    for row in found.rows:
        group = "; ".join(f"{name}={value}" for name, value in row.group.items())
        sides = (value for side in (row.baseline, row.current) for value in (*_ends(side.span), side.n))
        yield (
            row.id, row.title, row.metric, row.attribute, group, row.rule, *sides, *_ends(row.difference), row.level,
            row.direction,
        )  # fmt: skip


def _ends(span: Span) -> tuple[float | None, ...]:
    return span.value, span.low, span.high


def number(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
