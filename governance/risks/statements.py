"""Statements in the law's own lists: which are owed, writing the next version of one, and giving it in evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from governance.frameworks.requirements import Requirement
from governance.law.statements import Form, form, forms
from governance.obligations.board import attach
from governance.obligations.evidence import LONGEST_STATEMENT, About, bring_document, bring_statement
from governance.obligations.models import Duty, Evidence
from governance.obligations.rows import asked_of
from governance.risks.models import Given, Statement
from governance.systems.models import System
from governance.systems.stale import Stale
from models.accounts.permission import authorize
from models.errors import InputError
from models.registry.register import words
from models.trail.record import record

LONGEST_POINT = 20_000


@dataclass(frozen=True, slots=True)
class Owed:
    """A kind of statement for one system: whether any of its points is asked of it, from which day the earliest counts,
    and its newest version."""

    form: Form
    is_owed: bool
    binds_from: date | None
    newest: Statement | None
    said: int
    points: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A point of a version, with what it said in another one."""

    asks: Requirement
    text: str
    before: str
    source: Mapping[str, Any] | None

    @property
    def change(self) -> str:
        """new, changed, taken out, or empty."""
        if self.text == self.before:
            return ""
        return "new" if not self.before else "changed" if self.text else "taken out"


def owed(system: System) -> list[Owed]:
    """Every kind, in the data's order. Two queries."""
    asked = asked_of(system)
    latest: dict[str, Statement] = {}
    for each in versions_of(system):
        latest.setdefault(each.kind, each)
    return [state_of(each, asked, latest.get(each.id)) for each in forms()]


def state_of(kind: Form, asked: Mapping[str, Duty], newest: Statement | None) -> Owed:
    days = [asked[each.id].binds_from for each in kind.every_point() if each.id in asked]
    points = kind.points_for(asked)
    said = sum(bool(newest.content.get(each.id)) for each in points) if newest else 0
    return Owed(kind, bool(days), min((day for day in days if day), default=None), newest, said, points)


def versions_of(system: System, kind: str | None = None) -> QuerySet[Statement]:
    """The newest first."""
    found = Statement.objects.of(system.organisation).filter(system=system).select_related("author")
    return (found.filter(kind=kind) if kind else found).order_by("kind", "-number")


def write(
    user: Any,
    system: System,
    kind: str,
    content: Mapping[str, str],
    seen: int | None,
    draws_on: Mapping[str, Evidence] | None = None,
) -> Statement:
    """Write the next version; points that are not given stay as they were. `seen` is the number of the version that
    the writer had before them (0 for none). `draws_on`: point -> evidence that its text draws on; where no text is
    given with it, that evidence's words are taken over, or it is pointed to.

    One that changes nothing makes no version. Raises Forbidden, NotFound, InputError, Stale.
    """
    authorize(user, "govern", system)
    wanted = form(kind)
    with transaction.atomic():
        System.unscoped.select_for_update(of=("self",)).get(pk=system.pk)
        newest = versions_of(system, kind).first()
        if seen is not None and seen != (newest.number if newest else 0):
            raise Stale("statement", newest)
        before, sources = (newest.content, newest.taken) if newest else ({}, {})
        said, taken = drawn(wanted, system, content, draws_on or {}, sources)
        said = {**before, **said}
        kept = {id: text for id, text in said.items() if text}
        taken = {id: source for id, source in taken.items() if id in kept}
        if not kept:
            raise InputError("Write about at least one point.")
        if newest and (kept, taken) == (newest.content, newest.taken):
            return newest
        made = Statement.unscoped.create(
            organisation_id=system.organisation_id, system=system, kind=kind, number=newest.number + 1 if newest else 1,
            content=kept, taken=taken, author=user,
        )  # fmt: skip
        changed = sorted(id for id in {*kept, *before} if kept.get(id) != before.get(id))
        facts = {"system": str(system.pk), "kind": kind, "number": made.number, "points": changed,
                 "sha256": digest(text_of(made))}  # fmt: skip
        record(system.organisation, user, "statement written", made, facts)
    return made


def drawn(
    wanted: Form,
    system: System,
    content: Mapping[str, str],
    draws_on: Mapping[str, Evidence],
    sources: Mapping[str, Any],
) -> tuple[dict[str, str], dict[str, Any]]:
    """The texts as they are kept, and where they come from. Raises InputError."""
    known = {each.id: each for each in wanted.every_point()}
    if unknown := sorted({*content, *draws_on} - set(known)):
        raise InputError(f"This statement has no point {', '.join(unknown)[:200]}.")
    said = {id: words(known[id].ref, text, LONGEST_POINT) for id, text in content.items()}
    taken = {id: source for id, source in sources.items() if id not in content}
    for id, evidence in draws_on.items():
        if evidence.system_id != system.pk or not wanted.draws_on or evidence.type != wanted.draws_on:
            raise InputError("A text can only be taken over from a data protection impact assessment of this system.")
        said[id] = said.get(id) or taken_over(evidence)
        taken[id] = {"evidence": str(evidence.pk), "title": evidence.title, "number": evidence.number,
                     "sha256": evidence.sha256}  # fmt: skip
    return said, taken


def taken_over(evidence: Evidence) -> str:
    """The words of a statement; a document is pointed to."""
    if evidence.source == Evidence.Source.STATEMENT:
        return evidence.text
    return f"See {evidence.title} (version {evidence.number}, {evidence.file_name}, SHA-256 {evidence.sha256})."


def sources_for(system: System, wanted: Form) -> list[Evidence]:
    """The evidence that its texts may draw on, in its newest versions."""
    if not wanted.draws_on:
        return []
    found = Evidence.objects.of(system.organisation).filter(system=system, type=wanted.draws_on, replaced_by=None)
    return list(found.exclude(source=Evidence.Source.AUDIT))


def said_in(statement: Statement, other: Statement | None = None) -> list[Said]:
    """Its points in order, those too that it says nothing of, each beside what the other one said."""
    wanted, before = form(statement.kind), other.content if other else {}
    points = wanted.points_of({*statement.content, *before})
    return [
        Said(each, statement.content.get(each.id, ""), before.get(each.id, ""), statement.taken.get(each.id))
        for each in points
    ]


def text_of(statement: Statement) -> str:
    """The whole of it as plain text, as it is given in evidence."""
    wanted = form(statement.kind)
    parts = [f"{wanted.title} ({wanted.ref}), version {statement.number}"]
    for each in said_in(statement):
        source = f" (drawn from {each.source['title']}, version {each.source['number']})" if each.source else ""
        parts.append(f"{each.asks.ref}: {each.asks.title}{source}\n\n{each.text or 'Nothing is said.'}")
    return "\n\n".join(parts)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def evidence_of(statement: Statement) -> Evidence | None:
    """The evidence that this version was given as, if it was."""
    found = Given.unscoped.filter(statement=statement).select_related("evidence").first()
    return found.evidence if found else None


def give(user: Any, statement: Statement) -> tuple[Evidence, list[Duty]]:
    """This version as evidence, of every obligation of the system that its points answer to.

    It replaces the evidence that an earlier version was given as. Raises Forbidden, NotFound, InputError.
    """
    authorize(user, "govern", statement)
    with transaction.atomic():
        System.unscoped.select_for_update(of=("self",)).get(pk=statement.system_id)
        asked = asked_of(statement.system)
        duties = [asked[each.id] for each in form(statement.kind).supports(statement.content) if each.id in asked]
        if not duties:
            raise InputError("None of what it speaks of is asked of this system, so there is nothing to attach it to.")
        made = evidence_of(statement) or bring(user, statement)
        for duty in duties:
            attach(user, duty, made)
    return made, duties


def bring(user: Any, statement: Statement) -> Evidence:
    wanted, text = form(statement.kind), text_of(statement)
    earlier = {"statement__system": statement.system, "statement__kind": statement.kind, "evidence__replaced_by": None}
    before = Given.unscoped.filter(**earlier, statement__number__lt=statement.number).select_related("evidence")
    last = before.order_by("-statement__number").first()
    about = About(title=wanted.title, type=wanted.evidence, replaces=last.evidence if last else None)
    if len(text) <= LONGEST_STATEMENT:
        made = bring_statement(user, statement.system, text, about)
    else:
        content, name = text.encode(), f"{statement.kind}-{statement.number}.txt"
        made = bring_document(user, statement.system, BytesIO(content), len(content), name, about)
    Given.unscoped.create(organisation_id=statement.organisation_id, statement=statement, evidence=made)
    return made
