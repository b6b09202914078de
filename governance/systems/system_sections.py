"""What this room itself shows on a system's page."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db.models import Max, OuterRef, Subquery
from django.http import HttpRequest

from governance.frameworks.load import as_of
from governance.systems.classifying import standing_on, today
from governance.systems.models import System, SystemPart
from governance.systems.sections import Section
from governance.systems.words import STOPPED, role_name
from models.accounts.permission import may
from models.errors import InputError
from models.registry.audited import last_audits
from models.registry.models import ModelVersion


def legal_class(system: System, request: HttpRequest) -> dict[str, Any]:
    """What it was last found to be, and whether the answers were changed since."""
    standing, answers = system.standing, system.answered
    return {
        "standing": standing,
        "begun": answers is not None,
        "is_outdated": bool(standing and answers and standing.answers_id != answers.pk),
        "is_stopped": bool(standing and standing.outcome in STOPPED),
    }


def law(system: System, request: HttpRequest) -> dict[str, Any] | None:
    """What applies on the day that the address names, else today; nothing before there is a class."""
    standing = system.standing
    if standing is None:
        return None
    asked = request.GET.get("as_of") or today().isoformat()
    said: dict[str, Any] = {"standing": standing, "day": asked[:10]}
    try:
        day = as_of(asked)
        classification, found = standing_on(standing, day)
    except InputError as error:
        return said | {"wrong": str(error)}
    by_day = [(day, [each for each, _ in rows]) for day, rows in groupby(found.coming, key=lambda pair: pair[1])]
    roles = ", ".join(role_name(role).lower() for role in classification.roles)
    return said | {"found": found, "by_day": by_day, "outcome": classification.primary, "roles": roles}


def parts(system: System, request: HttpRequest) -> dict[str, Any]:
    """Each with its newest audit, and with the number of a newer version of the same model."""
    newest = ModelVersion.unscoped.filter(model=OuterRef("version__model")).order_by().values("model")
    found = SystemPart.objects.of(system.organisation).filter(system=system)
    found = found.select_related("version__model", "added_by").defer("version__stored_signature")
    rows = list(found.annotate(newest=Subquery(newest.annotate(last=Max("number")).values("last"))))
    audits = last_audits(system.organisation, [part.version for part in rows])
    there = {(part.version.model_id, part.version.number) for part in rows}
    return {
        "rows": [(part, audits.get(part.version_id), newer(part, there)) for part in rows],
        "may_govern": may(request.user, "govern", system),
    }


def newer(part: Any, there: set[Any]) -> int | None:
    """The newest version's number, unless it works in the system too."""
    is_newer = part.newest > part.version.number and (part.version.model_id, part.newest) not in there
    return part.newest if is_newer else None


SECTIONS = (
    Section("class", "Its class in law", "systems/class_section.html", legal_class, order=10),
    Section("law", "What the law asks", "systems/law_section.html", law, order=30),
    Section("parts", "Models in it", "systems/parts.html", parts, order=20),
)
