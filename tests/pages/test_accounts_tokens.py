"""Tokens: made, shown once, listed, revoked; and what they open in the API."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from models.accounts.models import Membership, Token, User
from models.accounts.tokens import LONGEST, authenticate, issue
from models.trail.models import Entry
from tests.models.people import organisation, person
from tests.pages.conftest import ODD

pytestmark = pytest.mark.django_db
TOKENS, NEW, ME = "/tokens/", "/tokens/new/", "/api/v1/me"


@pytest.fixture
def user(client) -> User:
    someone = person()
    client.force_login(someone)
    return someone


def asked(**more) -> dict:
    return {"number": str(uuid4()), "name": "nightly gate", "scopes": ["read", "run"], "days": "30"} | more


def secrets_in(answer) -> list[str]:
    return re.findall(r"plb_[\w-]{43}", answer.content.decode())


def test_a_token_is_shown_on_the_next_page_and_never_again(client, user):
    answer = client.post(NEW, asked())
    assert answer["Location"] == TOKENS
    assert "plb_" not in str(answer.headers)
    assert not re.search(r"plb_[\w-]{20}", str(dict(client.session)))
    shown = client.get(TOKENS)
    (secret,) = secrets_in(shown)
    assert shown["Cache-Control"] == "private, no-store"
    assert secrets_in(client.get(TOKENS)) == []
    token = authenticate(secret)
    assert (token.user, token.name, token.scopes) == (user, "nightly gate", ["read", "run"])
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)


def test_a_form_that_is_sent_twice_makes_one_token(client, user):
    said = asked()
    for _ in range(2):
        assert client.post(NEW, said)["Location"] == TOKENS
    assert Token.unscoped.count() == 1
    assert len(secrets_in(client.get(TOKENS))) == 1
    assert Entry.unscoped.filter(verb="issued token").count() == 1


def test_the_number_of_somebody_elses_token_gives_nothing(client, user):
    theirs, secret = issue(person("officer"), organisation(), "theirs", ["read"])
    client.post(NEW, asked(number=str(theirs.pk)))
    assert secrets_in(client.get(TOKENS)) == []
    assert Token.unscoped.get().user == theirs.user
    assert authenticate(secret) == theirs


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"scopes": []}, "scopes_0"),
        ({"scopes": ["read", "everything"]}, "scopes_0"),
        ({"days": "0"}, "days"),
        ({"days": "100000"}, "days"),
        ({"number": "1; DROP TABLE"}, "number"),
    ],
)
def test_a_token_that_cannot_be_is_refused_at_its_field(client, user, said, field):
    answer = client.post(NEW, asked(**said))
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in answer.content.decode() or field == "number"
    assert not Token.unscoped.exists()


def test_the_form_offers_no_more_than_a_year(client, user):
    offered = client.get(NEW).context["form"].fields["days"].choices
    assert max(days for days, _ in offered) <= LONGEST.days


def test_a_name_of_html_stays_text(client, user):
    client.post(NEW, asked(name=ODD.replace("\u202e", "")))
    page = client.get(TOKENS).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_the_list_has_ones_own_tokens_of_this_organisation_only(client, user):
    other = organisation("Other Bank")
    Membership.unscoped.create(organisation=other, user=user, role="auditor")
    issue(user, organisation(), "mine here", ["read"])
    issue(user, other, "mine elsewhere", ["read"])
    issue(person("officer"), organisation(), "a colleague's", ["read"])
    page = client.get(TOKENS).content.decode()
    assert "mine here" in page
    assert "elsewhere" not in page
    assert "colleague" not in page


def test_revoking_is_at_once_and_twice_is_harmless(client, user):
    token, secret = issue(user, organisation(), "gate", ["read"])
    for _ in range(2):
        assert client.post(f"{TOKENS}{token.pk}/revoke/")["Location"] == TOKENS
    assert authenticate(secret) is None
    assert Entry.unscoped.filter(verb="revoked token").count() == 1
    assert "Revoked" in client.get(TOKENS).content.decode()


def test_a_colleagues_token_is_not_there_to_be_revoked(client, user):
    for owner in (person("officer"), person("administrator", at=organisation("Other Bank"))):
        token, secret = issue(owner, owner.memberships.get().organisation, "theirs", ["read"])
        assert client.post(f"{TOKENS}{token.pk}/revoke/").status_code == 404
        assert authenticate(secret) == token


def bearer(secret: str) -> dict:
    return {"headers": {"Authorization": f"Bearer {secret}"}}


def test_a_token_opens_the_api_and_no_page(client):
    token, secret = issue(person(), organisation(), "gate", ["read"])
    assert client.get(ME, **bearer(secret)).json()["organisation"]["name"] == "Acme Bank"
    for address in ("/", "/jobs/", TOKENS, "/profile/"):
        assert client.get(address, **bearer(secret)).status_code == 302, address
    token.refresh_from_db()
    assert token.last_used_at is not None


@pytest.mark.parametrize("state", ["expired", "revoked", "made up", "of who left", "of who is shut out"])
def test_a_token_that_opens_nothing_is_refused_alike_whatever_the_reason(client, state):
    token, secret = issue(person(), organisation(), "gate", ["read"])
    assert client.get(ME, **bearer(secret)).status_code == 200
    if state == "expired":
        Token.unscoped.update(expires_at=timezone.now())
    if state == "revoked":
        Token.unscoped.update(revoked_at=timezone.now())
    if state == "made up":
        secret = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    if state == "of who left":
        Membership.unscoped.filter(user=token.user).delete()
    if state == "of who is shut out":
        User.objects.update(is_active=False)
    answer = client.get(ME, **bearer(secret))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "/api/v1/problems/unauthenticated"
    assert answer.json()["detail"] == "The token is unknown, revoked or expired."
    assert secret not in answer.content.decode()


def test_a_token_without_the_scope_is_told_which_it_lacks(client):
    _, secret = issue(person("administrator"), organisation(), "gate", ["read"])
    said = {"name": "more", "scopes": ["read"]}
    answer = client.post("/api/v1/tokens", said, content_type="application/json", **bearer(secret))
    assert answer.status_code == 403
    assert answer.json()["type"] == "/api/v1/problems/insufficient-scope"
    assert "manage" in answer.json()["detail"]
    assert Token.unscoped.count() == 1


@pytest.mark.parametrize("name", ["token", "access_token", "key", "authorization"])
def test_a_token_in_an_address_opens_nothing(client, name):
    _, secret = issue(person(), organisation(), "gate", ["read"])
    assert client.get(ME, {name: secret}).status_code in (401, 422)


def test_no_token_reaches_a_log(client, user, caplog):
    caplog.set_level(logging.DEBUG)
    client.post(NEW, asked())
    (secret,) = secrets_in(client.get(TOKENS))
    for sent in (secret, secret + "x"):
        client.get(ME, **bearer(sent))
        client.get("/nowhere/", **bearer(sent))
    assert caplog.records
    assert secret[4:] not in caplog.text
