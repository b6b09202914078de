"""The frameworks as types: their sections and requirements, when each applies, and what answers to what.

A framework is one file of this folder that lists requirements (``requirements``, or ``sections`` that hold them).
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from governance.frameworks.load import as_of, load, names
from models.errors import InputError

# how a file's crosswalk names another framework
CROSSWALK = {"nist": "nist-ai-rmf", "iso42001": "iso-42001", "eu_ai_act": "eu-ai-act"}
# what a file says of itself as a whole that a reader should know
CAVEATS = ("verification", "status", "pending", "not_presumption", "no_threshold", "copyright_note", "suggestion")


@dataclass(frozen=True)
class Source:
    """Where the facts were read; ``caveat`` says what that reading is not."""

    name: str
    url: str
    caveat: str


@dataclass(frozen=True)
class Requirement:
    """One thing a framework asks for, with its reference and how sure it is.

    ``dates`` gives for each risk level the day from which it counts, ``formal`` the day that the law's words give;
    both are empty where the framework dates nothing, and ``date_certainty`` says how sure the day is. ``modality`` is
    obligation, permission (allowed on conditions), option (may be chosen) or context (explains, asks nothing).
    """

    framework: str
    id: str
    ref: str
    title: str
    help: str
    section: str
    chapter: str
    applies_to: tuple[str, ...]
    risk_levels: tuple[str, ...]
    evidence: tuple[str, ...]
    modality: str
    application: str
    dates: Mapping[str, dt.date] = field(compare=False)
    formal: Mapping[str, dt.date] = field(compare=False)
    date_certainty: str
    penalty_tier: str
    certainty: str
    note: str
    note_certainty: str
    amended_by: str
    verification: str
    # other framework -> the references or ids this one names there
    beside: Mapping[str, tuple[str, ...]] = field(compare=False, repr=False)

    @property
    def is_duty(self) -> bool:
        return self.modality == "obligation"


@dataclass(frozen=True)
class Section:
    id: str
    ref: str
    title: str
    chapter: str
    note: str
    note_certainty: str
    amended_by: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True)
class Framework:
    """``kind`` is law, standard or voluntary; ``caveats`` are the file's own words on how far it can be trusted.

    ``applies_from`` is the day of the whole, None where each requirement has its own, or none has one.
    """

    id: str
    title: str
    about: str
    version: str
    kind: str
    certainty: str
    applies_from: dt.date | None
    source: Source
    caveats: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def chapters(self) -> dict[str, str]:
        """What coverage is drawn by, in order: the `chapter` of sections and requirements -> its title."""
        file = load(self.id)
        titles = {each.get("ref", each["id"]): each["title"] for each in file.get("chapters", file.get("sections", ()))}
        return {section.chapter: titles.get(section.chapter, section.title) for section in self.sections}

    @property
    def roles(self) -> tuple[str, ...]:
        """Whom its requirements bind, in the file's order."""
        return tuple(dict.fromkeys(role for each in self.requirements for role in each.applies_to))

    @property
    def levels(self) -> tuple[str, ...]:
        """The risk levels of its requirements, in the file's order."""
        return tuple(dict.fromkeys(level for each in self.requirements for level in each.risk_levels))

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        return tuple(each for section in self.sections for each in section.requirements)


@dataclass(frozen=True)
class Crosswalk:
    """What other frameworks ask that the same evidence may serve; ``status`` says whose mapping it is."""

    requirement: Requirement
    matches: tuple[Requirement, ...]
    status: str


@cache
def frameworks() -> tuple[str, ...]:
    """The names of the files that are frameworks, in order."""
    return tuple(name for name in names() if "sections" in load(name) or "requirements" in load(name))


def framework(name: str, version: str | None = None) -> Framework:
    """A framework by name. InputError on a name or a version that is not held, which names those that are."""
    if name not in frameworks():
        raise InputError(f"There is no framework named {name!r}; there are: {', '.join(frameworks())}.")
    held = _framework(name)
    if version not in (None, held.version):
        raise InputError(
            f"{held.title} is held in one version, {held.version!r}; there is no {version!r}. "
            "Take that one, or use a Plumbline that holds the other."
        )
    return held


def requirements(name: str = "eu-ai-act") -> tuple[Requirement, ...]:
    """All requirements of a framework, in its order."""
    return framework(name).requirements


def requirement(id: str) -> Requirement:
    """A requirement of any framework by its id. InputError on an id that none has."""
    try:
        return _by_id()[id]
    except KeyError:
        raise InputError(f"No framework held has a requirement {id!r}.") from None


def crosswalk(id: str) -> Crosswalk:
    """What the other frameworks' files, or this one's, name beside a requirement: indicative, and our own mapping."""
    held = requirement(id)
    return Crosswalk(held, tuple(_by_id()[other] for other in _matches().get(id, ())), load("certainty")["crosswalk"])


@dataclass(frozen=True)
class OnADay:
    """What a framework asks on a day, and what it will ask, each with its day, the earliest first.

    What the framework dates nowhere counts as in force.
    """

    in_force: tuple[Requirement, ...]
    coming: tuple[tuple[Requirement, dt.date], ...]


def on_a_day(
    name: str, day: dt.date | str, roles: Collection[str] = (), levels: Collection[str] = (), version: str | None = None
) -> OnADay:
    """What a framework asks of these roles, on these routes (risk levels), on a day; of all where none is named.

    A requirement with several levels counts from the first of their days. InputError on a day before the text that is
    held, on a framework or version that is not held, and on a role or level that the framework does not have.
    """
    day, held = as_of(day), framework(name, version)
    for asked, there, what in ((roles, held.roles, "role"), (levels, held.levels, "risk level")):
        if unknown := set(asked) - set(there):
            raise InputError(
                f"{held.title} has no {what} {', '.join(sorted(unknown))}; there are: {', '.join(there) or 'none'}."
            )
    found = [
        (each, min(days) if (days := _days(each, levels)) else held.applies_from)
        for each in held.requirements
        if (not roles or set(roles) & set(each.applies_to)) and (not levels or set(levels) & set(each.risk_levels))
    ]
    return OnADay(
        in_force=tuple(each for each, since in found if since is None or since <= day),
        coming=tuple(
            sorted(
                ((each, since) for each, since in found if since is not None and since > day), key=lambda pair: pair[1]
            )
        ),
    )


def _days(each: Requirement, levels: Collection[str]) -> list[dt.date]:
    return [day for level, day in each.dates.items() if not levels or level in levels]


def source_of(file: Mapping[str, Any]) -> Source:
    """Where a file's facts were read."""
    source = file.get("source", {})
    return Source(source.get("name", ""), source.get("url", ""), source.get("caveat", ""))


def caveats_of(file: Mapping[str, Any]) -> tuple[str, ...]:
    """What a file says of itself as a whole that a reader should know."""
    return tuple(file[key] for key in CAVEATS if key in file)


@cache
def _framework(name: str) -> Framework:
    file = load(name)
    return Framework(
        id=file["id"],
        title=file["title"],
        about=file["about"],
        version=file["version"],
        kind=file["kind"],
        certainty=file["certainty"],
        applies_from=dt.date.fromisoformat(file["applies_from"]) if "applies_from" in file else None,
        source=source_of(file),
        caveats=caveats_of(file),
        sections=tuple(_sections(file, file)),
    )


def _sections(file: Mapping[str, Any], parent: Mapping[str, Any]) -> Iterator[Section]:
    """The sections that hold requirements, those inside other sections too; the outermost one is then their chapter."""
    if parent.get("requirements"):
        yield Section(
            id=parent["id"],
            ref=parent.get("ref", ""),
            title=parent["title"],
            chapter=parent.get("chapter", parent["title"]),
            note=parent.get("note", ""),
            note_certainty=parent.get("note_certainty", ""),
            amended_by=parent.get("amended_by", ""),
            requirements=tuple(_requirement(file, parent, each) for each in parent["requirements"]),
        )
    for inner in parent.get("sections", ()):
        chapter = inner.get("chapter", inner["ref"] if parent is file else parent["chapter"])
        yield from _sections(file, MappingProxyType({**inner, "chapter": chapter}))


def _requirement(file: Mapping[str, Any], section: Mapping[str, Any], each: Mapping[str, Any]) -> Requirement:
    levels = each.get("risk_levels", ())
    formal = _dates(section.get("application"), levels)
    dates = MappingProxyType({**formal, **_dates(section.get("in_practice"), levels)})
    return Requirement(
        framework=file["id"],
        id=each["id"],
        ref=each["ref"],
        title=each["title"],
        help=each.get("help", ""),
        section=section["id"],
        chapter=section.get("chapter", section["title"]),
        applies_to=each.get("applies_to", ()),
        risk_levels=levels,
        evidence=each.get("evidence", ()),
        modality=each.get("modality", file.get("modality_default", "obligation")),
        application=section.get("application", ""),
        dates=dates,
        formal=formal,
        date_certainty="our-reading" if dates != formal else section.get("date_certainty", file["certainty"]),
        penalty_tier=each.get("penalty_tier", section.get("penalty_tier", "")),
        certainty=each.get("certainty", section.get("certainty", file["certainty"])),
        note=each.get("note", ""),
        note_certainty=each.get("note_certainty", ""),
        amended_by=each.get("amended_by", section.get("amended_by", "")),
        verification=each.get("verification", ""),
        beside=MappingProxyType({CROSSWALK[key]: value for key, value in each.get("crosswalk", {}).items()}),
    )


def _dates(application: str | None, levels: tuple[str, ...]) -> Mapping[str, dt.date]:
    """For each risk level the day an application key names; a level it does not name has none."""
    if not application:
        return MappingProxyType({})
    days = load("eu-ai-act-timeline")["application_keys"][application]
    if isinstance(days, str):
        days = dict.fromkeys(levels, days)
    return MappingProxyType({level: dt.date.fromisoformat(days[level]) for level in levels if level in days})


@cache
def _by_id() -> Mapping[str, Requirement]:
    return MappingProxyType({each.id: each for name in frameworks() for each in requirements(name)})


@cache
def _matches() -> Mapping[str, tuple[str, ...]]:
    """Requirement id -> the ids beside it, whichever of the two files says so, in the frameworks' order."""
    ids = {(each.framework, key): each.id for each in _by_id().values() for key in (each.id, each.ref)}
    pairs = [
        (each.id, ids[other, named])
        for each in _by_id().values()
        for other, refs in each.beside.items()
        for named in refs
    ]
    order = {id: place for place, id in enumerate(_by_id())}
    matches: dict[str, set[str]] = {}
    for one, other in pairs:
        matches.setdefault(one, set()).add(other)
        matches.setdefault(other, set()).add(one)
    return MappingProxyType({id: tuple(sorted(found, key=order.__getitem__)) for id, found in matches.items()})
