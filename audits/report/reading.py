"""One audit's JSON, indexed for those who write about it. It reads and looks up; it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from audits.measure.types import SUPPRESSED
from audits.report import words

Json = Mapping[str, Any]
SEVERITY = {"fail": 0, "waived": 1, "inconclusive": 2, "pass": 3, "not_applicable": 4}
# what a reader who is no engineer should hear of first
PRIORITY = (
    "disparate_impact",
    "equalized_odds_difference",
    "equal_opportunity_difference",
    "demographic_parity_difference",
    "demographic_parity_ratio",
)


class Reading:
    """The audit and its indexes. Parts that an audit lacks (label, data profile, cross-check) read as empty."""

    def __init__(self, audit: Json):
        self.audit = audit
        self.provenance: Json = audit["provenance"]
        self.parameters: Json = self.provenance.get("parameters") or {}
        order = {name: i for i, name in enumerate(self.parameters.get("sensitive") or [])}
        self.measurements: list[Json] = [_in_order(m, order) for m in audit["measurements"]]
        self.subject: Json = audit.get("subject") or {}
        self.data: Json = audit.get("data") or {}
        self.policy: Json = audit.get("policy") or {}
        self.checks: list[Json] = list(audit.get("checks") or [])
        self.warnings: list[str] = [words.clean(text) for text in audit.get("warnings") or []]

    @cached_property
    def by_id(self) -> dict[str, Json]:
        return {m["id"]: m for m in self.measurements}

    @cached_property
    def verdicts(self) -> list[Json]:
        """Worst first, and within that what matters most to the people concerned."""
        return sorted(self.audit["verdicts"], key=lambda v: (SEVERITY[words.tone(v)], self._priority(v)))

    def _priority(self, verdict: Json) -> tuple[int, str]:
        metric = self.metric_of(verdict)
        return (PRIORITY.index(metric) if metric in PRIORITY else len(PRIORITY), str(verdict["rule"]))

    def metric_of(self, verdict: Json) -> str:
        """What the rule asks about; its own word, since the figures that it rests on may be of another name."""
        found = self.measured(verdict)
        return str(self.rule_of(verdict).get("metric") or (found[0]["metric"] if found else ""))

    def measured(self, verdict: Json) -> list[Json]:
        return [self.by_id[i] for i in verdict["measurements"] if i in self.by_id]

    @cached_property
    def _hidden(self) -> set[frozenset[tuple[str, str]]]:
        return {frozenset(m["group"].items()) for m in self.measurements if m.get("reason") == SUPPRESSED}

    def set_aside(self, verdict: Json) -> tuple[list[Json], list[Json]]:
        """The groups that a rule left out: those too small for it, and those whose counts are hidden."""
        small: list[Json] = []
        hidden: list[Json] = []
        for group in verdict.get("not_assessed") or []:
            (hidden if frozenset(group.items()) in self._hidden else small).append(group)
        return small, hidden

    def rule_of(self, verdict: Json) -> Json:
        name = str(verdict["rule"]).partition("[")[0]
        return next((rule for rule in self.policy.get("rules") or [] if rule.get("id") == name), {})

    def with_tone(self, *tones: str) -> list[Json]:
        return [v for v in self.verdicts if words.tone(v) in tones]

    @cached_property
    def attributes(self) -> list[str]:
        """Single attributes first, as given, then the combinations."""
        declared = [str(a["name"]) for a in self.data.get("attributes") or []]
        seen = [m["attribute"] for m in self.measurements if m.get("attribute")]
        seen += ["*".join(m["group"]) for m in self.measurements if m["group"]]
        names: dict[str, str] = {}
        for name in (*declared, *seen):
            names.setdefault(_combination(name), name)
        return sorted(names.values(), key=lambda name: name not in declared and "*" in name)

    def rates(self, attribute: str) -> list[Json]:
        """The figures of single groups of an attribute, those against a reference left out."""
        wanted = _combination(attribute)
        found = [m for m in self.measurements if m["group"] and not m.get("reference")]
        return [m for m in found if _combination("*".join(m["group"])) == wanted]

    def against_reference(self, attribute: str) -> list[Json]:
        return [m for m in self.measurements if m["group"] and m.get("attribute") == attribute and m.get("reference")]

    def disparities(self, attribute: str) -> list[Json]:
        return [m for m in self.measurements if not m["group"] and m.get("attribute") == attribute]

    def overall(self, check: str | None = None) -> list[Json]:
        """Figures of everybody."""
        found = [m for m in self.measurements if not m["group"] and not m.get("attribute") and not m.get("feature")]
        return [m for m in found if check is None or m["check"] == check]

    def of_features(self) -> list[Json]:
        return [m for m in self.measurements if m.get("feature") is not None]

    def overall_value(self, metric: str) -> float | None:
        return next((m["value"] for m in self.overall() if m["metric"] == metric), None)

    def verdicts_on(self, attribute: str) -> list[Json]:
        return [v for v in self.verdicts if v.get("attribute") == attribute]

    def group_rates(self, attribute: str, metric: str, over: Sequence[Json] | None = None) -> list[Json]:
        """A rate of every group that has a value, among `over` where that is given, lowest first."""
        found = [m for m in self.rates(attribute) if m["metric"] == metric and m["value"] is not None]
        if over is not None:
            found = [m for m in found if dict(m["group"]) in [dict(g) for g in over]]
        return sorted(found, key=lambda m: m["value"])

    def check(self, name: str) -> Json | None:
        return next((c for c in self.checks if c["id"] == name), None)

    @cached_property
    def favourable_metric(self) -> str:
        """The rate of the favourable outcome: its own where positive is not favourable, else the selection rate."""
        own = any(m["metric"] == "favourable_rate" for m in self.measurements)
        return "favourable_rate" if own else "selection_rate"

    def outcome(self, name: str) -> str | None:
        """The label's value that is `positive` or `favourable`; None where that was not said."""
        label = self.data.get("label") or {}
        value = label.get(name) if label.get(name) is not None else self.parameters.get(name)
        return None if value is None else words.short(value)

    @property
    def name(self) -> str:
        return words.short(self.subject.get("name") or f"predictions in {self.data.get('name') or 'a file'}")

    @property
    def version(self) -> str | None:
        version = self.subject.get("version")
        return None if version is None else words.short(version)

    @property
    def named(self) -> str:
        return f"{self.name}, version {self.version}" if self.version else self.name

    @cached_property
    def started(self) -> datetime:
        """When the audit was made, in UTC. Raises ValueError where the provenance does not say."""
        moment = datetime.fromisoformat(str(self.provenance["started"]).replace("Z", "+00:00"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    @property
    def date(self) -> str:
        return f"{self.started.day} {self.started:%B %Y}"


def _in_order(m: Json, order: Mapping[str, int]) -> Json:
    """The measurement with its groups' attributes in the order they were given in, which JSON does not keep, and a
    disparity over the groups that a rule left in (its `over` names them) under the metric's plain name."""
    if m.get("over") is not None:
        m = {**m, "metric": m["metric"].rpartition("_min_n_")[0] or m["metric"]}
    if len(m["group"]) < 2:
        return m
    given = sorted(m["group"].items(), key=lambda item: order.get(item[0], len(order)))
    return {**m, "group": dict(given)}


def _combination(attribute: str) -> str:
    """The same for `sex*race` and `race*sex`."""
    return "*".join(sorted(attribute.split("*")))
