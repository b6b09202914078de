"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.overview import overview
from models.accounts.access import organisation_for
from models.accounts.models import Membership, User
from models.accounts.permission import may


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request)
    assert isinstance(request.user, User)
    mine = Membership.unscoped.filter(user=request.user).select_related("organisation")
    others = mine.exclude(organisation=organisation)
    said = {"overview": overview(organisation), "others": others, "may_run": may(request.user, "run", organisation)}
    return render(request, "governance/home.html", said)
