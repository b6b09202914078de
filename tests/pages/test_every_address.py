"""Every address, with every role, with other people's things, and without a session."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.test import Client
from django.urls import resolve, reverse

from governance.systems.register import begin
from models.accounts.roles import ACTIONS, Role
from models.trail.models import Entry
from tests.pages.places import PLACES, names

LINK = re.compile(r'\s(?:href|src|action|hx-get)="([^"]*)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
NOBODY = "00000000-0000-4000-8000-000000000000"


def text(answer) -> str:
    return b"".join(answer).decode("utf-8", "replace") if answer.streaming else answer.content.decode()


def test_every_address_is_in_the_list():
    assert set(names()) == set(PLACES)


def test_every_role_sees_what_it_may_and_is_told_what_it_lacks(client, world):
    for role, user in world.people.items():
        client.force_login(user)
        for name, place in PLACES.items():
            if not place.is_read or name == "sign-in":
                continue
            answer = client.get(place.address(name, world))
            if place.action and Role(role) not in ACTIONS[place.action]:
                assert answer.status_code == 403, (role, name)
                told = text(answer).split("<main")[1]
                assert all(needed.value in told for needed in ACTIONS[place.action]), (role, name)
            else:
                assert answer.status_code == 200, (role, name)


def test_a_role_that_may_not_change_anything_is_refused_every_post(client, world):
    client.force_login(world.people["auditor"])
    before = rows()
    for name, place in PLACES.items():
        if "POST" in place.methods and place.action and Role.AUDITOR not in ACTIONS[place.action]:
            assert client.post(place.address(name, world), {"name": "x"}).status_code == 403, name
    assert rows() == before


def test_what_belongs_to_another_organisation_is_not_there(client, world, elsewhere):
    client.force_login(world.people["administrator"])
    before = rows()
    for name, place in PLACES.items():
        if place.action is None or place.parts(elsewhere) in ({}, place.parts(world)):
            continue
        address = place.address(name, elsewhere)
        nowhere = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", NOBODY, address)
        for method in (client.get, client.post):
            answer, other = method(address), method(nowhere)
            assert answer.status_code == other.status_code, name
            hidden = 404 if Role.ADMINISTRATOR in ACTIONS[place.action] else 403
            assert answer.status_code == hidden or method.__name__.upper() not in place.methods, name
            assert TOKEN.sub("", text(answer)) == TOKEN.sub("", text(other)), name
    assert rows() == before


def test_a_system_of_which_nothing_is_known_yet_has_every_page(client, world):
    client.force_login(world.people["officer"])
    bare = begin(world.people["officer"], world.organisation, {"name": "Bare"})
    later = {"classification", "statement-version", "compare-statement"}  # of what it has in the end
    for name, place in PLACES.items():
        parts = place.parts(world)
        if place.is_read and parts.get("pk") == world.system.pk:
            answer = client.get(reverse(name, kwargs={**parts, "pk": bare.pk}) + place.query)
            assert (answer.status_code == 404) == (name in later), name
            b"".join(answer)  # a file is written while it is read


@pytest.mark.parametrize("name", ["start-audit", "register-model", "register-dataset"])
@pytest.mark.parametrize("what", ["dataset", "model", "of"])
def test_another_organisations_number_in_a_query_is_not_there(client, world, elsewhere, name, what):
    client.force_login(world.people["engineer"])
    number = {"dataset": elsewhere.dataset.pk, "model": elsewhere.model.pk, "of": elsewhere.dataset.dataset_id}[what]
    answer = client.get(reverse(name), {what: number})
    assert answer.status_code == 404 if (what == "of") != (name == "start-audit") else answer.status_code == 200
    assert "Brick Bank" not in text(answer)


@pytest.mark.parametrize("field", ["derived_from", "trained_on"])
def test_another_organisations_number_in_a_form_is_not_there(client, world, elsewhere, field):
    client.force_login(world.people["engineer"])
    number = elsewhere.dataset.pk if field == "trained_on" else elsewhere.model.pk
    assert client.post("/models/register/", {"name": "Mine", field: number}).status_code == 404


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(client, world):
    for name, place in PLACES.items():
        for method in (client.get, client.post):
            if place.action is None:
                continue
            address = place.address(name, world)
            answer = method(address)
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/sign-in/?next=/"), name


def test_a_page_that_only_reads_refuses_to_be_posted_to_and_the_reverse(client, world):
    client.force_login(world.people["engineer"])
    for name, place in PLACES.items():
        address = place.address(name, world)
        if place.methods == {"GET"} and name != "healthy":
            assert client.post(address).status_code == 405, name
        if place.methods == {"POST"}:
            assert client.get(address).status_code == 405, name


def test_no_form_is_taken_without_its_token(world):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.people["administrator"])
    for name, place in PLACES.items():
        if "POST" in place.methods:
            answer = strict.post(place.address(name, world), {"name": "x"})
            assert answer.status_code == 403, name
            assert "could not be checked" in text(answer)


def test_reading_every_page_changes_nothing(client, world):
    client.force_login(world.people["administrator"])
    before = rows()
    for name, place in PLACES.items():
        if place.is_read:
            client.get(place.address(name, world))
    assert rows() == before


def rows() -> dict[str, int]:
    """How many there are of everything but sessions, and the trail's length."""
    counted = {kind._meta.label: kind._base_manager.count() for kind in apps.get_models()}
    counted.pop("sessions.Session")
    return counted | {"trail": Entry.unscoped.count()}


def test_no_link_on_any_page_is_dead_and_none_leads_away(client, world):
    client.force_login(world.people["engineer"])
    seen, left = set(), ["/"]
    posts = {name for name, place in PLACES.items() if place.methods == {"POST"}}
    while left:
        address = left.pop().replace("&amp;", "&")
        if address in seen:
            continue
        seen.add(address)
        answer = client.get(address)
        allowed = {200, 405} if resolve(address.partition("?")[0]).url_name in posts else {200, 204}
        assert answer.status_code in allowed, address
        if "text/html" not in answer["Content-Type"] or answer.status_code != 200:
            continue
        page = text(answer)
        for link in LINK.findall(page):
            assert not re.match(r"(?i)https?:|//|javascript:|data:", link), (address, link)
            target, _, anchor = link.partition("#")
            assert not anchor or target or f'id="{anchor}"' in page, (address, link)
            if target and not target.startswith("/static/"):
                left.append(target if not target.startswith("?") else address.split("?")[0] + target)
    visited = {address.split("?")[0] for address in seen}
    open_to_engineers = {name for name, place in PLACES.items() if place.is_read and place.action
                         and Role.ENGINEER in ACTIONS[place.action]}  # fmt: skip
    unseen = {name for name in open_to_engineers if PLACES[name].address(name, world).split("?")[0] not in visited}
    # what has one version leads to no comparison, see test_lists.py; neither does a first assessment
    assert unseen <= {"model", "dataset", "recovery-codes", "compare-model", "compare-dataset", "compare-assessment"}


def test_no_page_needs_what_the_policy_forbids(client, world):
    """No inline script, style or handler, nothing from elsewhere; and the policy says so."""
    client.force_login(world.people["engineer"])
    for name, place in PLACES.items():
        if not place.is_read or place.action is None:
            continue
        answer = client.get(place.address(name, world))
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert not re.search(r"unsafe|\*|https?:", policy), policy
        if "text/html" in answer["Content-Type"]:
            page = text(answer)
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=\"/static/)", page), name


def test_a_name_that_turns_letters_around_turns_only_its_own(client, world):
    """U+202E in a name: what the page says after it would be read backwards, were the name not apart in <bdi>. In tags
    and in elements that hold nothing but text it ends by itself."""
    client.force_login(world.people["administrator"])
    wrong = []
    for name, place in PLACES.items():
        answer = client.get(place.address(name, world)) if place.is_read else None
        if answer is None or "text/html" not in answer["Content-Type"]:
            continue
        page = re.sub(
            r"(?s)<(title|option|textarea|pre|dd|li|summary)\b[^>]*>[^<]*</\1>|<(?!/?bdi)[^>]*>", " ", text(answer)
        )
        for part in page.split("</bdi>"):
            before = part.partition("<bdi")[0]
            if "\u202e" in before:
                wrong.append(f"{name}: {before[max(0, before.index(chr(0x202E)) - 60) :][:90].split()}")
    assert wrong == []


def test_what_people_write_stays_text_on_every_page(client, world):
    client.force_login(world.people["engineer"])
    for name, place in PLACES.items():
        if place.is_read and name != "sign-in":
            answer = client.get(place.address(name, world))
            if "text/html" in answer["Content-Type"]:
                page = text(answer)
                assert "<script>alert" not in page, name
                assert "<b>0</b>" not in page, name
                assert "{{ 7*7 }}" in page or "7*7" not in page, name
