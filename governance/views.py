"""The first page, and the one that is shown when a page of ours breaks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from governance.overview import overview
from models.accounts.access import organisation_for
from models.accounts.models import User
from models.accounts.permission import may, memberships_of
from models.accounts.roles import Role


def broken(request: HttpRequest) -> HttpResponse:
    """For an error that nothing caught. Asks neither database nor session, since these may be what is broken."""
    return HttpResponse(render_to_string("500.html", {"number": getattr(request, "id", "")}), status=500)


def writes_code(request: HttpRequest) -> bool:
    """An engineer sees audits and jobs first, everybody else what is overdue about systems."""
    return bool(request.membership.role == Role.ENGINEER)  # type: ignore[attr-defined]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request)
    assert isinstance(request.user, User)
    systems_first = not writes_code(request)
    said = {
        "overview": overview(organisation, request.user, systems_first),
        "others": [each for each in memberships_of(request.user) if each.organisation_id != organisation.pk],
        "may_run": may(request.user, "run", organisation),
        "may_begin": may(request.user, "govern" if systems_first else "run", organisation),
    }
    return render(request, "governance/home.html", said)
