"""What a verdict or a measurement says, in a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import numbers, words
from audits.report.blocks import Finding
from audits.report.reading import Reading

Json = Mapping[str, Any]

# which rate's lowest and highest group carry a disparity
CARRIER = {
    "demographic_parity_difference": "selection_rate",
    "demographic_parity_ratio": "selection_rate",
    "equal_opportunity_difference": "true_positive_rate",
}
CARRIED = {
    "selection_rate": "{} of the group {} are predicted positive",
    "true_positive_rate": "The model finds {} of the true positives in the group {}",
    "false_positive_rate": "The model wrongly flags {} of the true negatives in the group {}",
}
COUNTS = ("group_size", "label_size")
MOST_IDS = 4
UNSETTLED = "No number of rows can be named that would settle it."
HIDDEN = "Groups are hidden where a count is so small that it could give a person away."
UNEQUAL = {"difference", "ratio"}


def finding(reading: Reading, verdicts: Sequence[Json]) -> Finding:
    """Verdicts of one rule with one outcome as one finding: what holds, for whom, and the figures that say so.

    The first of them is told in full, of the others the figure.
    """
    first = verdicts[0]
    measured = reading.measured(first)
    said = [_figures(reading, first, measured), _others(reading, verdicts[1:]), _limit(reading, first)]
    said.append(_rest(reading, verdicts))
    ids = [i for v in verdicts for i in _ids(reading, v)]
    return Finding(headline(reading, verdicts), " ".join(filter(None, said)), words.tone(first), tuple(ids[:MOST_IDS]))


def families(reading: Reading, verdicts: Sequence[Json]) -> list[list[Json]]:
    """Verdicts of the same rule and outcome together, in the order of the first, the closest to its limit leading."""
    found: dict[tuple[str, str], list[Json]] = {}
    for v in verdicts:
        found.setdefault((str(v["rule"]).partition("[")[0], words.tone(v)), []).append(v)
    return [sorted(family, key=lambda v: _margin(reading, v)) for family in found.values()]


def _margin(reading: Reading, verdict: Json) -> float:
    """How far the figure lies on the good side of its limit."""
    measured, limit = reading.measured(verdict), verdict.get("limit")
    if len(measured) != 1 or measured[0]["value"] is None or limit is None:
        return 0.0
    margin: float = measured[0]["value"] - limit
    return margin if verdict.get("direction") == "at_least" else -margin


def _others(reading: Reading, verdicts: Sequence[Json]) -> str:
    if not verdicts or reading.metric_of(verdicts[0]) in COUNTS:
        return " ".join(words.clean(v["reason"]) for v in verdicts[:2])
    said = []
    for v in verdicts[:4]:
        m = next(iter(reading.measured(v)), None)
        if m is not None and m["value"] is not None:
            said.append(f"{words.attribute(v.get('attribute'))} {_brief(m)}")
    return f"{words.sentence(words.listed(said))}." if said else ""


def _brief(m: Json) -> str:
    """Value and interval without more words, in points for a difference."""
    metric, bounds = m["metric"], m["interval"]
    if words.plain(metric).kind == "difference" and bounds and None not in (bounds["low"], bounds["high"]):
        value, span = numbers.points(m["value"]), f"{numbers.points(bounds['low'])} to {numbers.points(bounds['high'])}"
    else:
        value, span = words.value(metric, m["value"]), words.interval(metric, bounds)
    return f"{value} ({span}, n = {words.n_of(m)})"


def headline(reading: Reading, verdicts: Sequence[Json]) -> str:
    """`By age band, the model's errors differ more than the limit allows.`"""
    verdict = verdicts[0]
    metric, tone = reading.metric_of(verdict), words.tone(verdict)
    spoken = words.plain(metric)
    attributes = words.listed([words.attribute(v["attribute"]) for v in verdicts if v.get("attribute")], 4)
    if metric in COUNTS:
        return _size_headline(reading, verdicts, attributes)
    if spoken.kind not in UNEQUAL or not verdict.get("attribute"):
        return _plain_headline(reading, verdict, attributes)
    by = f"By {attributes}, "
    noun = spoken.noun
    verb = "differ" if noun.endswith("s") else "differs"
    said = {
        "pass": f"{noun} {verb} less than the limit allows.",
        "fail": f"{noun} {verb} more than the limit allows.",
        "waived": f"{noun} {verb} more than the limit allows; the rule is waived.",
        "inconclusive": f"the data cannot tell whether {noun} {verb} too much.",
        "not_applicable": f"{noun} could not be judged.",
    }
    return by + said[tone]


def _plain_headline(reading: Reading, verdict: Json, attributes: str) -> str:
    title = words.plain(reading.metric_of(verdict)).title or words.short(verdict["rule"])
    where = f" by {attributes}" if verdict.get("attribute") else ""
    said = {
        "pass": "keeps to its limit.",
        "fail": "does not keep to its limit.",
        "waived": "does not keep to its limit; the rule is waived.",
        "inconclusive": "is too close to its limit to call.",
        "not_applicable": "could not be judged.",
    }
    return f"{title}{where} {said[words.tone(verdict)]}"


def _size_headline(reading: Reading, verdicts: Sequence[Json], attributes: str) -> str:
    verdict = verdicts[0]
    by = f"By {attributes}, " if verdict.get("attribute") else ""
    enough = words.tone(verdict) == "pass"
    hidden = " or hidden" if any(reading.set_aside(v)[1] for v in verdicts) else ""
    few = f"{by}some groups are too small to judge{hidden}."
    return words.sentence(f"{by}every group is large enough to judge." if enough else few)


def _figures(reading: Reading, verdict: Json, measured: list[Json]) -> str:
    if not measured or reading.metric_of(verdict) in COUNTS:
        return words.sentence(words.clean(verdict["reason"]))
    if len(measured) > 1:
        return _many(verdict, measured)
    m = measured[0]
    carried = ends(reading, m)
    figure = with_interval(m, verdict.get("interval"))
    return f"{carried}: {figure}." if carried else f"{words.sentence(words.plain(m['metric']).noun)}: {figure}."


def with_interval(m: Json, decided: Json | None = None) -> str:
    """`0.939 (95% interval 0.914 to 0.966, n = 9 000)`, differences in percentage points."""
    metric, bounds = m["metric"], decided or m["interval"]
    if m["value"] is None:
        return f"not available ({words.reason(m)})"
    if words.plain(metric).kind == "difference" and bounds and None not in (bounds["low"], bounds["high"]):
        value = f"{numbers.points(m['value'])} percentage points"
        span = f"{numbers.points(bounds['low'])} to {numbers.points(bounds['high'])}"
    else:
        name = "a ratio of " if words.plain(metric).kind == "ratio" else ""
        value, span = name + words.value(metric, m["value"]), words.interval(metric, bounds)
    level = f"{numbers.rate_limit(bounds['level'])} interval {span}" if bounds else "no interval"
    return f"{value} ({level}, n = {words.n_of(m)})"


def ends(reading: Reading, m: Json) -> str:
    """The groups at both ends of a disparity with their rates: `70.9% of male against 75.5% of female …`."""
    attribute, metric = m.get("attribute"), m["metric"]
    if not attribute or m["group"]:
        return ""
    if metric == "disparate_impact":
        return _favourable_ends(reading, m)
    carriers = [CARRIER[metric]] if metric in CARRIER else []
    if metric.startswith("equalized_odds"):
        carriers = ["true_positive_rate", "false_positive_rate"]
    spans = [(reading.group_rates(attribute, c, m.get("over")), c) for c in carriers]
    spans = [(rates, carrier) for rates, carrier in spans if len(rates) > 1]
    if not spans:
        return ""
    rates, carrier = max(spans, key=lambda span: span[0][-1]["value"] - span[0][0]["value"])
    low, high = rates[0], rates[-1]
    said = CARRIED[carrier].format(numbers.rate(high["value"]), words.group(high["group"]))
    return f"{said}, against {numbers.rate(low['value'])} in {words.group(low['group'])}"


def _favourable_ends(reading: Reading, m: Json) -> str:
    rates = reading.group_rates(m["attribute"], reading.favourable_metric, m.get("over"))
    if len(rates) < 2:
        return ""
    low, high = rates[0], rates[-1]
    return (
        f"{numbers.rate(low['value'])} of the group {words.group(low['group'])} get the favourable outcome, "
        f"against {numbers.rate(high['value'])} of the group {words.group(high['group'])}"
    )


def _many(verdict: Json, measured: list[Json]) -> str:
    """A rule over many figures: the one furthest on the wrong side, and how many there are."""
    known = [m for m in measured if m["value"] is not None]
    if not known:
        return f"None of its {len(measured)} figures is available."
    pick = min if verdict.get("direction") == "at_least" else max
    worst = pick(known, key=lambda m: m["value"])
    return (
        f"Of {len(measured)} figures the {'lowest' if pick is min else 'highest'} is that of "
        f"{words.group(worst['group'])}: {with_interval(worst)}."
    )


def _limit(reading: Reading, verdict: Json) -> str:
    metric = reading.metric_of(verdict)
    if verdict.get("limit") is None or metric in COUNTS:
        return ""
    if words.plain(metric).kind == "difference":
        return f"The limit is {words.direction(verdict)} {numbers.points(verdict['limit'])} points."
    return f"The limit is {words.direction(verdict)} {words.limit(metric, verdict['limit'])}."


def settled_by(reading: Reading, verdicts: Sequence[Json]) -> str:
    """How many rows would settle what is open, and what is open for another reason than too few of them."""
    known = {v.get("attribute"): v["rows_needed"] for v in verdicts if v.get("rows_needed")}
    if known:
        by = "" if len(known) == len(verdicts) else f" by {words.listed([words.attribute(a) for a in known])}"
        return f"About {numbers.about(max(known.values()))} rows would settle it{by}."
    if any(reading.set_aside(v)[1] for v in verdicts):
        return HIDDEN
    measured = [m for v in verdicts for m in reading.measured(v)]
    return "" if any(m["value"] is None for m in measured) else UNSETTLED


def _rest(reading: Reading, verdicts: Sequence[Json]) -> str:
    verdict = verdicts[0]
    tone = words.tone(verdict)
    if tone == "inconclusive":
        return settled_by(reading, verdicts)
    if tone == "waived":
        return words.waiver(verdict)
    if tone == "not_applicable":
        return words.sentence(words.clean(verdict["reason"]))
    return ""


def _ids(reading: Reading, verdict: Json) -> list[str]:
    """The measurements that a finding speaks of; the sizes of groups are in its own words."""
    return [] if reading.metric_of(verdict) in COUNTS else [m["id"] for m in reading.measured(verdict)[:3]]
