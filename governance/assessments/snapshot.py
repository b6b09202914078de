"""Everything an assessment tells, as JSON: what goes into review, is hashed and signed, and what its report prints.

The same rows give the same snapshot: no clock is read, whatever counts by day counts by the assessment's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Max

from audits.models import Audit
from audits.report.html import plumbline_version
from governance.assessments.models import Assessment
from governance.frameworks.lists import evidence_type, rights
from governance.frameworks.load import held_since
from governance.frameworks.requirements import framework, requirement
from governance.incidents.clocks import clocks
from governance.incidents.models import Incident
from governance.law import questionnaire
from governance.law.incidents import kinds
from governance.law.statements import form
from governance.obligations.models import Evidence
from governance.obligations.rows import Piece, Row, rows_of
from governance.reports.audited import audited
from governance.reports.open_points import what_follows
from governance.reports.schema import SCHEMA
from governance.risks.findings import Proposal, proposed
from governance.risks.models import Risk, Statement
from governance.systems.answering import readable
from governance.systems.models import Answers, Standing, System, SystemPart
from governance.systems.words import class_name, role_name
from models.accounts.models import User
from models.errors import InputError
from models.registry.models import DatasetVersion, ModelVersion
from models.registry.storage import store

Json = dict[str, Any]


def snapshot_of(assessment: Assessment) -> Json:
    """What the assessment tells, as of its day."""
    system, standing = assessment.system, assessment.system.standing
    rows = rows_of(system, assessment.as_of)
    audits = audits_of(system)
    told_risks, told_statements = list(risks_of(system)), statements_of(system)
    told_incidents = list(Incident.unscoped.filter(system=system).order_by("number"))
    authors = authors_of(assessment, standing, rows, [*told_risks, *told_statements, *told_incidents])
    parts = [part.version for part in SystemPart.unscoped.filter(system=system).select_related("version__model")]
    said: Json = {
        "schema": SCHEMA,
        "made_by": plumbline_version(),
        "assessment": about(assessment),
        "authors": named(authors),
        "sent": sent(assessment),
        "organisation": system.organisation.name,
        "system": system_json(system),
        "law": law(),
        "classification": classification(standing) if standing else None,
        "answers": answers(standing.answers) if standing else [],
        "frameworks": [frameworks_json(name) for name in dict.fromkeys(row.duty.framework for row in rows)],
        "obligations": [obligation(row) for row in rows],
        "audits": [audit_json(audit) for audit in audits],
        "proposals": [proposal(each) for each in proposed(system)],
        "risks": [risk(each) for each in told_risks],
        "statements": [statement(each) for each in told_statements],
        "incidents": [incident(each) for each in told_incidents],
        "models": [model(version) for version in parts],
        "datasets": datasets(parts, audits),
    }
    follows = what_follows(said)
    return said | {"not_assessed": {"own": assessment.not_assessed, "follows": follows}}


def day(moment: date | datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def who(user: Any) -> str | None:
    return str(user) if user else None


def about(assessment: Assessment) -> Json:
    before = assessment.signed_before()
    return {
        "id": str(assessment.pk),
        "number": assessment.number,
        "as_of": assessment.as_of.isoformat(),
        "summary": assessment.summary,
        "after": {"number": before.number, "sha256": before.sha256} if before else None,
    }


def authors_of(
    assessment: Assessment, standing: Standing | None, rows: Iterable[Row], written: Iterable[Any]
) -> list[int]:
    """The keys of everybody whose work it tells: who wrote in it or sent it, answered, found the class, brought or
    attached evidence, or wrote a risk, statement or incident (`written`). Who accepted one of these is none."""
    found = [*assessment.authors, assessment.submitted_by_id]
    if standing:
        found += [standing.author_id, *(said["by"] for said in standing.answers.answers.values())]
    for piece in (piece for row in rows for piece in row.pieces):
        found += [piece.evidence.author_id, piece.evidence.owner_id, piece.support.by_id]
    for each in written:
        found += [getattr(each, name, None) for name in ("author_id", "created_by_id")]
        found += getattr(each, "writers", ())
    return sorted({key for key in found if key is not None})


def named(keys: Iterable[int]) -> list[Json]:
    """People by the names of now, in the order of their keys."""
    return [{"id": user.pk, "name": str(user)} for user in User.objects.filter(pk__in=keys).order_by("pk")]


def sent(assessment: Assessment) -> Json | None:
    """Who sent it into review, and when; None for a draft."""
    by = assessment.submitted_by
    return {"id": by.pk, "name": str(by), "at": day(assessment.submitted_at)} if by else None


def system_json(system: System) -> Json:
    return {
        "id": str(system.pk),
        "name": system.name,
        "purpose": system.purpose,
        "stage": system.get_stage_display(),
        "placed_on": day(system.placed_on),
        "owner": who(system.present_owner),
        "roles": [{"id": role, "title": role_name(role)} for role in system.roles],
    }


def law() -> Json:
    held = framework("eu-ai-act")
    source = {"name": held.source.name, "url": held.source.url, "caveat": held.source.caveat}
    return {"title": held.title, "version": held.version, "held_since": held_since().isoformat(), "source": source}


def frameworks_json(name: str) -> Json:
    found = framework(name)
    return {"id": found.id, "title": found.title, "version": found.version}


def classification(standing: Standing) -> Json:
    return {
        "number": standing.number,
        "outcome": standing.outcome,
        "title": class_name(standing.outcome),
        "as_of": standing.as_of.isoformat(),
        "law_version": standing.law_version,
        "result": standing.result,
        "assessment": standing.assessment,
        "author": who(standing.author),
        "recorded_at": day(standing.created_at),
        "answered_since": answered_since(standing),
    }


def answered_since(standing: Standing) -> list[str]:
    """The questions that are answered otherwise by now, in words: what the class does not rest on."""
    newest = Answers.unscoped.filter(system=standing.system_id).order_by("-number").first()
    then, now = standing.answers.answers, newest.answers if newest else {}
    pairs = ((each, then.get(each.id), now.get(each.id)) for each in questionnaire.questions())
    return [each.text for each, one, other in pairs if (one and one["value"]) != (other and other["value"])]


def answers(revision: Answers) -> list[Json]:
    """In the order of the questions, in words."""
    keys = {said["by"] for said in revision.answers.values()}
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=keys)}
    return [
        {
            "id": question.id,
            "question": question.text,
            "answer": readable(question, said["value"]),
            "why": said["why"],
            "by": people.get(said["by"]),
            "at": said["at"],
        }
        for question in questionnaire.questions()
        if (said := revision.answers.get(question.id))
    ]


def obligation(row: Row) -> Json:
    duty, asks = row.duty, row.asks
    return {
        "framework": duty.framework,
        "requirement": duty.requirement,
        "ref": asks.ref,
        "title": asks.title,
        "certainty": asks.certainty,
        "date_certainty": asks.date_certainty if asks.dates else asks.certainty,
        "when": row.when,
        "binds_from": day(duty.binds_from),
        "where": duty.where,
        "state": duty.state,
        "reason": duty.reason,
        "owner": who(duty.owner),
        "due_on": day(duty.due_on),
        "accepted_by": who(duty.accepted_by),
        "accepted_at": day(duty.accepted_at),
        "law_version": duty.law_version,
        "gap": row.gap,
        "stale": list(row.stale),
        "evidence": [piece_json(piece) for piece in row.pieces],
    }


def piece_json(piece: Piece) -> Json:
    evidence = piece.evidence
    return {
        "id": str(evidence.pk),
        "title": evidence.title,
        "number": evidence.number,
        "type": evidence.type,
        "type_title": evidence_type(evidence.type).title,
        "source": evidence.get_source_display(),
        "sha256": evidence.sha256,
        "file_name": evidence.file_name,
        "audit": str(evidence.audit_id) if evidence.audit_id else None,
        "expires_on": day(evidence.expires_on),
        "brought_at": day(evidence.created_at),
        "stale": list(piece.stale),
    }


def audits_of(system: System) -> list[Audit]:
    """Those that are evidence of the system and that no newer evidence replaced, or that a risk comes from."""
    brought = Evidence.unscoped.filter(system=system, audit__isnull=False, replaced_by=None).values_list("audit_id")
    proposed = Risk.unscoped.filter(system=system, audit__isnull=False).values_list("audit_id")
    found = Audit.unscoped.filter(pk__in=[key for (key,) in {*brought, *proposed}]).exclude(evidence="")
    return list(found.select_related("model__model", "dataset__dataset").order_by("created_at", "pk"))


def audit_json(audit: Audit) -> Json:
    return {
        "id": str(audit.pk),
        "title": str(audit),
        "made_at": day(audit.created_at),
        "sha256": audit.evidence,
        "report_sha256": audit.report,
        "model": {"name": str(audit.model), "sha256": audit.model.sha256} if audit.model else None,
        "dataset": {"name": str(audit.dataset), "sha256": audit.dataset.sha256},
        "policy": str(audit.policy.get("name", "")),
        "verdict": audit.verdict,
        **audited(json.loads(store().path(audit.evidence).read_bytes())),
    }


def risks_of(system: System) -> Iterable[Risk]:
    found = Risk.unscoped.filter(system=system).select_related("owner", "accepted_by").order_by("number")
    return found.prefetch_related("measures__owner")


def risk(each: Risk) -> Json:
    named = {right.id: right for right in rights()}
    return {
        "number": each.number,
        "state": each.state,
        "hazard": each.hazard,
        "cause": each.cause,
        "affected": each.affected,
        "rights": [f"{named[id].title} ({named[id].ref})" if id in named else id for id in each.rights],
        "before": degree(each.likelihood, each.severity),
        "after": degree(each.likelihood_after, each.severity_after),
        "owner": who(each.owner),
        "measures": [
            {"text": one.text, "owner": who(one.owner), "due_on": day(one.due_on), "done_on": day(one.done_on)}
            for one in each.measures.all()
        ],
        "accepted_by": who(each.accepted_by),
        "accepted_at": day(each.accepted_at),
        "acceptance": each.acceptance,
        "closing": each.closing,
        "audit": str(each.audit_id) if each.audit_id else None,
        "rule": each.rule,
    }


def proposal(each: Proposal) -> Json:
    """A finding that nobody took or dismissed yet."""
    said = {"hazard": each.found.hazard, "figures": each.found.figures, "audit": str(each.audit)}
    return said | {"outcome": each.outcome, "rule": each.rule}


def degree(likelihood: int | None, severity: int | None) -> Json | None:
    """None as long as one of the two was not judged."""
    return {"likelihood": likelihood, "severity": severity} if likelihood and severity else None


def statements_of(system: System) -> Iterable[Statement]:
    """The newest of each kind."""
    newest = Statement.unscoped.filter(system=system).order_by().values("kind").annotate(last=Max("number"))
    numbers = {each["kind"]: each["last"] for each in newest}
    found = Statement.unscoped.filter(system=system).select_related("author").order_by("kind")
    return [each for each in found if numbers[each.kind] == each.number]


def statement(each: Statement) -> Json:
    """Its points in the order of the law, those too of which nothing is said."""
    points = dict.fromkeys([*(asks.id for asks in form(each.kind).points_of(each.content)), *each.content])
    return {
        "kind": each.kind,
        "title": each.get_kind_display(),
        "number": each.number,
        "points": [point(id, each.content.get(id, "")) | {"source": each.taken.get(id)} for id in points],
        "author": who(each.author),
        "at": day(each.created_at),
    }


def point(id: str, text: Any) -> Json:
    try:
        asks = requirement(id)
    except InputError:
        return {"id": id, "ref": "", "title": id, "text": str(text)}
    return {"id": id, "ref": asks.ref, "title": asks.title, "text": str(text)}


def incident(each: Incident) -> Json:
    named = {kind.id: kind for kind in kinds()}
    return {
        "number": each.number,
        "title": each.title,
        "kinds": [f"{named[id].title} ({named[id].ref})" if id in named else id for id in each.kinds],
        "happened_at": day(each.happened_at),
        "aware_at": day(each.aware_at),
        "place": each.place,
        "link": each.get_link_display(),
        "known": each.known,
        "corrective": each.corrective,
        "closed_at": day(each.closed_at),
        "closing": each.closing,
        "clocks": [
            {
                "ref": kept.running.clock.ref,
                "title": kept.running.clock.title,
                "due": day(kept.running.due),
                "told": day(kept.told),
                "binds_from": day(kept.running.binds_from),
            }
            for kept in clocks(each)
        ],
    }


def model(version: ModelVersion) -> Json:
    return {
        "id": str(version.pk),
        "name": str(version),
        "sha256": version.sha256,
        "format": version.format,
        "trained_on": str(version.trained_on_id) if version.trained_on_id else None,
    }


def datasets(parts: Iterable[ModelVersion], audits: Iterable[Audit]) -> list[Json]:
    """Those that a part was trained on, and those that an audit was made on."""
    uses: dict[Any, set[str]] = {}
    for part in parts:
        if part.trained_on_id:
            uses.setdefault(part.trained_on_id, set()).add("training")
    for audit in audits:
        uses.setdefault(audit.dataset_id, set()).add("audit")
    found = DatasetVersion.unscoped.filter(pk__in=uses).select_related("dataset").order_by("dataset__name", "number")
    return [dataset(version, uses) for version in found]


def dataset(version: DatasetVersion, uses: Mapping[Any, set[str]]) -> Json:
    used_for = sorted(uses[version.pk])
    said = {"id": str(version.pk), "name": str(version), "sha256": version.sha256}
    return said | {"rows": version.rows, "used_for": used_for}
