"""What the API tells of the law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from governance.frameworks.catalogue import Catalogue, Entry, Part
from governance.frameworks.lists import Milestone, Timeline, certainties
from governance.frameworks.load import held_since
from governance.frameworks.requirements import Framework, OnADay, Requirement, crosswalk, framework
from governance.law.applies import Applying
from governance.law.classify import Classification
from models.rest.records import Asked, Day, Record

ID = Field(examples=["art-9-1"])
REF = Field(examples=["Article 9(1)"])
SURE = Field(description="How sure it is; GET /law says what each level means.", examples=["in-force"])
AS_OF = Field(
    None,
    description="The day it is for; today. A day before the text that is held is refused.",
    examples=["2026-11-21"],
)


class LawQuery(Asked):
    as_of: Day | None = AS_OF


class FrameworkQuery(LawQuery):
    role: str | None = Field(None, max_length=60, description="Only what is asked of it.", examples=["provider"])
    level: str | None = Field(
        None, max_length=60, description="Only what is asked on this route.", examples=["high-risk-annex-iii"]
    )
    version: str | None = Field(
        None, max_length=200, description="Refused unless it is held.", examples=["consolidated 2026-07-27"]
    )


class CertaintyRecord(Record):
    id: str = Field(examples=["draft-guidance"])
    title: str = Field(examples=["Draft guidance"])
    help: str


class MilestoneRecord(Record):
    date: Day
    title: str
    ref: str = Field(examples=["Article 113(c)(i)"])
    certainty: str = SURE


class FrameworkRecord(Record):
    id: str = Field(examples=["eu-ai-act"])
    title: str = Field(examples=["EU AI Act"])
    about: str
    kind: Literal["law", "standard", "voluntary"]
    version: str = Field(examples=["consolidated 2026-07-27"])
    certainty: str = SURE
    source: str = Field(description="Where it was read.")
    caveats: list[str] = Field(description="How far it can be trusted.")
    roles: list[str] = Field(examples=[["provider", "deployer"]])
    levels: list[str] = Field(description="Routes (risk levels).", examples=[["high-risk-annex-iii"]])


class ListName(Record):
    id: str = Field(examples=["eu-ai-act-timeline"])
    title: str


class LawRecord(Record):
    as_of: Day
    held_since: Day = Field(description="The first day that can be asked for.")
    in_force: list[MilestoneRecord] = Field(description="The days of the EU AI Act that are reached.")
    coming: list[MilestoneRecord]
    frameworks: list[FrameworkRecord]
    lists: list[ListName]
    certainties: list[CertaintyRecord]


class RequirementName(Record):
    id: str = ID
    ref: str = REF
    title: str
    modality: str = Field(examples=["obligation"])
    certainty: str = SURE
    date_certainty: str = Field(description="How sure the day is.", examples=["in-force"])


class ComingRequirement(RequirementName):
    date: Day = Field(description="From which it counts.")


class FrameworkOnADay(FrameworkRecord):
    as_of: Day
    in_force: list[RequirementName]
    coming: list[ComingRequirement]


class BesideRecord(Record):
    framework: str = Field(examples=["nist-ai-rmf"])
    id: str = Field(examples=["govern-1-4"])
    ref: str = Field(examples=["GOVERN 1.4"])
    title: str


class RequirementRecord(RequirementName):
    framework: str = Field(examples=["eu-ai-act"])
    version: str = Field(examples=["consolidated 2026-07-27"])
    help: str
    section: str
    chapter: str
    roles: list[str] = Field(description="Whom it binds.")
    levels: list[str] = Field(description="On which routes (risk levels).")
    dates: dict[str, Day] = Field(description="From when it counts, by route.")
    formal_dates: dict[str, Day] = Field(description="From when it counts by the law's words.")
    is_in_force: bool = Field(description="On the day asked for, on one route at least.")
    as_of: Day
    evidence: list[str] = Field(description="Kinds of evidence that would show it.")
    penalty: str = Field(description="Its tier of fines, of the list eu-ai-act-timeline.", examples=["tier-2"])
    note: str
    note_certainty: str
    amended_by: str
    verification: str
    beside: list[BesideRecord] = Field(description="What other frameworks ask alike.")
    mapping: str = Field(description="Whose mapping that is.")


class LawEntry(Record):
    id: str
    ref: str
    title: str
    help: str
    certainty: str = SURE
    date: Day | None
    is_in_force: bool = Field(description="On the day asked for.")
    beside: list[str] = Field(description="Requirements and practices it bears on: our own mapping.")
    says: dict[str, Any] = Field(description="What else the entry says, by the names of the data.")


class LawPart(Record):
    id: str
    title: str
    note: str
    entries: list[LawEntry]


class ListRecord(ListName):
    as_of: Day
    certainty: str = SURE
    source: str
    caveats: list[str]
    notes: list[str]
    mapping: str
    parts: list[LawPart]


class ConditionalRequirement(RequirementName):
    where: str = Field(description="The condition, of which no answer speaks.")
    date: Day


class SystemLaw(Record):
    as_of: Day
    law_version: str = Field(examples=["consolidated 2026-07-27"])
    classification: str = Field(description="The class on that day.", examples=["HIGH_RISK_ANNEX_III"])
    roles: list[str]
    in_force: list[RequirementName]
    coming: list[ComingRequirement]
    conditional: list[ConditionalRequirement]
    notes: list[str]


def milestone_record(each: Milestone) -> MilestoneRecord:
    return MilestoneRecord(date=each.date, title=each.title, ref=each.ref, certainty=each.certainty)


def said_of(held: Framework) -> dict[str, Any]:
    names = ("id", "title", "about", "kind", "version", "certainty")
    lists = {"caveats": list(held.caveats), "roles": list(held.roles), "levels": list(held.levels)}
    return {name: getattr(held, name) for name in names} | {"source": held.source.name} | lists


def law_record(day: Any, found: Timeline, frameworks: list[Framework], lists: list[Catalogue]) -> LawRecord:
    return LawRecord(
        as_of=day,
        held_since=held_since(),
        in_force=[milestone_record(each) for each in found.in_force],
        coming=[milestone_record(each) for each in found.coming],
        frameworks=[FrameworkRecord(**said_of(each)) for each in frameworks],
        lists=[ListName(id=each.id, title=each.title) for each in lists],
        certainties=[CertaintyRecord(id=each.id, title=each.title, help=each.help) for each in certainties()],
    )


def named(each: Requirement) -> dict[str, Any]:
    return {name: getattr(each, name) for name in ("id", "ref", "title", "modality", "certainty", "date_certainty")}


def framework_record(held: Framework, day: Any, found: OnADay) -> FrameworkOnADay:
    return FrameworkOnADay(
        **said_of(held),
        as_of=day,
        in_force=[RequirementName(**named(each)) for each in found.in_force],
        coming=[ComingRequirement(**named(each), date=since) for each, since in found.coming],
    )


def requirement_record(each: Requirement, day: Any) -> RequirementRecord:
    held, beside = framework(each.framework), crosswalk(each.id)
    since = min(each.dates.values(), default=held.applies_from)
    names = ("framework", "help", "section", "chapter", "note", "note_certainty", "amended_by", "verification")
    return RequirementRecord(
        **named(each),
        **{name: getattr(each, name) for name in names},
        version=held.version,
        roles=list(each.applies_to),
        levels=list(each.risk_levels),
        dates=dict(each.dates),
        formal_dates=dict(each.formal),
        is_in_force=since is None or since <= day,
        as_of=day,
        evidence=list(each.evidence),
        penalty=each.penalty_tier,
        beside=[
            BesideRecord(framework=one.framework, id=one.id, ref=one.ref, title=one.title) for one in beside.matches
        ],
        mapping=beside.status,
    )


def entry_record(each: Entry, day: Any) -> LawEntry:
    names = ("id", "ref", "title", "help", "certainty")
    return LawEntry(
        **{name: getattr(each, name) for name in names},
        date=each.day,
        is_in_force=each.day is None or each.day <= day,
        beside=list(each.beside),
        says={key: plain(value) for key, value in each.says.items()},
    )


def plain(value: Any) -> Any:
    """What is held read-only, as JSON has it."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def part_record(part: Part, day: Any) -> LawPart:
    entries = [entry_record(each, day) for each in part.entries]
    return LawPart(id=part.id, title=part.title, note=part.note, entries=entries)


def list_record(held: Catalogue, day: Any, mapping: str) -> ListRecord:
    return ListRecord(
        id=held.id,
        title=held.title,
        as_of=day,
        certainty=held.certainty,
        source=held.source.name,
        caveats=list(held.caveats),
        notes=list(held.notes),
        mapping=mapping,
        parts=[part_record(part, day) for part in held.parts],
    )


def system_law(day: Any, recorded_by: str, by: Classification, found: Applying) -> SystemLaw:
    other = (
        f"The class was recorded by a text of the law that is not held here, {recorded_by}; this is by the one held."
    )
    return SystemLaw(
        as_of=day,
        law_version=by.law_version,
        classification=by.primary,
        roles=list(by.roles),
        in_force=[RequirementName(**named(each)) for each in found.in_force],
        coming=[ComingRequirement(**named(each), date=since) for each, since in found.coming],
        conditional=[
            ConditionalRequirement(**named(each.requirement), where=each.where, date=each.date)
            for each in found.conditional
        ],
        notes=[*([other] if recorded_by != by.law_version else []), *(note.says for note in found.notes)],
    )
