"""The commands that make the first organisation and the sample users."""

from __future__ import annotations

import io
import time

import pyotp
import pytest
from django.core.management import CommandError, call_command

from models.accounts import links
from models.accounts.models import Identity, Membership, Organisation, User
from models.accounts.roles import Role
from models.accounts.second_factor import fresh_secret, has_second_factor, turn_on
from models.accounts.tokens import hash_of
from models.trail.models import Entry
from tests.models.people import person

pytestmark = pytest.mark.django_db


def create(name: str = "Acme", admin: str = "Ada@example.org") -> None:
    call_command(
        "create_organisation", name, "--admin", admin, "--password-env", "FIRST_PASSWORD", stdout=io.StringIO()
    )


def test_the_first_organisation_has_an_administrator_who_can_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_PASSWORD", "correct horse battery")
    create()
    membership = Membership.unscoped.get()
    assert (membership.organisation.name, membership.role) == ("Acme", Role.ADMINISTRATOR)
    assert membership.user.check_password("correct horse battery")


@pytest.mark.parametrize("password", ["", "short", "ada@example.org", "password1234"])
def test_a_bad_password_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setenv("FIRST_PASSWORD", password)
    with pytest.raises(CommandError):
        create()
    assert not Organisation.objects.exists()
    assert not User.objects.exists()


def test_an_organisation_is_made_once_and_a_known_person_keeps_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_PASSWORD", "correct horse battery")
    create()
    with pytest.raises(CommandError, match="already"):
        create(admin="eve@example.org")
    monkeypatch.setenv("FIRST_PASSWORD", "something else entirely")
    create("Second")
    assert User.objects.get().check_password("correct horse battery")
    assert Membership.unscoped.count() == 2


def test_sample_users_are_one_for_each_role_with_working_passwords() -> None:
    said = io.StringIO()
    call_command("sample_users", stdout=said)
    lines = dict(line.split() for line in said.getvalue().splitlines())
    assert len(lines) == len(Role)
    for email, password in lines.items():
        user = User.objects.get(email=email)
        assert user.check_password(password)
        assert email.startswith(Membership.unscoped.get(user=user).role)


def test_who_cannot_sign_in_is_let_back_in_by_the_operator() -> None:
    user, app, now = person(), pyotp.TOTP(fresh_secret()), time.time()
    turn_on(user, app.secret, app.at(now), now)
    for options, left in (([], True), (["--second-factor"], False)):
        out, err = io.StringIO(), io.StringIO()
        call_command("reset_sign_in", user.email.upper(), *options, stdout=out, stderr=err)
        secret = out.getvalue().strip().split("/")[2]
        link = links.found(hash_of(secret))
        assert (link.email, link.kind) == (user.email, links.Kind.PASSWORD)
        assert secret not in err.getvalue()
        assert has_second_factor(user) is left
    verbs = Entry.unscoped.order_by("sequence").values_list("verb", flat=True)
    assert list(verbs)[1:] == [
        "made a link for a new password",
        "reset the second factor",
        "made a link for a new password",
    ]
    Identity.objects.create(user=user, issuer="https://id.example.org", subject="7")
    for options, left in (([], True), (["--identity"], False)):
        call_command("reset_sign_in", user.email, *options, stdout=io.StringIO(), stderr=io.StringIO())
        assert Identity.objects.filter(user=user).exists() is left
    with pytest.raises(CommandError, match="nobody with the address"):
        call_command("reset_sign_in", "nobody@example.org")
