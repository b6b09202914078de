"""Forty systems in from a sheet and out again: planned first, whole or not at all, told row by row."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.systems import exchanging
from governance.systems.exchange import COLUMNS, bring, exported, planned
from governance.systems.lists import systems_of
from governance.systems.models import System
from governance.systems.register import begin, change
from governance.systems.sheets.read import read
from governance.systems.sheets.write import written
from models.trail.models import Entry

HEADINGS = "name,purpose,owner,stage,placed_on,roles\n"


@pytest.fixture(autouse=True)
def read_here(monkeypatch):
    """The sandbox has a test of its own, and takes a second each time."""
    monkeypatch.setattr(exchanging, "read_in_sandbox", read)


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


def forty(world) -> str:
    owner = world.people["officer"].email
    lines = [
        f'System {n},"=1+{n}, <b>{n}</b>",{owner.upper() if n % 2 else ""},In service,2025-01-{n % 28 + 1:02},'
        '"deployer; provider"'
        for n in range(40)
    ]
    return HEADINGS + "\n".join(lines)


def send(client, text: str | bytes, name: str = "systems.csv"):
    content = text.encode() if isinstance(text, str) else text
    return client.post("/systems/import/", {"sheet": SimpleUploadedFile(name, content)})


def confirm(client, answer):
    said = re.search(r'name="confirmed" value="([^"]+)"', answer.content.decode())[1]
    return client.post("/systems/import/", {"confirmed": said})


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_forty_systems_come_in_once_confirmed_and_go_out_the_same(officer, world, kind):
    before = System.unscoped.count()
    sheet = read(forty(world).encode())
    content = written(kind, sheet.columns, [list(row.cells.values()) for row in sheet.rows])
    dry = send(officer, content)
    assert (dry.status_code, System.unscoped.count()) == (200, before)
    assert "<h1>40 new</h1>" in dry.content.decode()
    assert "<b>1</b>" not in dry.content.decode()
    assert confirm(officer, dry).status_code == 302
    assert System.unscoped.count() == before + 40
    made = System.unscoped.get(name="System 1")
    assert (made.purpose, made.roles, made.owner) == (
        "=1+1, <b>1</b>",
        ["provider", "deployer"],
        world.people["officer"],
    )
    out = officer.get(f"/systems/export/?format={kind}")
    rows = {row.cells["name"]: row.cells for row in read(out.content).rows}
    assert rows["System 1"]["purpose"] == "=1+1, <b>1</b>"
    again = send(officer, out.content)
    assert "<h1>Nothing would change</h1>" in again.content.decode()
    assert 'name="confirmed"' not in again.content.decode()
    assert Entry.unscoped.filter(verb="imported systems").count() == 1


def test_an_export_makes_the_same_systems_elsewhere(officer, world, elsewhere):
    System.unscoped.filter(organisation=elsewhere.organisation).update(is_archived=True, name="other")
    begin(
        world.people["officer"], world.organisation, {"name": "'= odd", "purpose": "-a\n\u00e9", "roles": ["importer"]}
    )
    System.unscoped.filter(organisation=world.organisation).update(owner=None)
    columns, rows = exported(world.organisation)
    sheet = read(written("xlsx", columns, list(rows)))
    bring(elsewhere.people["officer"], elsewhere.organisation, sheet)
    there = systems_of(elsewhere.organisation).filter(is_archived=False)
    mine, theirs = exported(world.organisation)[1], exported(elsewhere.organisation, there)[1]
    assert [row[: len(COLUMNS)] for row in theirs] == [row[: len(COLUMNS)] for row in mine]


def test_each_row_says_what_to_mend_and_nothing_is_half_imported(officer, world):
    archived = begin(world.people["officer"], world.organisation, {"name": "Old"})
    System.unscoped.filter(pk=archived.pk).update(is_archived=True)
    before = System.unscoped.count()
    text = HEADINGS + "\n".join([
        "Good,,,,,", ",no name,,,,", "Good,,,,,", "A,,nobody@example.org,,,", "B,,Ada,,,", "C,,,sold,,",
        "D,,,,31.1.2025,", "E,,,,,king", f"{'n' * 201},,,,,", "Old,,,,,",
    ])  # fmt: skip
    answer = send(officer, text)
    page = answer.content.decode()
    assert (answer.status_code, System.unscoped.count()) == (422, before)
    for told in (
        "Nine rows must be mended first", "Give it a name", "Row 2 has this name too",
        "is no member of this organisation", "e-mail address", "The stage is one of", "Write it as 2026-11-21",
        "There is no role named king", "201 characters", "is archived. Bring it back first",
    ):  # fmt: skip
        assert told in page, told
    assert 'name="confirmed"' not in page


@pytest.mark.parametrize(("text", "told"), [
    ("name,colour\nA,red", "There is no column colour"),
    ("purpose\nA", "no column name"),
    ("name\n", "no row below them"),
    (b"\x00\x01", "no CSV"),
    ("name\n" + "A" * (2 * 1024**2), "cannot be read as CSV"),
])  # fmt: skip
def test_a_sheet_that_will_not_do_is_refused_at_its_field(officer, text, told):
    answer = send(officer, text)
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_what_was_confirmed_is_done_only_while_it_is_what_was_shown_and_by_who_saw_it(officer, client, world):
    dry = send(officer, "name,purpose\nNew,a\n")
    begin(world.people["officer"], world.organisation, {"name": "New", "purpose": "mine"})
    answer = confirm(officer, dry)
    assert "Systems were changed since you looked" in answer.content.decode()
    assert System.unscoped.get(name="New").purpose == "mine"
    client.force_login(world.people["administrator"])
    assert "too old" in confirm(client, answer).content.decode()
    client.force_login(world.people["officer"])
    assert confirm(client, answer).status_code == 302
    assert System.unscoped.get(name="New").purpose == "a"


def test_a_column_that_is_left_out_changes_nothing(world):
    who, at = world.people["officer"], world.organisation
    system = begin(who, at, {"name": "A", "purpose": "p", "roles": ["deployer"]})
    plan = planned(at, read(b"name,roles\nA,importer\n"))
    assert [(row.what, row.changes) for row in plan.rows] == [("changed", ("roles",))]
    change(who, system, {"purpose": "q"}, None)
    bring(who, at, read(b"name,roles\nA,importer\n"))
    system.refresh_from_db()
    assert (system.purpose, system.roles) == ("q", ["importer"])


def test_the_template_has_the_headings(officer):
    for kind in ("csv", "xlsx"):
        assert officer.get(f"/systems/template/?format={kind}").status_code == 200
    assert officer.get("/systems/template/").content.decode("utf-8-sig").strip() == HEADINGS.strip()
    assert officer.get("/systems/export/?format=pdf").status_code == 404


def test_a_row_to_be_mended_is_shown_however_far_down_it_stands(officer):
    answer = send(officer, "name,stage\n" + "".join(f"S{number},\n" for number in range(700)) + "Last,sold\n")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "One row must be mended first" in page
    assert "<bdi>Last</bdi>" in page
    assert "<bdi>S1</bdi>" not in page
    assert "Nothing is wrong with the other rows." in page
