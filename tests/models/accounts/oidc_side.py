"""The service's side of tests/models/accounts/test_oidc.py: a process of its own, since its settings come from the
environment. Prints what became of each case, as JSON."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "governance.settings")
django.setup()

import httpx  # noqa: E402
import jwt  # noqa: E402
import pyotp  # noqa: E402
from allauth.socialaccount.models import SocialAccount  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from models.accounts.models import Membership, Organisation, User  # noqa: E402
from models.accounts.oidc import NONCE  # noqa: E402
from models.accounts.second_factor import fresh_secret, turn_on  # noqa: E402
from models.trail.models import Entry  # noqa: E402

START = "/sign-in/with/oidc/"
PEOPLE = ("known", "unverified", "inactive", "twice", "asked", "bound", "tricked")


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
    found["bound"] = bound()
    found["id tokens"] = {kind: with_id_token(kind) for kind in ("as it is", "another key", "no key")}
    found["replayed"] = replayed()
    asked = Client().get(START, {"auth_params": "prompt=none&nonce=mine", "scope": "admin"})["Location"]
    found["asked for"] = [word for word in ("prompt=none", "nonce=mine", "admin") if word in asked]
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


def bound() -> dict[str, Any]:
    """The same account of the provider, once it has another address, and one that is given the address it had."""
    claims = {"email": "bound@example.org", "email_verified": True}
    at_provider("bound", claims)
    found = {"first": outcome_of("bound")}
    at_provider("bound", {"email": "moved@example.org", "email_verified": True})
    at_provider("heir", claims)
    return found | {"moved": outcome_of("bound"), "heir": outcome_of("heir")}


def outcome_of(subject: str) -> dict[str, Any]:
    client = Client()
    return outcome(client, came_back(client, subject))


def at_provider(subject: str, claims: dict[str, Any]) -> None:
    httpx.put(f"{settings.OIDC_ISSUER}/users/{subject}", json=claims).raise_for_status()


def with_id_token(kind: str) -> bool:
    """Whether somebody is signed in whose ID token comes by somebody who has changed it on the way."""
    at_provider("tricked", {"email": "tricked@example.org", "email_verified": True})
    with between(kind) as address:
        known = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]
        known["openid_configuration_overrides"] = {"token_endpoint": address}
        try:
            return bool(outcome_of("tricked")["in"])
        finally:
            del known["openid_configuration_overrides"]


def replayed() -> bool:
    """Whether an ID token is taken in a session that did not ask for it, its state and verifier aside."""
    client = Client()
    there = client.get(START)["Location"]
    session = client.session
    session[NONCE] = ["another"]
    session.save()
    answer = httpx.post(there, data={"sub": "known"}, follow_redirects=False)
    client.get(answer.headers["Location"].removeprefix("http://testserver"))
    return "_auth_user_id" in client.session


@contextmanager
def between(kind: str) -> Iterator[str]:
    """An address that passes on to the provider's token endpoint, and changes the ID token that comes back."""

    class Between(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            answer = httpx.post(f"{settings.OIDC_ISSUER}/oauth2/token", content=content, headers=kept).json()
            answer["id_token"] = changed(answer["id_token"], kind)
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Between) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def changed(token: str, kind: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    head = jwt.get_unverified_header(token)
    if kind == "another key":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return jwt.encode(claims, key, "RS256", {"kid": head.get("kid", "k")})
    if kind == "no key":
        return jwt.encode(claims, None, "none", {"kid": head.get("kid", "k")})
    return token


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
