"""A query on what belongs to organisations has to say whose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from models.accounts.models import Membership
from models.accounts.scoped import Unscoped
from tests.models.people import organisation, person

pytestmark = pytest.mark.django_db

QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "list": list,
    "count": lambda rows: rows.count(),
    "exists": lambda rows: rows.exists(),
    "first": lambda rows: rows.first(),
    "get": lambda rows: rows.get(pk=1),
    "values": lambda rows: list(rows.values_list("pk")),
    "iterator": lambda rows: next(rows.iterator(), None),
    "aggregate": lambda rows: rows.aggregate(),
    "update": lambda rows: rows.update(role="auditor"),
    "delete": lambda rows: rows.delete(),
    "filter": lambda rows: rows.filter(role="auditor")[0],
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_query_without_an_organisation_is_refused(question: str) -> None:
    person()
    with pytest.raises(Unscoped, match=r"Membership.objects.of\(organisation\)"):
        QUESTIONS[question](Membership.objects.all())
    assert Membership.unscoped.get().role == "engineer"


def test_a_query_of_one_organisation_sees_nothing_of_another() -> None:
    ours, theirs = organisation(), organisation("Other Bank")
    user, stranger = person(at=ours), person(at=theirs)
    assert [m.user for m in Membership.objects.of(ours)] == [user]
    assert Membership.objects.filter(role="engineer").of(theirs).exclude(user=stranger).count() == 0
    assert [m.user for m in Membership.objects.visible_to(user).order_by("pk")] == [user]


def test_nobody_sees_nothing() -> None:
    person()
    assert Membership.objects.visible_to(AnonymousUser()).count() == 0
