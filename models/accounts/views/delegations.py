"""Who stands in for whom: giving one's own role for some days, the list, and ending it."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from models.accounts import delegation, members
from models.accounts.access import organisation_for
from models.accounts.forms import DelegationForm
from models.accounts.models import Delegation, Membership
from models.accounts.permission import may
from models.accounts.roles import Role
from models.accounts.views.forms import page
from models.accounts.views.profile import signed_in_user
from models.errors import InputError

MOST = 200


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Those that one gave or was given; members see on their page who stands in for whom now."""
    organisation, user = organisation_for(request), signed_in_user(request)
    found = Delegation.objects.of(organisation).filter(Q(giver=user) | Q(receiver=user))
    rows = list(found.select_related("giver", "receiver", "ended_by")[:MOST])
    given = [each for each in rows if each.giver_id == user.pk and each.state in ("active", "coming")]
    said = {
        "rows": rows,
        "given": given,
        "next": min(given, key=lambda each: each.first_day, default=None),
        "received": [each for each in rows if each.receiver_id == user.pk and each.state == "active"],
        "gives": may(user, "delegate", organisation),
        "most": settings.DELEGATION_DAYS,
    }
    return render(request, "accounts/delegations.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    organisation, user = organisation_for(request, "delegate"), signed_in_user(request)
    own = Membership.objects.of(organisation).get(user=user)
    form = DelegationForm(request.POST or None, receivers=receivers(own))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = delegation.give(user, organisation, said["receiver"].user, said["first_day"], said["last_day"])
        except InputError as error:
            form.add_error("last_day", str(error))
        else:
            messages.success(request, f"{made.receiver} stands in for you until {made.last_day:%-d %b %Y}.")
            return redirect("delegations")
    said = {"own": own, "most": settings.DELEGATION_DAYS}
    return page(request, "accounts/give_delegation.html", form, **said)


def receivers(own: Membership) -> QuerySet[Membership]:
    """Members in other roles, but for administrators."""
    others = Membership.unscoped.filter(organisation=own.organisation_id, user__is_active=True)
    return others.exclude(role__in=[own.role, Role.ADMINISTRATOR]).select_related("user").order_by("user__email")


@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sent twice, it changes nothing the second time."""
    organisation, user = organisation_for(request, "end delegation"), signed_in_user(request)
    found = get_object_or_404(Delegation.objects.of(organisation).select_related("organisation", "receiver"), pk=pk)
    delegation.end(user, found)
    messages.success(request, f"{found.receiver} stands in no more.")
    return redirect("members" if may(user, members.MANAGE, organisation) else "delegations")
