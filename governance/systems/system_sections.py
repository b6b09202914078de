"""What this room itself shows on a system's page."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, OuterRef, Subquery
from django.http import HttpRequest

from governance.systems.models import System, SystemPart
from governance.systems.sections import Section
from models.accounts.permission import may
from models.registry.audited import last_audits
from models.registry.models import ModelVersion


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


SECTIONS = (Section("parts", "Models in it", "systems/parts.html", parts, order=20),)
