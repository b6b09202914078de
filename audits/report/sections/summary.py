"""Page one, for a person who is no engineer: the answer, the findings that carry it, what was not assessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report import numbers, phrases, words
from audits.report.blocks import Banner, Block, FigureBlock, Finding, Findings, Paragraph, Section, Tone
from audits.report.charts.limits import Dot, limit_chart
from audits.report.reading import PRIORITY, SEVERITY, Reading

Json = Mapping[str, Any]
MOST_FINDINGS = 5
MOST_DOTS = 8
# characters of findings that leave room for the figure and what follows it on page one
MOST_BESIDE_A_FIGURE = 1_250
# what a reader would expect an audit to cover, by the name that its check will have
TOPICS = {
    "fairness": "fairness between groups",
    "performance": "performance",
    "explanation": "which features weigh most",
    "robustness": "robustness to unusual or manipulated input",
    "drift": "change over time",
    "privacy": "privacy of the people in the training data",
}
NOT_THE_CAUSE = (
    "Causes: figures show a difference, not where it comes from, nor whether the true values carry past unequal "
    "treatment."
)


def summary(reading: Reading) -> Section:
    blocks: list[Block] = [_banner(reading)]
    found = findings(reading)
    sections = [Section("findings", "What we found", (Findings(found),))]
    sections.append(Section("not-assessed", "What was not assessed", (Paragraph(" ".join(not_assessed(reading))),)))
    figure = _figure(reading)
    if figure:
        # what was not assessed stands on page one whatever else there is; a figure can stand on the next
        place = 2 if sum(len(f.headline + f.text) for f in found) > MOST_BESIDE_A_FIGURE else 1
        sections.insert(place, Section("at-a-glance", "Against the limit", (figure,)))
    return Section("summary", heading(reading), tuple(blocks), tuple(sections))


def heading(reading: Reading) -> str:
    """The answer. Fails are said first and never softened by what passed."""
    fails, waived, open_ = (reading.with_tone(t) for t in ("fail", "waived", "inconclusive"))
    judged = len(fails) + len(waived) + len(open_) + len(reading.with_tone("pass"))
    if not reading.verdicts:
        return "Measured, but judged by no rule"
    if not judged:
        return "No rule could be judged"
    if fails or waived:
        return _failing(len(fails), len(waived), len(open_), judged)
    if open_:
        verb = "is" if len(open_) == 1 else "are"
        return f"{words.sentence(_count(len(open_), judged))} {verb} too close to call; none fails"
    return "The one rule passes" if judged == 1 else f"All {words.small(judged)} rules pass"


def _failing(fails: int, waived: int, open_: int, judged: int) -> str:
    """A waived fail is a fail: it is counted in the heading, as waived."""
    verb = "fails" if (fails or waived) == 1 else "fail"
    said = [f"{words.sentence(_count(fails or waived, judged))} {verb}{'' if fails else ', waived'}"]
    if fails and waived:
        said.append(f"{words.small(waived)} more {'fails' if waived == 1 else 'fail'} under a waiver")
    if open_:
        said.append(f"{words.small(open_)} {'is' if open_ == 1 else 'are'} too close to call")
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])}, and {said[-1]}"


def _count(some: int, judged: int) -> str:
    return f"{words.small(some)} of {words.small(judged)} rules" if judged > 1 else "the one rule"


def lede(reading: Reading) -> str:
    rows = reading.data.get("rows_used")
    kinds = [c["title"] for c in reading.checks if c["status"] == "done"]
    about = " and ".join(k.lower() for k in [c.split(" by ")[0] for c in kinds][:2]) or "measurements"
    on = (
        f" on {numbers.count(rows)} rows of {words.short(reading.data.get('name') or 'a file')}"
        if rows is not None
        else ""
    )
    return f"Audit of {reading.named}: {about},{on}. {reading.date}."


def _banner(reading: Reading) -> Banner:
    tones = [words.tone(v) for v in reading.verdicts]
    worst: Tone = min(tones, key=lambda t: SEVERITY[t]) if tones else "not_applicable"
    word = words.OUTCOMES[worst] if tones else "Not judged"
    return Banner(word, " ".join(filter(None, [*_by_outcome(reading), _orientation(reading)])), worst)


def _by_outcome(reading: Reading) -> list[str]:
    if not reading.verdicts:
        return ["No policy with rules was applied: the figures below are measured, not judged."]
    said = []
    for tone, start in (
        ("fail", "What fails"),
        ("waived", "What fails under a waiver"),
        ("inconclusive", "What is open"),
    ):
        found = reading.with_tone(tone)
        if found:
            said.append(f"{start}: {_topics(reading, found)}.")
    passed, idle = len(reading.with_tone("pass")), len(reading.with_tone("not_applicable"))
    if passed:
        said.append(f"{words.sentence(words.small(passed))} {'rule passes' if passed == 1 else 'rules pass'}.")
    if idle:
        said.append(f"{words.sentence(words.small(idle))} {'rule does' if idle == 1 else 'rules do'} not apply here.")
    return said


def _topics(reading: Reading, verdicts: list[Json]) -> str:
    """`equalized odds difference by age band and education; F1`."""
    return "; ".join(_topic(reading, family) for family in phrases.families(reading, verdicts))


def _topic(reading: Reading, verdicts: list[Json]) -> str:
    title = words.plain(reading.metric_of(verdicts[0])).title
    title = title if title[:2].isupper() or title[1:2].isdigit() else _lower(title)
    attributes = [words.attribute(v["attribute"]) for v in verdicts if v.get("attribute")]
    return f"{title} by {words.listed(attributes, 4)}" if attributes else title


def _orientation(reading: Reading) -> str:
    """What positive and favourable stand for here; without it no rate can be read."""
    positive, favourable = reading.outcome("positive"), reading.outcome("favourable")
    name = words.short((reading.data.get("label") or {}).get("name") or "the prediction")
    if positive is None:
        return ""
    if reading.parameters.get("favourable") is None:
        return (
            f"Positive is {name} = {positive}. Nobody said which outcome benefits the person, so the positive one was "
            "taken; where that is a harm, the favourable outcome and disparate impact are of the wrong side."
        )
    if favourable in (None, positive):
        return f"Positive, and the outcome that benefits the person, is {name} = {positive}."
    return f"Positive is {name} = {positive}; the outcome that benefits the person is {name} = {favourable}."


def findings(reading: Reading) -> tuple[Finding, ...]:
    """Three to five: what fails, what is open, the most telling of what passes, how well the model predicts."""
    ordered = [v for v in reading.verdicts if words.tone(v) != "not_applicable"]
    serious = phrases.families(reading, [v for v in ordered if words.tone(v) != "pass"])
    shown = serious[:MOST_FINDINGS] if len(serious) <= MOST_FINDINGS else serious[: MOST_FINDINGS - 1]
    found = [phrases.finding(reading, family) for family in shown]
    if len(shown) < len(serious):
        found.append(_more(reading, [v for family in serious[len(shown) :] for v in family]))
    passing = [v for v in ordered if words.tone(v) == "pass" and reading.metric_of(v) in PRIORITY]
    room = max(1 if len(found) < MOST_FINDINGS - 1 else 0, 3 - len(found))
    found += [phrases.finding(reading, family) for family in phrases.families(reading, passing)[:room]]
    if len(found) < MOST_FINDINGS:
        found += _performance(reading)
    if len(found) < 3 and not ordered:
        found += [_largest(reading, a) for a in reading.attributes if reading.disparities(a)][: 4 - len(found)]
    return tuple(found) or (Finding("Nothing could be measured.", "The sections below say why."),)


def _more(reading: Reading, rest: list[Json]) -> Finding:
    tone = words.tone(rest[0])
    says = {"fail": "fail or are open", "waived": "are waived or open", "inconclusive": "are too close to call"}[tone]
    headline = f"{words.sentence(words.small(len(rest)))} more {says}."
    return Finding(headline, f"{words.sentence(_topics(reading, rest))}: see “Every rule and its verdict”.", tone)


def _performance(reading: Reading) -> list[Finding]:
    """How well it predicts, in the first of these figures that there is."""
    sayings = {
        "roc_auc": "How well the scores rank people",
        "balanced_accuracy": "How often the prediction is right, both classes weighing the same",
        "accuracy": "How often the prediction is right",
    }
    for metric, start in sayings.items():
        m = next((m for m in reading.overall() if m["metric"] == metric and m["value"] is not None), None)
        if m:
            title = words.plain(metric).title
            headline = f"{title} is {words.value(metric, m['value'])}."
            text = f"{start}: {phrases.with_interval(m)}.{' 0.5 is chance, 1 perfect.' if metric == 'roc_auc' else ''}"
            return [Finding(headline, text, None, (m["id"],))]
    return []


def _largest(reading: Reading, attribute: str) -> Finding:
    """Without rules: what the first disparity of an attribute says."""
    order = [m for name in PRIORITY for m in reading.disparities(attribute) if m["metric"] == name]
    m = (order or reading.disparities(attribute))[0]
    carried = phrases.ends(reading, m)
    text = f"{carried}: {phrases.with_interval(m)}." if carried else f"{phrases.with_interval(m)}."
    return Finding(f"{words.plain(m['metric']).title} by {words.attribute(attribute)}.", text, None, (m["id"],))


def _figure(reading: Reading) -> FigureBlock | None:
    """The rule that matters most, attribute by attribute, against its limit."""
    families: dict[tuple[str, float, str], list[Json]] = {}
    for v in reading.verdicts:
        measured = reading.measured(v)
        if (
            len(measured) == 1
            and not measured[0]["group"]
            and v.get("attribute")
            and v.get("limit") is not None
            and v.get("direction")
        ):
            families.setdefault((measured[0]["metric"], v["limit"], v["direction"]), []).append(v)
    if not families:
        return None
    (metric, limit, direction), verdicts = min(
        families.items(), key=lambda f: (SEVERITY[words.tone(f[1][0])], _rank(f[0][0]))
    )
    dots = tuple(_dot(reading, v) for v in verdicts[:MOST_DOTS])
    passes = sum(words.tone(v) == "pass" for v in verdicts)
    at = words.limit(metric, limit)
    title = f"{words.plain(metric).title} by attribute: {passes} of {len(verdicts)} pass the limit of {at}"
    described = "; ".join(
        f"{d.label} {words.value(metric, d.value)}, {d.note.lower()}"
        if d.value is not None
        else f"{d.label} {d.note.lower()}"
        for d in dots
    )
    side = "right" if direction == "at_least" else "left"
    caption = (
        f"Bar: 95% interval. Wholly {side} of the limit passes, wholly on the shaded side fails, a bar that crosses is "
        "open."
    )
    spec = limit_chart(dots, limit, direction == "at_least", words.plain(metric).kind == "rate")
    return FigureBlock("fig-at-a-glance", title, described, spec, caption)


def _rank(metric: str) -> int:
    return PRIORITY.index(metric) if metric in PRIORITY else len(PRIORITY)


def _dot(reading: Reading, verdict: Json) -> Dot:
    m = reading.measured(verdict)[0]
    bounds = verdict.get("interval") or m["interval"] or {"low": None, "high": None}
    tone = words.tone(verdict)
    label = words.sentence(words.attribute(verdict["attribute"]))
    return Dot(label, m["value"], bounds["low"], bounds["high"], tone, words.OUTCOMES[tone])


def not_assessed(reading: Reading) -> tuple[str, ...]:
    done = {c["id"] for c in reading.checks if c["status"] == "done"} | {m["check"] for m in reading.measurements}
    told = done | {c["id"] for c in reading.checks if c.get("reason")}
    topics = [title for name, title in TOPICS.items() if name not in told]
    items = [f"{words.sentence(words.listed(topics))}."] if topics else []
    items += [
        f"{words.clean(c['title'])}: {_lower(words.clean(c['reason']))}"
        for c in reading.checks
        if c["status"] != "done" and c.get("reason")
    ]
    items += _set_aside(reading) + _unavailable(reading)
    return (*items, NOT_THE_CAUSE)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _set_aside(reading: Reading) -> list[str]:
    """Groups that rules left out because they are too small or hidden, each named once."""
    small: dict[str, None] = {}
    hidden: dict[str, None] = {}
    for v in reading.verdicts:
        for named, groups in zip((small, hidden), reading.set_aside(v), strict=True):
            if words.tone(v) != "not_applicable":
                named |= {f"{words.group(g)} ({words.attribute('*'.join(g))})": None for g in groups}
    said = [f"Groups too small for a rule: {words.listed(list(small), 8)}."] if small else []
    why = "Groups hidden, since a count of theirs is so small that it could give a person away"
    return [*said, f"{why}: {words.listed(list(hidden), 8)}."] if hidden else said


def _unavailable(reading: Reading) -> list[str]:
    missing = [m for m in reading.measurements if m["value"] is None]
    if not missing:
        return []
    reasons: dict[str, int] = {}
    for m in missing:
        reasons[words.reason(m)] = reasons.get(words.reason(m), 0) + 1
    why = words.listed(
        [f"{reason} ({numbers.count(n)})" for reason, n in sorted(reasons.items(), key=lambda r: -r[1])], 4
    )
    return [f"{numbers.count(len(missing))} figures are not available: {why}."]
