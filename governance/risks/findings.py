"""Findings of audits that may be risks: each rule that failed, or was too close to call, proposes one until it is taken
or dismissed, and once it passes again that is said."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, transaction

from audits.models import Audit
from audits.pages import read
from audits.report import words
from audits.report.phrases import finding as told
from audits.report.reading import Reading
from governance.law.risks import Guess, guess
from governance.risks.keeping import LONGEST, begin
from governance.risks.models import Risk
from governance.systems.models import System, SystemPart
from models.errors import InputError
from models.registry.blobs.store import StorageError

OUTCOMES = ("fail", "waived", "inconclusive")
MOST_AUDITS = 200
MOST_GROUPS = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A finding in words, as the audit's report has it; `place` is which of its rules it is, from 0."""

    place: int
    hazard: str
    figures: str
    affected: str
    guess: Guess


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule of a model in the system that asks for somebody's judgement; nothing is kept of it before that."""

    audit: Audit
    rule: str
    outcome: str
    found: Found

    @property
    def finding(self) -> str:
        return finding_of(self.audit, self.rule)


def finding_of(audit: Audit, rule: str) -> str:
    """The rule of the model, in whichever version and by whichever audit: that is proposed once."""
    model = audit.model.model_id if audit.model else ""
    return hashlib.sha256(f"{model}\n{rule}".encode()).hexdigest()


def proposed(system: System, audits: list[Audit] | None = None) -> list[Proposal]:
    """What the newest audits of the versions in the system found, and nobody took or dismissed yet.

    Two queries, and a file for each audit with something new that was not read before.
    """
    decided = set(Risk.unscoped.filter(system=system).exclude(finding="").values_list("finding", flat=True))
    found: dict[str, Proposal] = {}
    for audit in newest(audits_of_system(system) if audits is None else audits):
        for rule, outcome in (audit.rules or {}).items():
            key = finding_of(audit, rule)
            if outcome not in OUTCOMES or key in decided or key in found:
                continue
            if said := in_words(audit.evidence).get(rule):
                found[key] = Proposal(audit, rule, outcome, said)
    # PostgreSQL does not keep the order in which an audit judged its rules
    return sorted(found.values(), key=lambda each: (OUTCOMES.index(each.outcome), each.found.place))


def audits_of_system(system: System) -> list[Audit]:
    """Those that are done of the model versions in the system, the newest first. One query."""
    parts = SystemPart.unscoped.filter(system=system).values("version")
    found = Audit.objects.of(system.organisation).filter(model__in=parts).exclude(evidence="")
    found = found.select_related("model__model", "dataset__dataset").defer(
        "parameters", "policy", "model__stored_signature", "dataset__stored_profile"
    )
    return list(found.order_by("-created_at", "pk")[:MOST_AUDITS])


def newest(audits: list[Audit]) -> list[Audit]:
    """The newest of each version and each dataset."""
    found: dict[tuple[Any, Any], Audit] = {}
    for audit in audits:
        found.setdefault((audit.model_id, audit.dataset.dataset_id), audit)
    return list(found.values())


def in_words(evidence: str) -> Mapping[str, Found]:
    """The findings of an audit by rule; none where the file cannot be read now."""
    try:
        return read_findings(evidence)
    except StorageError:
        return {}


@lru_cache(maxsize=256)
def read_findings(evidence: str) -> dict[str, Found]:
    reading = Reading(read(evidence))
    placed = enumerate(reading.verdicts)
    return {str(v["rule"]): said_of(reading, v, place) for place, v in placed if words.tone(v) in OUTCOMES}


def said_of(reading: Reading, verdict: Mapping[str, Any], place: int) -> Found:
    measured = reading.measured(verdict)
    said = told(reading, [verdict])
    check = measured[0].get("check", "") if measured else ""
    attribute = verdict.get("attribute")
    affected = affected_by(reading, attribute) if attribute else ""
    return Found(place, words.short(said.headline, LONGEST["hazard"]), words.clean(said.text), affected, guess(check))


def affected_by(reading: Reading, attribute: str) -> str:
    groups = dict.fromkeys(words.group(m["group"]) for m in reading.rates(attribute))
    listed = f": {words.listed(list(groups), MOST_GROUPS)}" if groups else ""
    return f"People by {words.attribute(attribute)}{listed}."


def decide(user: Any, system: System, finding: str, dismissal: str | None = None) -> Risk:
    """Take a proposal as an open risk, or dismiss it for a reason; either stays, so that it is never proposed twice.

    Raises Forbidden, NotFound, InputError where it is proposed no longer.
    """
    proposal = next((each for each in proposed(system) if each.finding == finding), None)
    if proposal is None:
        raise InputError("This is proposed no longer: somebody took or dismissed it, or a newer audit passes the rule.")
    source: dict[str, Any] = {"audit": proposal.audit, "rule": proposal.rule, "finding": finding}
    if dismissal is not None:
        if not dismissal.strip():
            raise InputError("Say why it is no risk, or is one that stands here already.")
        source |= {"state": Risk.State.DISMISSED, "closing": dismissal.strip()[: LONGEST["closing"]]}
    found = proposal.found
    said = {
        "hazard": found.hazard, "cause": found.figures[: LONGEST["cause"]], "affected": found.affected,
        "rights": list(found.guess.rights),
    }  # fmt: skip
    try:
        with transaction.atomic():
            return begin(user, system, said, **source)
    except IntegrityError:
        raise InputError("Somebody else took or dismissed it just now.") from None


def passes_now(risks: list[Risk], audits: list[Audit]) -> dict[Any, Audit]:
    """By risk: the newest of the audits (newest first) that judged its rule, where that was later and passed."""
    found = {}
    for risk in risks:
        if risk.finding and risk.audit is not None:
            judged = (each for each in audits if risk.rule in (each.rules or {}))
            latest = next((each for each in judged if finding_of(each, risk.rule) == risk.finding), None)
            if latest and latest.created_at > risk.audit.created_at and (latest.rules or {})[risk.rule] == "pass":
                found[risk.pk] = latest
    return found
