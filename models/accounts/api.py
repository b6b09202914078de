"""The API of this room: who asks, their tokens, and the members of their organisation."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Query
from pydantic import Field, StrictBool

from models.accounts import delegation, links, members, tokens
from models.accounts.models import Delegation, Membership, OneTimeLink, Organisation, Token, User
from models.accounts.permission import membership_of
from models.accounts.scopes import SCOPES
from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.records import (
    ApiRequest,
    Asked,
    AskedMoment,
    Day,
    Listed,
    Moment,
    Person,
    Record,
    nothing,
    person,
    reply,
)
from models.rest.router import Router

router = Router(tags=["Access"])
MemberId = Annotated[str, Path(pattern="^[0-9]{1,18}$", examples=["3"])]
RoleName = Literal["engineer", "officer", "approver", "auditor", "administrator"]
ScopeName = Literal["read", "register", "run", "govern", "manage"]


class UserRecord(Person):
    email: str = Field(examples=["ada@example.org"])


class OrganisationRecord(Record):
    id: str = Field(examples=["1"])
    name: str = Field(examples=["Acme Bank"])


class OrganisationSettings(OrganisationRecord):
    require_second_factor: bool = Field(description="Whether every member needs a second factor to sign in.")


class OrganisationChange(Asked):
    require_second_factor: StrictBool


class Me(Record):
    user: UserRecord
    organisation: OrganisationRecord
    role: RoleName
    scopes: list[ScopeName] = Field(description="What the token may do; of a browser's session every scope.")
    version: str = Field(description="Of the service.", examples=["0.1.0"])


class TokenRecord(Record):
    id: UUID
    name: str = Field(examples=["nightly audit"])
    prefix: str = Field(description="How the secret begins, to tell it from others.", examples=["plb_Xq3z"])
    scopes: list[ScopeName]
    state: Literal["active", "expired", "revoked"]
    created_at: Moment
    expires_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class NewTokenRecord(TokenRecord):
    token: str = Field(description="The secret, shown this once.", examples=["plb_" + "x" * 43])


class NewToken(Asked):
    name: str = Field(min_length=1, max_length=100, examples=["nightly audit"])
    scopes: list[ScopeName] = Field(min_length=1, max_length=4, examples=[["read", "run"]])
    expires_at: AskedMoment | None = Field(None, description="At most 366 days ahead; without it in 90 days.")


class MemberRecord(Record):
    id: str = Field(examples=["3"])
    user: UserRecord
    role: RoleName
    created_at: Moment


class NewMember(Asked):
    email: str = Field(max_length=254, examples=["grace@example.org"])
    name: str = Field("", max_length=200, examples=["Grace Example"])
    role: RoleName = Field(examples=["auditor"])


class InvitationRecord(Record):
    id: UUID
    email: str = Field(examples=["grace@example.org"])
    name: str = Field(description="As whoever invited knows it; empty if not said.", examples=["Grace Example"])
    role: RoleName
    created_at: Moment
    created_by: Person | None
    expires_at: Moment


class NewInvitationRecord(InvitationRecord):
    invitation: str = Field(
        description="Address of the page by which the person joins; shown this once.",
        examples=["https://plumbline.example.org/link/pll_example/"],
    )


class DelegationRecord(Record):
    id: UUID
    giver: Person
    receiver: Person = Field(description="Who stands in.")
    role: RoleName
    first_day: date = Field(examples=["2026-12-01"])
    last_day: date = Field(examples=["2026-12-14"])
    state: Literal["coming", "active", "over", "ended"]
    created_at: Moment
    ended_at: Moment | None = Field(description="When it was ended before its last day.")
    ended_by: Person | None


class NewDelegation(Asked):
    member: str = Field(pattern="^[0-9]{1,18}$", description="The member who stands in.", examples=["3"])
    first_day: Day = Field(description="In UTC; today or later.", examples=["2026-12-01"])
    last_day: Day = Field(description="It is in it; how long it lasts at most is a setting.", examples=["2026-12-14"])


class MemberChange(Asked):
    role: RoleName


def user_record(user: User) -> UserRecord:
    return UserRecord(id=str(user.pk), name=str(user), email=user.email)


def organisation_settings(organisation: Organisation) -> OrganisationSettings:
    return OrganisationSettings(
        id=str(organisation.pk),
        name=organisation.name,
        require_second_factor=organisation.requires_second_factor,
    )


def invitation_fields(link: OneTimeLink) -> dict[str, object]:
    by = link.made_by
    names = ("id", "email", "name", "role", "created_at", "expires_at")
    said = {name: getattr(link, name) for name in names}
    return {**said, "created_by": person(by)}


def invitation_record(link: OneTimeLink) -> InvitationRecord:
    return InvitationRecord.model_validate(invitation_fields(link))


def token_fields(token: Token) -> dict[str, object]:
    names = ("id", "name", "prefix", "scopes", "state", "created_at", "expires_at", "last_used_at", "revoked_at")
    return {name: getattr(token, name) for name in names}


def token_record(token: Token) -> TokenRecord:
    return TokenRecord.model_validate(token_fields(token))


def member_record(membership: Membership) -> MemberRecord:
    said = {"id": str(membership.pk), "role": membership.role, "created_at": membership.created_at}
    return MemberRecord.model_validate({**said, "user": user_record(membership.user)})


def delegation_record(given: Delegation) -> DelegationRecord:
    names = ("id", "role", "first_day", "last_day", "state", "created_at", "ended_at")
    people = {name: person(getattr(given, name)) for name in ("giver", "receiver", "ended_by")}
    return DelegationRecord.model_validate({name: getattr(given, name) for name in names} | people)


@router.on("GET", "/me", {200: Me}, action="read")
def get_me(request: ApiRequest) -> HttpResponse:
    """Who you are here.

    The person, the organisation that everything you see belongs to, the role there, and the token's scopes.
    """
    at: Organisation = request.organisation
    membership = membership_of(request.user, at.pk)
    assert membership is not None
    said = {
        "user": user_record(membership.user),
        "organisation": OrganisationRecord(id=str(at.pk), name=at.name),
        "role": membership.role,
        "scopes": request.token.scopes if request.token else list(SCOPES),
        "version": version("plumbline"),
    }
    return reply(Me.model_validate(said))


@router.on("GET", "/organisation", {200: OrganisationSettings}, action="read")
def get_organisation(request: ApiRequest) -> HttpResponse:
    """Get the organisation, with what it asks of its members."""
    return reply(organisation_settings(request.organisation))


@router.on("PATCH", "/organisation", {200: OrganisationSettings}, action="manage members", match=True)
def change_organisation(request: ApiRequest, body: OrganisationChange) -> HttpResponse:
    """Require a second factor of every member, or no more.

    Who has none can do nothing in the pages but set it up. What programs do by token goes on.
    """
    assert isinstance(request.user, User)
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update(no_key=True).get(pk=request.organisation.pk)
        require_match(request, organisation_settings(organisation))
        members.require_second_factor(request.user, organisation, body.require_second_factor)
    return reply(organisation_settings(organisation))


@router.on("GET", "/tokens", {200: Listed[TokenRecord]}, action="manage tokens")
def list_tokens(request: ApiRequest, query: Query[PageQuery]) -> HttpResponse:
    """List your tokens here, the newest first.

    Revoked and expired ones too. Secrets are never shown again.
    """
    rows = Token.objects.of(request.organisation).filter(user=request.user)
    return listed(request, rows, query, token_record)


@router.on("POST", "/tokens", {201: NewTokenRecord}, action="manage tokens", once=True)
def create_token(request: ApiRequest, body: NewToken) -> HttpResponse:
    """Make a token of your own.

    A token that makes another hands on no scope that it lacks, and no longer life than its own.
    """
    user = request.user
    assert isinstance(user, User)
    ends = body.expires_at
    if ends is None and request.token is not None:
        ends = min(timezone.now() + tokens.USUAL_LIFE, request.token.expires_at)
    made, secret = tokens.issue(user, request.organisation, body.name, body.scopes, ends, by=request.token)
    record = NewTokenRecord.model_validate({**token_fields(made), "token": secret})
    return reply(record, 201)


@router.on("DELETE", "/tokens/{uuid:token_id}", {204: None}, action="manage tokens")
def revoke_token(request: ApiRequest, token_id: UUID) -> HttpResponse:
    """Revoke a token.

    It opens nothing from then on; revoking it again changes nothing. Administrators may revoke anybody's here.
    """
    token = get_object_or_404(Token.objects.of(request.organisation), pk=token_id)
    assert isinstance(request.user, User)
    tokens.revoke(token, request.user)
    return nothing()


@router.on("GET", "/members", {200: Listed[MemberRecord]}, action="read")
def list_members(request: ApiRequest, query: Query[PageQuery]) -> HttpResponse:
    """List the members of the organisation."""
    rows = Membership.objects.of(request.organisation).select_related("user")
    return listed(request, rows, query, member_record, ["pk"])


@router.on("POST", "/members", {201: NewInvitationRecord}, action="manage members", once=True)
def invite_member(request: ApiRequest, body: NewMember) -> HttpResponse:
    """Invite a person.

    The answer holds the address by which they join; hand it over yourself, nothing is sent. They are a member once they
    used it.
    """
    assert isinstance(request.user, User)
    link, secret = members.invite(request.user, request.organisation, body.email, body.role, body.name)
    address = request.build_absolute_uri(links.address(secret))
    record = NewInvitationRecord.model_validate({**invitation_fields(link), "invitation": address})
    return reply(record, 201)


# before the addresses of members, which would take the word for an id
@router.on("GET", "/members/invitations", {200: Listed[InvitationRecord]}, action="manage members")
def list_invitations(request: ApiRequest, query: Query[PageQuery]) -> HttpResponse:
    """List the invitations that are open, the newest first.

    Those that were used or withdrawn, or have expired, are left out. The addresses by which people join are not shown
    again: only their hashes are kept.
    """
    rows = links.open_links(request.organisation).filter(kind=links.Kind.INVITATION).select_related("made_by")
    return listed(request, rows, query, invitation_record)


@router.on("DELETE", "/members/invitations/{uuid:invitation_id}", {204: None}, action="manage members")
def withdraw_invitation(request: ApiRequest, invitation_id: UUID) -> HttpResponse:
    """Withdraw an invitation.

    Its address opens nothing from then on; withdrawing it again, or one that was used, changes nothing.
    """
    invitations = OneTimeLink.objects.of(request.organisation).filter(kind=links.Kind.INVITATION)
    link = get_object_or_404(invitations.select_related("organisation"), pk=invitation_id)
    assert isinstance(request.user, User)
    members.withdraw(request.user, link)
    return nothing()


@router.on("GET", "/members/{member_id}", {200: MemberRecord}, action="read")
def get_member(request: ApiRequest, member_id: MemberId) -> HttpResponse:
    """Get a member."""
    return reply(member_record(one_member(request, member_id)))


@router.on("PATCH", "/members/{member_id}", {200: MemberRecord}, action="manage members", match=True)
def change_member(request: ApiRequest, member_id: MemberId, body: MemberChange) -> HttpResponse:
    """Change a member's role.

    Not your own, and never the last administrator's.
    """
    assert isinstance(request.user, User)
    with transaction.atomic():
        member = one_member(request, member_id)
        require_match(request, member_record(member))
        changed = members.change_role(request.user, member, body.role)
    return reply(member_record(changed))


@router.on("DELETE", "/members/{member_id}", {204: None}, action="manage members", match=True)
def remove_member(request: ApiRequest, member_id: MemberId) -> HttpResponse:
    """Remove a member.

    Their tokens for this organisation end at once; what they did stays in the trail under their name.
    """
    assert isinstance(request.user, User)
    with transaction.atomic():
        member = one_member(request, member_id)
        require_match(request, member_record(member))
        members.remove(request.user, member)
    return nothing()


@router.on("GET", "/delegations", {200: Listed[DelegationRecord]}, action="read")
def list_delegations(request: ApiRequest, query: Query[PageQuery]) -> HttpResponse:
    """List who stands in for whom, the newest first.

    Those that are over or were ended too.
    """
    return listed(request, delegations(request), query, delegation_record)


@router.on("POST", "/delegations", {201: DelegationRecord}, action="delegate", once=True)
def create_delegation(request: ApiRequest, body: NewDelegation) -> HttpResponse:
    """Hand your role to another member for some days.

    You keep it. What they do in it stands in the trail as theirs, for you. It opens nothing to their tokens.
    """
    assert isinstance(request.user, User)
    receiver = one_member(request, body.member).user
    made = delegation.give(request.user, request.organisation, receiver, body.first_day, body.last_day)
    return reply(delegation_record(made), 201)


@router.on("GET", "/delegations/{uuid:delegation_id}", {200: DelegationRecord}, action="read")
def get_delegation(request: ApiRequest, delegation_id: UUID) -> HttpResponse:
    """Get who stands in for whom, by its id."""
    return reply(delegation_record(get_object_or_404(delegations(request), pk=delegation_id)))


@router.on("DELETE", "/delegations/{uuid:delegation_id}", {204: None}, action="end delegation")
def end_delegation(request: ApiRequest, delegation_id: UUID) -> HttpResponse:
    """End a delegation before its last day.

    Your own, or as an administrator anybody's. Ending it again changes nothing.
    """
    assert isinstance(request.user, User)
    delegation.end(request.user, get_object_or_404(delegations(request), pk=delegation_id))
    return nothing()


def delegations(request: ApiRequest) -> Any:
    found = Delegation.objects.of(request.organisation)
    return found.select_related("organisation", "giver", "receiver", "ended_by")


def one_member(request: ApiRequest, member_id: str) -> Membership:
    return get_object_or_404(Membership.objects.of(request.organisation).select_related("user"), pk=int(member_id))
