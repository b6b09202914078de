"""What this room itself shows on a system's page."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.db.models import Max, OuterRef, Subquery
from django.http import HttpRequest
from django.urls import reverse

from governance.frameworks.load import as_of
from governance.frameworks.requirements import framework
from governance.systems.classifying import is_outdated, moved_to, standing_on, today
from governance.systems.models import Standing, System, SystemPart
from governance.systems.sections import Next, Section
from governance.systems.words import STOPPED, role_name
from models.accounts.permission import may
from models.errors import InputError
from models.registry.audited import last_audits
from models.registry.models import ModelVersion


def legal_class(system: System, request: HttpRequest) -> dict[str, Any]:
    """What it was last found to be, and whether what it rests on or the law was changed since."""
    standing, answers = system.standing, system.answered
    outdated = standing is not None and is_outdated(standing, system, answers)
    moved = moved_to(standing, today()) if standing is not None else None
    return {
        "next": to_classify(system, standing, outdated, moved) if may(request.user, "govern", system) else None,
        "standing": standing,
        "begun": answers is not None,
        "is_outdated": outdated,
        "moved": moved,
        "is_stopped": bool(standing and standing.outcome in STOPPED),
    }


def to_classify(system: System, standing: Standing | None, outdated: bool, moved: str | None) -> Next | None:
    if standing is None:
        why = "Plain questions lead to its class in law, and to what follows from it."
        return Next("Answer the questions", why, reverse("system-questions", args=[system.pk]))
    if outdated or moved:
        since = "What it rests on was" if outdated else "The law has"
        why = f"{since} changed since the class was recorded."
        return Next("See what the answers come to now", why, reverse("check-answers", args=[system.pk]))
    return None


def law(system: System, request: HttpRequest) -> dict[str, Any] | None:
    """What applies on the day that the address names, else today; nothing before there is a class."""
    standing = system.standing
    if standing is None:
        return None
    asked = request.GET.get("as_of") or today().isoformat()
    said: dict[str, Any] = {"standing": standing, "day": asked[:10], "held": framework("eu-ai-act").version}
    try:
        day = as_of(asked)
        classification, found = standing_on(standing, day)
    except InputError as error:
        return said | {"wrong": str(error)}
    by_day = [(day, [each for each, _ in rows]) for day, rows in groupby(found.coming, key=lambda pair: pair[1])]
    roles = ", ".join(role_name(role).lower() for role in classification.roles)
    shown = {"found": found, "by_day": by_day, "outcome": classification.primary, "roles": roles}
    return said | shown | {"may_govern": may(request.user, "govern", system)}


def parts(system: System, request: HttpRequest) -> dict[str, Any]:
    """Each with its newest audit, and with the number of a newer version of the same model."""
    newest = ModelVersion.unscoped.filter(model=OuterRef("version__model")).order_by().values("model")
    found = SystemPart.objects.of(system.organisation).filter(system=system)
    found = found.select_related("version__model", "added_by").defer("version__stored_signature")
    rows = list(found.annotate(newest=Subquery(newest.annotate(last=Max("number")).values("last"))))
    audits = last_audits(system.organisation, [part.version for part in rows])
    there = {(part.version.model_id, part.version.number) for part in rows}
    fresh = next((part for part in rows if part.version_id not in audits), None)
    return {
        "next": to_bring(system, fresh, bool(rows)) if may(request.user, "govern", system) else None,
        "may_run": may(request.user, "run", system),
        "rows": [(part, audits.get(part.version_id), newer(part, there)) for part in rows],
        "may_govern": may(request.user, "govern", system),
    }


def to_bring(system: System, fresh: Any, there_are: bool) -> Next | None:
    if not there_are:
        why = "Its audits are then shown here, and count as evidence."
        return Next("Say which model works in it", why, reverse("add-system-part", args=[system.pk]))
    if fresh is None:
        return None
    why = "What the audit measures is evidence for what the law asks, and its findings may be risks."
    return Next(f"Audit {fresh.version}", why, f"{reverse('start-audit')}?model={fresh.version_id}")


def newer(part: Any, there: set[Any]) -> int | None:
    """The newest version's number, unless it works in the system too."""
    is_newer = part.newest > part.version.number and (part.version.model_id, part.newest) not in there
    return part.newest if is_newer else None


SECTIONS = (
    Section("class", "Its class in law", "systems/class_section.html", legal_class, order=10),
    Section("law", "What the law asks", "systems/law_section.html", law, order=30),
    Section("parts", "Models in it", "systems/parts.html", parts, order=20),
)
