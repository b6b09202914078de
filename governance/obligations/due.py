"""Obligations have a day by which they are to be proven and one from which they bind; evidence has one on which it
expires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from django.urls import reverse

from governance.obligations.models import Duty, Evidence, State
from governance.obligations.rows import APPLIES, OPEN
from governance.systems.days import Due, Span, today
from models.accounts.models import Organisation


def due(organisation: Organisation, span: Span) -> Iterator[Due]:
    """Three queries."""
    asked = Duty.objects.of(organisation).filter(is_asked=True, system__is_archived=False)
    yield from to_be_proven(asked, span)
    yield from begin_to_bind(asked, span)
    yield from expiring(organisation, span)


def to_be_proven(asked: Any, span: Span) -> Iterator[Due]:
    found = asked.filter(state__in=OPEN, **span.of("due_on")).select_related("system").order_by("due_on")
    for duty in found[: span.most]:
        title = f"{duty.asks.ref}: {duty.asks.title}"
        address = reverse("obligation", args=[duty.pk])
        owner = duty.owner_id or duty.system.owner_id
        yield Due(duty.due_on, "Obligation", title, duty.system.name, address, f"obligation:{duty.pk}", owner)


def begin_to_bind(asked: Any, span: Span) -> Iterator[Due]:
    """The days of the law that touch a system, each with how much begins then."""
    ahead = Span(span.since or today(), span.until, span.most)  # what binds already is nothing that comes
    dated = asked.filter(APPLIES, **ahead.of("binds_from")).exclude(state=State.NOT_APPLICABLE)
    days = dated.order_by("binds_from").values("binds_from", "system", "system__name", "system__owner")
    for each in days.annotate(number=Count("pk"))[: span.most]:
        day, system, number = each["binds_from"], each["system"], each["number"]
        title = "1 obligation begins to bind" if number == 1 else f"{number} obligations begin to bind"
        address, key = reverse("system-obligations", args=[system]), f"law:{system}"
        yield Due(day, "Law", title, each["system__name"], address, key, each["system__owner"], lapses=False)


def expiring(organisation: Organisation, span: Span) -> Iterator[Due]:
    """Evidence that no newer version replaced."""
    found = Evidence.objects.of(organisation).filter(replaced_by=None, system__is_archived=False)
    found = found.filter(supports__isnull=False, **span.of("expires_on")).select_related("system").distinct()
    for piece in found.defer("text").order_by("expires_on")[: span.most]:
        address = reverse("evidence", args=[piece.pk])
        key = f"evidence:{piece.pk}"
        yield Due(piece.expires_on, "Evidence expires", piece.title, piece.system.name, address, key, piece.owner_id)
