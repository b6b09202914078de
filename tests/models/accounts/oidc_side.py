"""The service's side of tests/models/accounts/test_oidc.py: a process of its own, since its settings come from the
environment. Prints what became of each case, as JSON."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
django.setup()

import httpx  # noqa: E402
import pyotp  # noqa: E402
from allauth.socialaccount.models import SocialAccount  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from models.accounts.models import Membership, Organisation, User  # noqa: E402
from models.accounts.second_factor import fresh_secret, turn_on  # noqa: E402
from models.trail.models import Entry  # noqa: E402

START = "/sign-in/with/oidc/"
PEOPLE = ("known", "unverified", "inactive", "twice", "asked")


def furnish() -> str:
    """People of two organisations, one of which requires a second factor; the secret of the one who has one."""
    call_command("migrate", verbosity=0)
    acme, strict = (Organisation.objects.create(name=name) for name in ("Acme Bank", "Strict Bank"))
    Organisation.objects.filter(pk=strict.pk).update(requires_second_factor=True)
    for name in PEOPLE:
        user = User.objects.create_user(f"{name}@example.org", None, name)
        at = strict if name == "asked" else acme
        Membership.unscoped.create(organisation=at, user=user, role="engineer")
    User.objects.filter(email="inactive@example.org").update(is_active=False)
    secret = fresh_secret()
    turn_on(User.objects.get(email="twice@example.org"), secret, pyotp.TOTP(secret).at(time.time() - 60 + 31))
    return secret


def came_back(client: Client, subject: str, then: str = "") -> Any:
    """Go to the provider, say there who one is, and come back with what it gives."""
    there = client.get(START, {"next": then} if then else {})["Location"]
    answer = httpx.post(there, data={"sub": subject} if subject else {"action": "deny"}, follow_redirects=False)
    return client.get(answer.headers["Location"].removeprefix("http://testserver"))


def outcome(client: Client, answer: Any) -> dict[str, Any]:
    told = client.get("/sign-in/") if answer["Location"] == "/sign-in/" else None
    return {
        "to": answer["Location"],
        "in": "_auth_user_id" in client.session,
        "home": client.get("/").status_code,
        "told": told.content.decode().split('role="alert"')[1][:200]
        if told and b'role="alert"' in told.content
        else "",
    }


def cases(secret: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (*PEOPLE, "stranger", "unsaid", ""):
        client = Client()
        found[name or "denied"] = outcome(client, came_back(client, name))
    for then in ("/models/", "https://evil.example/", "//evil.example/"):
        found[then] = came_back(Client(), "known", then)["Location"]
    found["rotated"] = rotated()
    found["forged"] = forged()
    found["code"] = with_code(secret)
    found["button"] = "Sign in with Acme single sign-on" in Client().get("/sign-in/").content.decode()
    found["elsewhere"] = [Client().get(a).status_code for a in ("/sign-in/with/other/", "/sign-in/with/oidc/signup/")]
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://localhost:1"
    found["away"] = Client().get(START)["Location"]
    found["made"] = {"users": User.objects.count(), "accounts": SocialAccount.objects.count()}
    entries = Entry.unscoped.filter(verb="signed in", actor__email="known@example.org")
    found["trail"] = [entry.facts for entry in entries][:1]
    return found


def rotated() -> bool:
    """Whether the session has another key after than before."""
    client = Client()
    there = client.get(START)["Location"]
    before = client.session.session_key
    answer = httpx.post(there, data={"sub": "known"}, follow_redirects=False)
    client.get(answer.headers["Location"].removeprefix("http://testserver"))
    return client.session.session_key != before


def forged() -> dict[str, Any]:
    """The answer that one browser got, in another; and the same answer twice."""
    client, other = Client(), Client()
    there = client.get(START)["Location"]
    other.get(START)
    answer = httpx.post(there, data={"sub": "known"}, follow_redirects=False)
    address = answer.headers["Location"].removeprefix("http://testserver")
    elsewhere = outcome(other, other.get(address))
    client.get(address)
    client.logout()
    return {"elsewhere": elsewhere, "again": outcome(client, client.get(address))}


def with_code(secret: str) -> dict[str, Any]:
    client = Client()
    came_back(client, "twice")
    answer = client.post("/sign-in/code/", {"code": pyotp.TOTP(secret).at(time.time() + 30)})
    return {"status": answer.status_code, "in": "_auth_user_id" in client.session}


if __name__ == "__main__":
    setup_test_environment()
    kept = settings.VAR / "kept"
    if not kept.exists():
        kept.write_text(furnish())
    print(json.dumps(cases(kept.read_text())))
