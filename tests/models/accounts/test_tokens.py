"""Tokens: what they open, what they do not, and what is kept of them."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from models.accounts.models import Membership, Token, User
from models.accounts.permission import Forbidden, NotFound, ScopeMissing, authorize_request
from models.accounts.roles import ACTIONS, Role
from models.accounts.scopes import SCOPE_OF, SCOPES
from models.accounts.tokens import LONGEST, authenticate, issue, revoke
from models.errors import InputError
from models.trail.models import Entry
from models.trail.verify import verify_chain
from tests.models.people import organisation, person

pytestmark = pytest.mark.django_db


def given(user: User, scopes: tuple[str, ...] = ("read",), **more: object) -> tuple[Token, str]:
    return issue(user, organisation(), "nightly run", scopes, **more)  # type: ignore[arg-type]


def asking(token: Token) -> SimpleNamespace:
    return SimpleNamespace(user=token.user, token=token)


def test_every_action_has_its_scope_and_every_scope_an_action() -> None:
    assert set(SCOPE_OF) == set(ACTIONS)
    assert {scope for scope in SCOPE_OF.values() if scope} == set(SCOPES)
    assert SCOPE_OF["approve"] is SCOPE_OF["classify"] is None


def test_only_the_hash_of_the_secret_is_kept() -> None:
    token, secret = given(person())
    assert secret.startswith("plb_")
    assert len(secret) == 47
    row = Token.unscoped.values().get()
    assert row["hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert row["prefix"] == secret[:8]
    assert secret not in str({**row, "hash": ""})
    assert secret not in "".join(Entry.unscoped.values_list("body", flat=True))
    assert authenticate(secret) == token


@pytest.mark.parametrize("what", ["", "plb_", "plb_" + "x" * 43, "Bearer", "plb_é", "plb_" + "x" * 100_000, "\x00"])
def test_what_was_never_issued_opens_nothing(what: str) -> None:
    given(person())
    assert authenticate(what) is None


def test_a_token_ends_with_its_time_its_revocation_its_owner_and_the_membership() -> None:
    user = person()
    token, secret = given(user)
    for change, back in (
        (lambda: ends(token, -1), lambda: ends(token, 60)),
        (lambda: User.objects.update(is_active=False), lambda: User.objects.update(is_active=True)),
        (lambda: Membership.unscoped.filter(user=user).delete(), lambda: member(user)),
    ):
        assert authenticate(secret) is not None
        change()
        assert authenticate(secret) is None
        back()
    revoke(token, user)
    assert authenticate(secret) is None


def ends(token: Token, seconds: int) -> None:
    Token.unscoped.filter(pk=token.pk).update(expires_at=timezone.now() + timedelta(seconds=seconds))


def member(user: User) -> None:
    Membership.unscoped.create(organisation=organisation(), user=user, role=Role.ENGINEER)


def test_a_token_may_what_both_its_owner_and_its_scopes_may() -> None:
    token, _ = given(person(Role.ENGINEER), ("read", "manage"))
    request = asking(token)
    authorize_request(request, "read", organisation())
    with pytest.raises(ScopeMissing, match="scope run") as missing:
        authorize_request(request, "run", organisation())
    assert missing.value.scope == "run"
    with pytest.raises(Forbidden, match="Your role, engineer") as weak:
        authorize_request(request, "manage members", organisation())
    assert not isinstance(weak.value, ScopeMissing)


def test_no_token_approves() -> None:
    token, _ = given(person(Role.APPROVER), tuple(SCOPES))
    with pytest.raises(ScopeMissing, match="sign in") as missing:
        authorize_request(asking(token), "approve", organisation())
    assert missing.value.scope is None


def test_a_token_sees_its_own_organisation_only() -> None:
    user, other = person(), organisation("Other Bank")
    Membership.unscoped.create(organisation=other, user=user, role=Role.ADMINISTRATOR)
    token, _ = given(user)
    with pytest.raises(NotFound):
        authorize_request(asking(token), "read", other)
    with pytest.raises(NotFound):
        authorize_request(asking(token), "run", other)


def test_a_person_without_a_token_needs_no_scope() -> None:
    assert authorize_request(SimpleNamespace(user=person()), "run", organisation()).role == Role.ENGINEER


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", ["read"], 1), (" ", ["read"], 1), ("x" * 101, ["read"], 1), ("a\nb", ["read"], 1), ("x", [], 1),
        ("x", ["everything"], 1), ("x", ["read", "root"], 1), ("x", ["read"], -1), ("x", ["read"], LONGEST.days + 1),
    ],
)  # fmt: skip
def test_a_token_that_cannot_be_is_refused(name: str, scopes: list[str], days: int) -> None:
    with pytest.raises(InputError):
        issue(person(), organisation(), name, scopes, timezone.now() + timedelta(days=days))
    assert not Token.unscoped.exists()


def test_a_token_hands_on_no_more_than_it_has() -> None:
    user = person()
    first, _ = given(user, ("read", "manage"))
    given(user, ("read",), by=first, expires_at=first.expires_at)
    with pytest.raises(ScopeMissing):
        given(user, ("run",), by=first, expires_at=first.expires_at)
    with pytest.raises(InputError, match="ends with it"):
        given(user, ("read",), by=first, expires_at=first.expires_at + timedelta(days=1))


def test_a_stranger_gets_no_token_here() -> None:
    with pytest.raises(NotFound):
        given(person(Role.ADMINISTRATOR, at=organisation("Other Bank")))


def test_use_is_noted_at_most_once_a_minute() -> None:
    _, secret = given(person())
    authenticate(secret)
    first = Token.unscoped.get().last_used_at
    assert first is not None
    authenticate(secret)
    assert Token.unscoped.get().last_used_at == first
    Token.unscoped.update(last_used_at=first - timedelta(minutes=2))
    authenticate(secret)
    assert Token.unscoped.get().last_used_at >= first


def test_ones_own_tokens_are_revoked_by_oneself_and_by_an_administrator_once() -> None:
    user = person()
    (mine, _), (other, _) = given(user), given(user)
    with pytest.raises(NotFound):
        revoke(mine, person(Role.OFFICER))
    with pytest.raises(NotFound):
        revoke(mine, person(Role.ADMINISTRATOR, at=organisation("Other Bank")))
    for _ in range(2):
        revoke(mine, user)
    revoke(other, person(Role.ADMINISTRATOR))
    assert {token.state for token in Token.unscoped.all()} == {"revoked"}
    assert Entry.unscoped.filter(verb="revoked token").count() == 2
    assert Entry.unscoped.filter(verb="issued token").count() == 2
    assert verify_chain(organisation()).whole


def printed(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("token", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_the_secret_alone() -> None:
    user = person()
    out, err = printed(user.email.upper(), "--scope", "run", "--scope", "read", "--name", "gate", "--days", "7")
    token = authenticate(out.strip())
    assert token is not None
    assert (token.name, token.scopes, token.user) == ("gate", ["read", "run"], user)
    assert timedelta(days=6) < token.expires_at - timezone.now() <= timedelta(days=7)
    assert out.strip() not in err


def test_the_command_says_what_it_needs() -> None:
    user = person()
    for arguments, complaint in (
        (["nobody@example.org"], "nobody here"),
        ([user.email, "--days", "367"], "1 to 366"),
        ([user.email, "--organisation", "Elsewhere"], "does not belong to Elsewhere"),
        ([user.email, "--name", " "], "1 to 100 characters"),
    ):
        with pytest.raises(CommandError, match=complaint):
            printed(*arguments)
    other = organisation("Other Bank")
    Membership.unscoped.create(organisation=other, user=user, role=Role.AUDITOR)
    with pytest.raises(CommandError, match="--organisation: Acme Bank, Other Bank"):
        printed(user.email)
    assert authenticate(printed(user.email, "--organisation", "Other Bank")[0].strip()).organisation == other  # type: ignore[union-attr]
