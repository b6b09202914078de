"""Signing in by an identity provider: a small real one beside us, and a service whose environment names it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oidc_provider_mock import User, run_server_in_thread

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("known", "inactive", "twice", "asked", "stranger")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    users = [User(sub=n, claims={"email": f"{n.title()}@example.org", "email_verified": True}) for n in NAMES]
    users.append(User(sub="unverified", claims={"email": "unverified@example.org", "email_verified": False}))
    users.append(User(sub="unsaid", claims={"email": "known@example.org"}))
    with run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oidc")


def service(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-m", "tests.models.accounts.oidc_side"]
    named = {"PLUMBLINE_VAR": str(folder), "OIDC_CLIENT_ID": "plumbline", "OIDC_NAME": "Acme single sign-on"}
    return subprocess.run(command, cwd=ROOT, env=kept | named | settings, capture_output=True, text=True)


def became(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def found(issuer: str, folder: Path) -> dict[str, Any]:
    return became(service(folder, OIDC_ISSUER=issuer, OIDC_CLIENT_SECRET="a secret"))


def test_who_has_an_account_with_the_verified_address_is_signed_in(found: dict[str, Any], issuer: str) -> None:
    assert found["known"] == {"to": "/", "in": True, "home": 200, "told": ""}
    assert found["rotated"]
    assert found["trail"] == [{"by": issuer}]
    assert found["button"]


@pytest.mark.parametrize("name", ["unverified", "unsaid", "inactive", "stranger", "denied"])
def test_nobody_else_is_and_no_account_is_made(found: dict[str, Any], name: str) -> None:
    assert (found[name]["to"], found[name]["in"], found[name]["home"]) == ("/sign-in/", False, 302)
    reason = "did not sign you in" if name == "denied" else "Nobody here has the verified address"
    assert reason in found[name]["told"]
    assert found["made"] == {"users": 7, "accounts": 0}


def test_an_answer_is_for_one_browser_and_once(found: dict[str, Any]) -> None:
    for answer in found["forged"].values():
        assert (answer["to"], answer["in"]) == ("/sign-in/", False)


def test_from_the_first_time_on_only_the_same_account_of_the_provider_opens_it(found: dict[str, Any]) -> None:
    assert (found["bound"]["first"]["in"], found["bound"]["moved"]["in"]) == (True, True)
    assert not found["bound"]["heir"]["in"]
    assert "bound to another account" in found["bound"]["heir"]["told"]


def test_an_id_token_has_to_be_signed_by_the_provider(found: dict[str, Any]) -> None:
    assert found["id tokens"] == {"as it is": True, "another key": False, "no key": False}


def test_an_answer_that_was_asked_for_elsewhere_is_refused(found: dict[str, Any]) -> None:
    assert found["replayed"] is False


def test_who_made_the_link_chooses_nothing_of_what_is_asked(found: dict[str, Any]) -> None:
    assert found["asked for"] == []


def test_it_leads_back_to_pages_of_ours_alone(found: dict[str, Any]) -> None:
    assert found["/models/"] == "/models/"
    assert found["https://evil.example/"] == found["//evil.example/"] == "/"


def test_a_second_factor_of_ours_is_still_asked_for(found: dict[str, Any]) -> None:
    assert (found["twice"]["to"], found["twice"]["in"]) == ("/sign-in/code/", False)
    assert found["code"] == {"status": 302, "in": True}
    assert (found["asked"]["in"], found["asked"]["home"]) == (True, 302)  # led to set one up


def test_the_providers_own_counts_where_the_operator_says_so(found: dict[str, Any], issuer: str, folder: Path) -> None:
    trusting = became(service(folder, OIDC_ISSUER=issuer, OIDC_CLIENT_SECRET="a secret", OIDC_SECOND_FACTOR="yes"))
    for name in ("twice", "asked"):
        assert (trusting[name]["in"], trusting[name]["home"]) == (True, 200)
    assert not trusting["unverified"]["in"]


def test_a_provider_that_is_away_refuses_and_other_pages_of_the_library_are_not_there(found: dict[str, Any]) -> None:
    assert found["away"] == "/sign-in/"
    assert found["elsewhere"] == [404, 404]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"OIDC_ISSUER": "https://id.example.org"}, "OIDC_CLIENT_SECRET is missing"),
        ({"OIDC_ISSUER": "http://id.example.org", "OIDC_CLIENT_SECRET": "x"}, "begins with https://"),
    ],
)
def test_settings_that_would_not_do_are_refused_at_the_start(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    done = service(tmp_path, **settings)
    assert done.returncode != 0
    assert reason in done.stderr


def test_without_the_settings_there_is_nothing_of_it(client: Any) -> None:
    assert client.get("/sign-in/with/oidc/").status_code == 404
    assert b"sign-in/with" not in client.get("/sign-in/").content
