"""Demo mode: one click signs in as somebody of the sample organisation; with DEMO alone, and on this machine alone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.probes import is_local
from models.accounts import half_signed, second_factor
from models.accounts.middleware import CHOSEN
from models.accounts.models import Membership, User
from models.accounts.permission import NotFound
from models.accounts.roles import Role

SAMPLE = "Sample Bank"
ROLES = (Role.OFFICER, Role.ENGINEER, Role.APPROVER, Role.AUDITOR)
HOW = "one click of the demo"


def is_on(request: HttpRequest) -> bool:
    """Asked anew each time, whatever server runs us: never from elsewhere and never by way of a proxy."""
    return bool(settings.DEMO) and is_local(request)


def people() -> list[Membership]:
    """Who may be signed in as: those of the sample organisation as `sample_users` made them, in no other one."""
    there = Membership.unscoped.filter(organisation__name=SAMPLE, user__is_active=True)
    elsewhere = Membership.unscoped.exclude(organisation__name=SAMPLE).values("user")
    found = {each.user.email: each for each in there.exclude(user__in=elsewhere).select_related("user", "organisation")}
    made = [(role, found.get(f"{role.value}@sample.example")) for role in ROLES]
    return [each for role, each in made if each is not None and each.role == role]


def shown(request: HttpRequest) -> dict[str, Any]:
    """For every page: that this is a demo, and for the sign-in page its people."""
    return {"demo": {"organisation": SAMPLE, "people": people}} if is_on(request) else {}


@login_not_required
def sign_in_as(request: HttpRequest, role: str) -> HttpResponse:
    """Without demo mode there is nothing here, whatever the method."""
    if not is_on(request):
        raise NotFound("There is nothing here.")
    return entered(request, role)


@require_POST
def entered(request: HttpRequest, role: str) -> HttpResponse:
    """Who has set up a second factor still needs it."""
    membership = next((each for each in people() if each.role == role), None)
    if membership is None:
        raise NotFound("There is nothing here.")
    user: User = membership.user
    if second_factor.has_second_factor(user):
        half_signed.begin(request, user, reverse("home"))
        return redirect("sign-in-code")
    request.identity_provider = HOW  # type: ignore[attr-defined]  # the trail says by what somebody signed in
    login(request, user, half_signed.BACKEND)
    request.session[CHOSEN] = membership.organisation_id
    return redirect("home")
