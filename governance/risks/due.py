"""Measures against risks have a day by which they are to be done."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

from governance.risks.keeping import SHUT
from governance.risks.models import Measure
from governance.systems.days import Due, Span
from models.accounts.models import Organisation


def due(organisation: Organisation, span: Span) -> Iterator[Due]:
    """Those that are not done, of risks that stand. One query."""
    found = Measure.objects.of(organisation).filter(done_on=None, **span.of("due_on"))
    found = found.filter(risk__system__is_archived=False).exclude(risk__state__in=SHUT)
    for measure in found.select_related("risk__system").order_by("due_on")[: span.most]:
        assert measure.due_on
        risk = measure.risk
        owner = measure.owner_id or risk.owner_id or risk.system.owner_id
        address = reverse("risk", args=[risk.pk])
        yield Due(measure.due_on, "Measure", str(measure), risk.system.name, address, f"measure:{measure.pk}", owner)
