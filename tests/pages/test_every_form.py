"""Every form that takes text is sent script, markup and far too much: what comes back is text, says what is wrong,
keeps what was typed, and never breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from django.db import transaction
from django.utils.html import escape

from models.accounts.roles import ACTIONS
from tests.pages.conftest import World
from tests.pages.places import PLACES

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}=cmd|'/c calc'!A1"
TEXT = {"text", "search", "email", "url", "tel", ""}
NOT_SHOWN_AGAIN = {"password", "code", "new_password", "old_password", "secret"}


@dataclass
class Sent:
    """One form of a page: where it goes, what it would send, and which of it a person types freely."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms of a page that are sent by POST."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Sent] = []
        self.form: Sent | None = None
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Sent(said.get("action", "")) if said.get("method", "").lower() == "post" else None
            if self.form:
                self.found.append(self.form)
        name = said.get("name", "")
        if self.form is None or (not name and tag != "option"):
            return
        if tag == "textarea" or (tag == "input" and said.get("type", "") in TEXT):
            self.form.typed.append(name)
        elif tag == "input" and said["type"] in ("checkbox", "radio"):
            if "checked" in said:
                self.form.values.setdefault(name, []).append(said.get("value", "on"))
        elif tag == "input":
            self.form.values.setdefault(name, [said.get("value", "")])
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and said.get("value") and self.select not in self.form.values:
            self.form.values[self.select] = [said["value"]]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = ""


@pytest.fixture
def forms(client, world: World) -> Iterator[tuple[str, Sent]]:
    """Those of every page that take text, as somebody who may fill them in."""
    return (found for name, place in PLACES.items() if place.is_read and place.action
            for found in of_page(client, world, name))  # fmt: skip


def of_page(client, world: World, name: str) -> list[tuple[str, Sent]]:
    place = PLACES[name]
    address = place.address(name, world)
    for role in sorted(ACTIONS[place.action] & {"officer", "administrator", "approver", "engineer"}):
        client.force_login(world.people[role])
        answer = client.get(address)
        if answer.status_code == 200 and "text/html" in answer["Content-Type"]:
            found = [each for each in Forms(answer.content.decode()).found if each.typed]
            if found:
                return [(each.action or address, each) for each in found]
    return []


def sent(client, address: str, form: Sent, text: str) -> tuple[int, str]:
    """Taken back afterwards. The page that comes of it, after going where it leads."""
    with transaction.atomic():
        answer = client.post(address, form.values | dict.fromkeys(form.typed, text))
        status = answer.status_code
        if status == 302:
            answer = client.get(answer["Location"])
        is_page = "text/html" in answer.get("Content-Type", "")
        page = answer.content.decode() if is_page else ""
        transaction.set_rollback(True)
    return status, page


def test_what_is_typed_stays_text_and_is_kept_where_it_is_refused(client, forms):
    seen = 0
    for address, form in forms:
        seen += 1
        status, page = sent(client, address, form, SCRIPT)
        assert status in (200, 302, 400, 403, 409, 422), (address, status)
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
        assert not re.search(r"=\s*49\b", page), address
        if status == 422:
            kept = [each for each in form.typed if each not in NOT_SHOWN_AGAIN]
            assert not kept or escape(SCRIPT) in page, (address, kept)
            assert "There is a problem" in page, address
    assert seen > 30


def test_far_too_much_is_refused_at_its_field(client, forms):
    refused = 0
    for address, form in forms:
        status, page = sent(client, address, form, "too much " * 30_000)
        assert status in (200, 400, 403, 409, 422), (address, status, form.typed)
        if status == 422:
            refused += 1
            assert "There is a problem" in page, address
            assert re.search(r'aria-invalid="true"|class="[^"]*error-message', page), address
    assert refused > 20
