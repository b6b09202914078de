"""The lists around the frameworks in one shape, entry by entry, for whoever reads them: a page, the API.

A list is a file of this folder of the kind ``list``. What its entries say beyond reference, title and help keeps the
names that it has in the file.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from governance.frameworks.load import as_of, load, names
from governance.frameworks.requirements import Source, caveats_of, source_of
from models.errors import InputError

# what a part is called where its file gives it no title; where what it says in one piece stands in the law; how sure
# it is where that is not as sure as the file
TITLES = {
    "definitions": "Definitions",
    "roles": "Roles",
    "scope": "Whom and what the Act reaches",
    "exclusions": "What is excluded",
    "scope_limits": "Where the Act may be limited",
    "prohibited_practices": "Prohibited practices",
    "annex_i.section_a": "Annex I Section A: product law beside which the requirements hold",
    "annex_i.section_b": "Annex I Section B: product law into which the requirements are taken up",
    "safety_component_rules": "What a safety component is",
    "annex_iii": "Annex III: high-risk uses",
    "derogations": "Derogations of Article 6(3)",
    "derogation_rules": "How the derogations are read",
    "annex_ii_offences": "Annex II: offences",
    "nodes": "Questions",
    "outcomes": "Classes",
    "role_nodes": "Questions on the role",
    "milestones": "Days",
    "transitions": "Later days for what was there before",
    "interpretation_notes": "How the days are read",
    "incident_deadlines": "Deadlines of incident reports",
    "retention": "How long what is kept",
    "penalties": "Fines",
    "supervision": "Who supervises",
    "kinds": "What a serious incident is",
    "recipients": "To whom it is reported",
    "counting": "How the days are counted",
    "report.fields": "What its report says",
    "guidance": "Guidance",
    "standards": "Standards",
    "rights": "Rights",
    "risks": "Risks",
    "items": "Entries",
    "evidence_types": "Kinds of evidence",
}
REFS = {
    "derogation_rules": "Article 6(3), 6(4)",
    "annex_ii_offences": "Annex II",
    "interpretation_notes": "Articles 111(2), 113(c)",
    "supervision": "Article 75(1), 75(1a)",
    "counting": "Article 73",
}
CERTAINTIES = {"derogation_rules": "our-reading", "interpretation_notes": "our-reading"}
# what a file says of itself as a whole, beside how far it can be trusted
NOTES = ("note", "rule", "presumption_rule", "standardisation_request", "standards_source", "prEN_18229_note")
SAID = ("id", "ref", "title", "ask", "help", "hint", "certainty", "crosswalk", "supports")


@dataclass(frozen=True)
class Entry:
    """One statement of a list. ``day`` is from when it holds, or its date; ``says`` what else the file says of it.

    ``beside`` names the requirements that it bears on: our own mapping.
    """

    id: str
    ref: str
    title: str
    help: str
    certainty: str
    day: dt.date | None
    beside: tuple[str, ...]
    says: Mapping[str, Any] = field(compare=False)


@dataclass(frozen=True)
class Part:
    id: str
    title: str
    entries: tuple[Entry, ...]
    note: str = ""

    def in_force(self, day: dt.date | str) -> tuple[Entry, ...]:
        """The entries that hold on a day; one without a day of its own always does. InputError as `as_of` says."""
        day = as_of(day)
        return tuple(each for each in self.entries if each.day is None or each.day <= day)

    def coming(self, day: dt.date | str) -> tuple[Entry, ...]:
        """The entries whose day is still to come, the earliest first. InputError as `as_of` says."""
        day = as_of(day)
        later = ((each.day, each) for each in self.entries if each.day is not None and each.day > day)
        return tuple(each for _, each in sorted(later, key=lambda pair: pair[0]))


@dataclass(frozen=True)
class Catalogue:
    """A list of the law's data, with where it was read and how far it can be trusted."""

    id: str
    title: str
    certainty: str
    version: str
    source: Source
    caveats: tuple[str, ...]
    notes: tuple[str, ...]
    parts: tuple[Part, ...]


@cache
def catalogues() -> tuple[str, ...]:
    """The names of the files that are lists, in order."""
    return tuple(name for name in names() if load(name).get("kind") == "list")


@cache
def catalogue(name: str) -> Catalogue:
    """A list by its name. InputError on one that is not held, which names those that are."""
    if name not in catalogues():
        raise InputError(f"There is no list named {name!r}; there are: {', '.join(catalogues())}.")
    file = load(name)
    return Catalogue(
        id=name,
        title=file["title"],
        certainty=file["certainty"],
        version=file.get("version", ""),
        source=source_of(file),
        caveats=caveats_of(file),
        notes=tuple(file[key] for key in NOTES if key in file),
        parts=tuple(part for key, value in file.items() for part in _parts(key, value, file["certainty"])),
    )


def _parts(key: str, value: Any, certainty: str, note: str = "") -> Iterator[Part]:
    """A key's value as parts: a list of entries is one, a list of lists (annexes) or a mapping (Annex I) several.

    What has no words of its own, such as which clock a sort of incident starts, is no part.
    """
    if isinstance(value, Mapping):
        note, certainty = value.get("note", ""), value.get("certainty", certainty)
        parts = [part for inner, each in value.items() for part in _parts(f"{key}.{inner}", each, certainty, note)]
        if not parts and note and key in TITLES:
            parts = [Part(key, TITLES[key], _entries(({"id": key, "ref": REFS[key], "title": note},), certainty))]
        yield from parts
    elif not isinstance(value, tuple) or not value:
        return
    elif not isinstance(value[0], Mapping):
        if key in TITLES:
            texts = ({"id": f"{key}-{number}", "ref": REFS[key], "title": text} for number, text in enumerate(value, 1))
            yield Part(key, TITLES[key], _entries(tuple(texts), CERTAINTIES.get(key, certainty)))
    elif "items" in value[0]:
        for each in value:
            yield Part(each["id"], f"{each['ref']}: {each['title']}", _entries(each["items"], certainty))
    elif "title" in value[0] or "ask" in value[0]:
        yield Part(key, TITLES.get(key, key), _entries(value, certainty), note)


def _entries(held: tuple[Mapping[str, Any], ...], certainty: str) -> tuple[Entry, ...]:
    return tuple(_entry(each, certainty) for each in held)


def _entry(each: Mapping[str, Any], certainty: str) -> Entry:
    says = {key: value for key, value in each.items() if key not in SAID and value not in ("", ())}
    day = next((found for key in ("application", "date") if (found := _day(each.get(key)))), None)
    named = (*each.get("supports", ()), *(id for ids in each.get("crosswalk", {}).values() for id in ids))
    return Entry(
        id=each.get("id", each.get("date", "")),
        ref=each.get("ref", ""),
        title=each.get("title", each.get("ask", "")),
        help=each.get("help", each.get("hint", "")),
        certainty=each.get("certainty", certainty),
        day=day,
        beside=named,
        says=MappingProxyType(says),
    )


def _day(text: Any) -> dt.date | None:
    """A day, None of what is no day (an application key, nothing)."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None
