"""Which requirements of the Act a class brings to a role on a day, and which are coming, with their dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance.frameworks.load import load
from governance.frameworks.requirements import Requirement, requirements
from governance.law.answers import listed
from governance.law.facts import Facts
from governance.law.reading import reading

if TYPE_CHECKING:
    from governance.law.classify import Classification


@dataclass(frozen=True, slots=True)
class Conditional:
    """A requirement that counts only where somebody does what no fact speaks of."""

    requirement: Requirement
    where: str
    ref: str
    date: dt.date

    def as_json(self) -> dict[str, str]:
        words = {"id": self.requirement.id, "where": self.where, "ref": self.ref}
        return words | {"date": self.date.isoformat()}


@dataclass(frozen=True, slots=True)
class Note:
    """What the dates leave out; `unsaid` names the facts that would have to be known for it to be counted."""

    says: str
    unsaid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applying:
    """Duties in force and duties coming, the latter by date. Permissions and options are no duties and stand apart.

    `notes` says what the dates leave out, such as what Article 111 spares systems that were there before.
    """

    in_force: tuple[Requirement, ...]
    coming: tuple[tuple[Requirement, dt.date], ...]
    conditional: tuple[Conditional, ...]
    permissions: tuple[Requirement, ...]
    notes: tuple[Note, ...]


def applying(classification: Classification, roles: Iterable[str], as_of: dt.date) -> Applying:
    """What the class asks of these roles on a day. Without a role, what it asks of every role."""
    facts = classification.facts
    acting = acting_as(classification, roles)
    levels = _levels(classification)
    ends = min((ban.date for ban in classification.pending), default=None) if classification.until_then else None
    found: list[tuple[Requirement, dt.date]] = []
    for each in requirements():
        day = _day(each, levels, facts)
        reached = set(each.applies_to) & acting and _counts(each, classification)
        # what would begin on or after the day of the ban never comes
        if reached and day is not None and (ends is None or day < ends):
            found.append((each, day))
    conditions = {each.id: said for each, _ in found if (said := _condition(each, levels))}
    duties = [(each, day) for each, day in found if _is_duty(each) and each.id not in conditions]
    return Applying(
        in_force=tuple(each for each, day in duties if day <= as_of),
        coming=tuple(sorted(((each, day) for each, day in duties if day > as_of), key=lambda pair: pair[1])),
        conditional=tuple(
            Conditional(each, conditions[each.id]["where"], conditions[each.id]["ref"], day)
            for each, day in found
            if each.id in conditions
        ),
        permissions=tuple(each for each, day in found if each.modality in ("permission", "option") and day <= as_of),
        notes=(*_notes(facts, levels), *_not_held(acting, levels), *_readings([each for each, _ in duties])),
    )


def acting_as(classification: Classification, roles: Iterable[str]) -> frozenset[str]:
    """The roles, with those that come with them; every role where none was said."""
    facts, rules = classification.facts, reading()
    primary = classification.effective.primary
    acting = set(roles) or set(load("eu-ai-act")["roles"])
    if _is_gpai(classification) and "provider" in acting:
        # the facts say that the model is placed on the market by whoever answers (q10)
        acting.add("gpai-provider")
    while True:
        brought = {rule["role"] for rule in rules["roles"] if rule["of"] in acting and _brings(rule, facts, primary)}
        if brought <= acting:
            break
        acting |= brought
    acting -= {role for role, point in rules["roles_by_point"].items() if point not in facts.annex_iii_points}
    if not _is_gpai(classification):
        acting.discard("gpai-provider")
    if facts.object == "model":
        acting &= set(rules["roles_of_models"])
    return frozenset(acting)


def _brings(rule: Mapping[str, str], facts: Facts, primary: str) -> bool:
    return rule.get("point", None) in (None, *facts.annex_iii_points) and rule.get("class", primary) == primary


def _is_gpai(classification: Classification) -> bool:
    walked = classification.effective
    return any(name in ("GPAI", "GPAI_SYSTEMIC") for name in (walked.primary, *walked.overlays))


def _levels(classification: Classification) -> frozenset[str]:
    """The risk levels whose requirements count: those of the class, and those of what applies beside it."""
    walked, facts, rules = classification.effective, classification.facts, reading()["levels"]
    stopped = walked.primary == "PROHIBITED"
    names = [walked.primary, *(name for name in walked.overlays if name.startswith("GPAI") or not stopped)]
    if walked.primary == "MINIMAL" and (facts.open_source or facts.object == "model"):
        # Article 2(12): outside the Act; and a model that is no general-purpose one has no duties
        names.remove("MINIMAL")
    if walked.primary == "HIGH_RISK_ANNEX_I_A" and facts.annex_iii_points:
        names.append("HIGH_RISK_ANNEX_III")
    return frozenset(level for name in names for level in rules.get(name, ()))


def _counts(each: Requirement, classification: Classification) -> bool:
    """Whether the requirement speaks of this use, this duty of transparency, this product or this model."""
    facts, rules = classification.facts, reading()
    effective = classification.effective
    for rule in rules["points"]:
        if each.id in rule["ids"] and not any(_at(point, rule) for point in facts.annex_iii_points):
            return False
    given = {id for point in facts.art50 for id in rules["art50"][point]}
    if any(each.id in ids for ids in rules["art50"].values()) and each.id not in given:
        return False
    if each.id in rules["not_beside_annex_i_a"] and effective.primary == "HIGH_RISK_ANNEX_I_A":
        return False
    systemic = "GPAI_SYSTEMIC" in (effective.primary, *effective.overlays)
    is_open = facts.gpai is not None and facts.gpai.open_source and not systemic
    return not (is_open and each.id in rules["not_for_open_models"])


def _at(point: str, rule: Mapping[str, tuple[str, ...]]) -> bool:
    return point in rule["points"] if "points" in rule else point not in rule["except_points"]


def _is_duty(each: Requirement) -> bool:
    return each.is_duty and each.id not in reading()["no_duty"]


def _condition(each: Requirement, levels: frozenset[str]) -> Mapping[str, str] | None:
    if not each.is_duty:
        return None
    rules = (rule for rule in reading()["conditional"] if each.id in rule["ids"])
    return next((rule for rule in rules if rule.get("not_at") not in levels), None)


def _day(each: Requirement, levels: frozenset[str], facts: Facts) -> dt.date | None:
    """The day from which the requirement counts at these levels; None where it does not."""
    found = (_of_level(level, day, facts) for level, day in each.dates.items() if level in levels)
    days = [day for day in found if day is not None]
    if not days:
        return None
    return max(min(days), *(_spared_until(each, facts)), dt.date.min)


def _of_level(level: str, day: dt.date, facts: Facts) -> dt.date | None:
    """The day, or what Article 111(2) makes of it for a high-risk system that was there before; None: spared."""
    begins = _high_risk_days().get(level)
    if begins is None or not _is_older(facts, begins):
        return day
    if not facts.public_authorities:
        return None
    return max(day, dt.date.fromisoformat(_transition("high-risk-older-systems-public")["applies_from"]))


def _is_older(facts: Facts, begins: dt.date) -> bool:
    """Whether the facts say all that Article 111(2) asks; as long as one is open, nothing is spared."""
    was_there = facts.placed_on is not None and facts.placed_on < begins
    return was_there and facts.redesigned is False and facts.public_authorities is not None


def _high_risk_days() -> Mapping[str, dt.date]:
    """The level of high-risk systems -> the day from which its duties count."""
    days = load("eu-ai-act-timeline")["application_keys"]["apply-high-risk"]
    return {level: dt.date.fromisoformat(day) for level, day in days.items() if level.startswith("high-risk")}


def _transition(name: str) -> Mapping[str, Any]:
    return next(rule for rule in load("eu-ai-act-timeline")["transitions"] if rule["id"] == name)


def _spared_until(each: Requirement, facts: Facts) -> Iterator[dt.date]:
    """What Article 111 gives to a system or model that was there before a day."""
    for rule in load("eu-ai-act-timeline")["transitions"]:
        named = each.id in rule.get("requirements", ()) or each.section in rule.get("sections", ())
        if named and facts.placed_on is not None and facts.placed_on < dt.date.fromisoformat(rule["placed_before"]):
            yield dt.date.fromisoformat(rule["applies_from"])


def _notes(facts: Facts, levels: frozenset[str]) -> Iterator[Note]:
    """What Article 111 makes of the dates, and what would have to be said for it to be counted."""
    reached = [day for level, day in _high_risk_days().items() if level in levels]
    if reached and (facts.placed_on is None or facts.placed_on < min(reached)):
        yield _of_older_systems(facts, min(reached))
    for name, said in (
        ("marking-older-systems", "Article 50(2)" if "2" in facts.art50 and "transparency" in levels else ""),
        ("gpai-older-models", "the duties of the model's provider" if levels & {"gpai", "gpai-systemic"} else ""),
    ):
        rule = _transition(name)
        if said and facts.placed_on is None:
            yield Note(
                f"{rule['ref']}: placed on the market before {rule['placed_before']}, it has until "
                f"{rule['applies_from']} for {said}. To count that, it has to be known since when it is there.",
                ("placed_on",),
            )


# what Article 111(2) asks: the facts, and what each says
OLDER = {
    "placed_on": "since when it is there",
    "public_authorities": "whether it is meant for public authorities",
    "redesigned": "whether its design was significantly changed",
}


def _of_older_systems(facts: Facts, begins: dt.date) -> Note:
    """Article 111(2), for what is or may be there before the day."""
    ref = _transition("high-risk-older-systems")["ref"]
    public = _transition("high-risk-older-systems-public")["applies_from"]
    if facts.redesigned:
        return Note(f"{ref}: its design was significantly changed, so the duties of high-risk systems count in full.")
    if not _is_older(facts, begins):
        unsaid = tuple(name for name in OLDER if getattr(facts, name) is None)
        return Note(
            f"{ref}: placed on the market or put into service before {begins}, the system is caught by the duties of "
            "high-risk systems only if its design is significantly changed from that day on; if it is meant for public "
            f"authorities, by {public} at the latest. To count that, it has to be known "
            f"{listed([OLDER[name] for name in unsaid], 'and')}.",
            unsaid,
        )
    if facts.public_authorities:
        return Note(
            f"{ref}: it was there before {begins} and is meant for public authorities, so the duties of high-risk "
            f"systems count from {public} at the latest, and sooner once its design is significantly changed."
        )
    return Note(
        f"{ref}: it was there before {begins}, so the duties of high-risk systems are not listed. They count in "
        "full once its design is significantly changed from that day on. Article 5 holds all the same."
    )


def _not_held(acting: frozenset[str], levels: frozenset[str]) -> Iterator[Note]:
    """What the Act asks of these roles and the data do not have."""
    for rule in reading()["not_held"]:
        if rule["role"] in acting and levels & set(rule["levels"]):
            yield Note(rule["says"])


def _readings(duties: Iterable[Requirement]) -> Iterator[Note]:
    """Where the law's words give another day than the one that is taken."""
    named = {each["id"]: each["ref"] for each in load("eu-ai-act")["sections"]}
    articles = dict.fromkeys(named[each.section] for each in duties if each.date_certainty == "our-reading")
    if articles:
        note = load("eu-ai-act-timeline")["interpretation_notes"][0]
        yield Note(f"The days of {listed(tuple(articles), 'and')} are our reading. {note}")
