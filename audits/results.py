"""A finished audit's result as rows: how each rule came out, every figure, and word of it to who wants to hear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audits.models import Audit, Measurement, worst
from audits.run.outcome import count_outcomes
from models.webhooks.announce import announce

Json = Mapping[str, Any]
AT_ONCE = 500
LONGEST = 200


def outcome_of(verdict: Json) -> str:
    """`pass`, `fail`, ..., and a fail that is waived as `waived`."""
    return "waived" if verdict.get("waived") else str(verdict["outcome"])


def fill_in(audit: Audit, result: Json) -> None:
    """Set and save what is read off the audit's JSON, and write its figures; in the caller's transaction."""
    audit.rules = {str(v["rule"]): outcome_of(v) for v in result["verdicts"]}
    audit.outcomes = count_outcomes(result["verdicts"])
    audit.verdict = worst(audit.outcomes)
    audit.save(update_fields=["rules", "outcomes", "verdict"])
    Measurement.unscoped.filter(audit=audit).delete()
    Measurement.unscoped.bulk_create(rows(audit, result["measurements"]), batch_size=AT_ONCE)


def rows(audit: Audit, measurements: Iterable[Json]) -> Iterable[Measurement]:
    for m in measurements:
        bounds = m.get("interval") or {}
        yield Measurement(
            organisation_id=audit.organisation_id,
            audit=audit,
            ident=m["id"],
            metric=str(m["metric"])[:LONGEST],
            attribute=m.get("attribute") or "",
            group=m.get("group") or {},
            value=m["value"],
            low=bounds.get("low"),
            high=bounds.get("high"),
            n=None if m.get("n") is None else int(m["n"]),
            stored=dict(m),
        )


def changed(audit: Audit, earlier: Audit | None, titles: Mapping[str, str]) -> list[dict[str, str]]:
    """The rules that both audits judged, and otherwise now than then."""
    then = (earlier.rules if earlier else None) or {}
    return [
        {"rule": rule, "title": titles.get(rule.partition("[")[0], rule), "from": then[rule], "to": now}
        for rule, now in (audit.rules or {}).items()
        if rule in then and then[rule] != now
    ]


def tell(audit: Audit) -> None:
    """Announce the result, and which verdicts changed since the audit before; in the caller's transaction."""
    said = told_of(audit)
    announce(audit.organisation, "audit.finished", said)
    earlier = audit.before()
    titles = {rule["id"]: rule.get("title") or rule["id"] for rule in audit.policy.get("rules") or []}
    if earlier is not None and (rules := changed(audit, earlier, titles)):
        announce(audit.organisation, "audit.verdict_changed", {**said, "since": str(earlier.pk), "changed": rules})


def told_of(audit: Audit) -> dict[str, Any]:
    """What a message says of an audit: which it is, how it came out, and where more stands."""
    return {
        "id": str(audit.pk),
        "title": str(audit),
        "verdict": audit.verdict,
        "outcomes": audit.outcomes,
        "rules": audit.rules,
        "model_version": str(audit.model_id) if audit.model_id else None,
        "dataset_version": str(audit.dataset_id),
        "evidence": audit.evidence,
        "report": audit.report,
        "links": {"self": f"/api/v1/audits/{audit.pk}", "page": f"/audits/{audit.pk}/"},
    }
