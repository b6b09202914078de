"""The members of an organisation, and what an administrator does about them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from models.accounts import links, members, shown_once
from models.accounts.access import organisation_for
from models.accounts.delegation import stand_ins
from models.accounts.forms import InviteForm, RoleForm
from models.accounts.models import Membership, Organisation
from models.accounts.permission import Forbidden, may
from models.accounts.views.forms import page
from models.accounts.views.profile import signed_in_user
from models.errors import InputError

LINK = "link"


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Everybody sees who is there and in which role; administrators also how well accounts are protected."""
    organisation, user = organisation_for(request), signed_in_user(request)
    manages = may(user, members.MANAGE, organisation)
    there = Membership.objects.of(organisation).select_related("user__second_factor").order_by("user__email")
    said: dict[str, Any] = {"members": there, "organisation": organisation, "manages": manages}
    said["stand_ins"] = stand_ins(organisation)
    if manages:
        open_links = links.open_links(organisation).filter(kind=links.Kind.INVITATION)
        said |= {
            "invitations": open_links,
            "without": sum(1 for each in there if not hasattr(each.user, "second_factor")),
            "link": shown_once.take(request, LINK),
        }
    return render(request, "accounts/members.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request, members.MANAGE)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            link, secret = members.invite(
                signed_in_user(request), organisation, said["email"], said["role"], said["name"]
            )
        except InputError as error:
            form.add_error("email", str(error))
        else:
            keep(request, link.email, secret)
            return redirect("members")
    return page(request, "accounts/invite.html", form, organisation=organisation)


@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    organisation = organisation_for(request, members.MANAGE)
    link = get_object_or_404(organisation.links.filter(kind=links.Kind.INVITATION), pk=pk)
    members.withdraw(signed_in_user(request), link)
    messages.success(request, f"The invitation of {link.email} is withdrawn.")
    return redirect("members")


@require_safe
def member(request: HttpRequest, pk: int) -> HttpResponse:
    return one(request, *membership_of(request, pk))


@require_POST
def change_role(request: HttpRequest, pk: int) -> HttpResponse:
    organisation, membership = membership_of(request, pk)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            membership = members.change_role(signed_in_user(request), membership, form.cleaned_data["role"])
        except InputError as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, f"The role of {membership.user} is {membership.get_role_display()}.")
            return redirect("member", pk=pk)
    return one(request, organisation, membership, form)


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    organisation, membership = membership_of(request, pk)
    try:
        members.remove(signed_in_user(request), membership)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("member", pk=pk)
    left = f"{membership.user} does not belong to {organisation} any more."
    messages.success(request, f"{left} The calendar shows what has no owner who is here: give it another.")
    return redirect("members")


@require_POST
def reset_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    _, membership = membership_of(request, pk)
    if members.reset_second_factor(signed_in_user(request), membership):
        messages.success(request, f"{membership.user} signs in with the password alone until they set up a new one.")
    else:
        messages.info(request, f"{membership.user} has no second factor.")
    return redirect("member", pk=pk)


@require_POST
def password_link(request: HttpRequest, pk: int) -> HttpResponse:
    _, membership = membership_of(request, pk)
    link, secret = members.password_link(signed_in_user(request), membership)
    keep(request, link.email, secret)
    return redirect("member", pk=pk)


@require_POST
def require_second_factor(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request, members.MANAGE)
    required = request.POST.get("required") == "yes"
    members.require_second_factor(signed_in_user(request), organisation, required)
    said = "Every member needs a second factor now." if required else "Members need no second factor any more."
    messages.success(request, said)
    return redirect("members")


def membership_of(request: HttpRequest, pk: int) -> tuple[Organisation, Membership]:
    organisation = organisation_for(request, members.MANAGE)
    there = Membership.objects.of(organisation).select_related("organisation", "user__second_factor")
    return organisation, get_object_or_404(there, pk=pk)


def one(
    request: HttpRequest, organisation: Organisation, membership: Membership, form: RoleForm | None = None
) -> HttpResponse:
    """What is known of a member; for oneself only that."""
    user = signed_in_user(request)
    said = {
        "membership": membership,
        "organisation": organisation,
        "oneself": membership.user_id == user.pk,
        "only_ours": is_only_ours(request, membership),
        "link": shown_once.take(request, LINK),
    }
    return page(request, "accounts/member.html", form or RoleForm(initial={"role": membership.role}), **said)


def is_only_ours(request: HttpRequest, membership: Membership) -> bool:
    try:
        members.only_ours(signed_in_user(request), membership.user)
    except Forbidden:
        return False
    return True


def keep(request: HttpRequest, email: str, secret: str) -> None:
    shown_once.keep(request, LINK, {"email": email, "address": request.build_absolute_uri(links.address(secret))})
