"""Requirements and frameworks by name, also those that the law held now no longer has: what was done for them stays, so
every page has to be able to speak of them."""

from __future__ import annotations

from types import MappingProxyType

from governance.frameworks.requirements import Requirement, crosswalk, framework, frameworks, requirement
from models.errors import InputError

GONE = "gone"
TITLE = "Gone from the text that is held"
HELP = (
    "The text that is held now has no requirement of this name: it was removed or renamed. What was done for it stays. "
    "Record the class anew, and the board follows the text."
)


def asks(name: str, id: str) -> Requirement:
    """The requirement as the data has it; one that says that it is gone where the data has none."""
    try:
        return requirement(id)
    except InputError:
        none: MappingProxyType[str, object] = MappingProxyType({})
        return Requirement(
            framework=name, id=id, ref=id, title=TITLE, help=HELP, section=GONE, chapter=GONE, applies_to=(),
            risk_levels=(), evidence=(), modality=GONE, application="", dates=none, formal=none, date_certainty="",  # type: ignore[arg-type]
            penalty_tier="", certainty="unconfirmed", note="", note_certainty="", amended_by="", verification="",
            beside=none,  # type: ignore[arg-type]
        )  # fmt: skip


def is_gone(asked: Requirement) -> bool:
    return asked.modality == GONE


def alike(id: str) -> tuple[Requirement, ...]:
    """What the crosswalk names beside a requirement; nothing beside one that is gone."""
    try:
        return crosswalk(id).matches
    except InputError:
        return ()


def framework_title(name: str) -> str:
    """Its name where the framework itself is gone."""
    return framework(name).title if name in frameworks() else name


def text_held(name: str) -> str:
    """The version of the text that is held, empty where none is."""
    return framework(name).version if name in frameworks() else ""


def section_title(name: str, section: str) -> str:
    if section == GONE:
        return TITLE
    found = next(each for each in framework(name).sections if each.id == section)
    return " ".join(dict.fromkeys(part for part in (found.ref, found.title) if part))
