"""AI systems on pages: registered, changed by two at once, put together from models, archived, and found again."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, transaction
from django.utils.html import escape

from governance.systems.models import System
from governance.systems.register import begin
from models.accounts.models import Membership
from models.registry.models import Immutable
from models.trail.models import Entry
from tests.models.people import organisation, person
from tests.pages.conftest import ODD

ROW = re.compile(r'<th scope="row"><a href="/systems/[0-9a-f-]+/"><bdi>([^<]*)</bdi>')


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


def verbs() -> list[str]:
    entries = Entry.unscoped.filter(object_type="systems.system").order_by("-sequence")
    return list(entries.values_list("verb", flat=True))


def test_an_empty_list_says_how_to_begin(client, world):
    fresh = organisation("Fresh Bank")
    client.force_login(person("officer", fresh))
    page = client.get("/systems/").content.decode()
    assert "No AI system is registered yet" in page
    assert 'href="/systems/new/"' in page
    client.force_login(person("auditor", fresh))
    page = client.get("/systems/").content.decode()
    assert "A compliance officer registers systems" in page
    assert 'href="/systems/new/"' not in page


def test_an_officer_registers_a_system_and_the_trail_tells(officer, world):
    said = {"name": "  Credit   scoring ", "purpose": "Scores loans.", "stage": "in service", "placed_on": "2025-01-31",
            "roles": ["deployer", "provider"], "owner": world.people["approver"].pk}  # fmt: skip
    answer = officer.post("/systems/new/", said, follow=True)
    system = System.unscoped.get(name="Credit scoring")
    assert answer.redirect_chain == [(f"/systems/{system.pk}/", 302)]
    assert (system.roles, system.edition, system.owner) == (["provider", "deployer"], 1, world.people["approver"])
    page = answer.content.decode()
    assert "Provider, Deployer" in page
    assert "in service since 31 January 2025" in page
    assert verbs()[0] == "registered"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"name": ""}, "Give it a name."),
        ({"name": "System of Acme Bank " + ODD.replace("\u202e", "")}, "There is a system named"),
        ({"name": "New", "stage": "sold"}, "Select a valid choice"),
        ({"name": "New", "placed_on": "31.1.2025"}, "Write the day as"),
        ({"name": "New", "roles": ["king"]}, "Select a valid choice"),
        ({"name": "New", "purpose": "\x07"}, "unprintable"),
    ],
)
def test_what_will_not_do_is_said_at_its_field_and_nothing_is_kept(officer, said, told):
    before = System.unscoped.count()
    answer = officer.post("/systems/new/", {"stage": "development", **said})
    assert (answer.status_code, System.unscoped.count()) == (422, before)
    assert told in answer.content.decode()


def test_a_page_that_is_older_does_not_save_over_a_newer_version_and_loses_nothing(officer, world):
    system = world.system
    address = f"/systems/{system.pk}/change/"
    page = officer.get(address).content.decode()
    edition = re.search(r'name="edition" value="(\d+)"', page)[1]
    theirs = {"name": "Theirs", "purpose": "Their purpose", "stage": "development", "edition": edition}
    mine = theirs | {"name": "Mine", "purpose": "My <b>purpose</b>"}
    assert officer.post(address, theirs).status_code == 302
    answer = officer.post(address, mine)
    page = answer.content.decode()
    system.refresh_from_db()
    assert (answer.status_code, system.name) == (409, "Theirs")
    assert "Somebody saved a newer version" in page
    assert "Their purpose" in page
    assert escape(mine["purpose"]) in page
    newer = re.search(r'name="edition" value="(\d+)"', page)[1]
    assert officer.post(address, mine | {"edition": newer}).status_code == 302
    system.refresh_from_db()
    assert (system.name, system.edition) == ("Mine", int(newer) + 1)


def test_an_owner_who_left_leaves_a_system_that_asks_for_another(officer, world):
    assert "Nobody owns" not in officer.get(f"/systems/{world.system.pk}/").content.decode()
    System.unscoped.filter(pk=world.system.pk).update(owner=world.people["approver"])
    Membership.unscoped.get(user=world.people["approver"]).delete()
    page = officer.get(f"/systems/{world.system.pk}/").content.decode()
    assert "is no member of the organisation any more" in page
    System.unscoped.filter(pk=world.system.pk).update(owner=None)
    assert "Nobody owns this system" in officer.get(f"/systems/{world.system.pk}/").content.decode()


def test_models_are_parts_with_their_last_audit(officer, world):
    assert "not audited" in officer.get(f"/systems/{world.system.pk}/").content.decode()
    type(world.done).unscoped.filter(pk=world.done.pk).update(model=world.model)
    assert f'href="/audits/{world.done.pk}/"' in officer.get(f"/systems/{world.system.pk}/").content.decode()
    assert (
        "There is no model version that is not a part"
        in officer.get(f"/systems/{world.system.pk}/parts/add/").content.decode()
    )
    version = world.system.parts.get().version
    assert officer.post(f"/systems/{world.system.pk}/parts/{version.pk}/remove/").status_code == 302
    assert not world.system.parts.exists()
    assert officer.post(f"/systems/{world.system.pk}/parts/add/", {"version": version.pk}).status_code == 302
    assert world.system.parts.get().version == version
    assert verbs()[:2] == ["part added", "part removed"]


def test_another_organisations_model_and_member_are_not_there(officer, world, elsewhere):
    add = f"/systems/{world.system.pk}/parts/add/"
    assert officer.post(add, {"version": elsewhere.model.pk}).status_code == 404
    said = {"name": "New", "stage": "development", "owner": elsewhere.people["officer"].pk}
    assert officer.post("/systems/new/", said).status_code == 404


def test_the_list_is_narrowed_by_class_stage_owner_and_words(officer, world):
    at, who = world.organisation, world.people["officer"]
    for number, stage in enumerate(("development", "in service", "withdrawn")):
        begin(who, at, {"name": f"S{number}", "stage": stage, "purpose": "hiring" if number else "lending"})

    def listed(query: str) -> list[str]:
        return ROW.findall(officer.get(f"/systems/{query}").content.decode())

    assert len(listed("")) == 4
    assert listed("?stage=withdrawn") == ["S2"]
    assert listed("?q=lending") == ["S0"]
    assert listed("?owner=nobody") == ["S0", "S1", "S2"]
    assert len(listed(f"?owner={who.pk}")) == 1
    assert len(listed("?outcome=unclassified")) == 3
    assert len(listed("?outcome=HIGH_RISK_ANNEX_III")) == 1
    assert listed("?outcome=PROHIBITED") == []
    assert officer.get("/systems/?stage=sold").status_code == 422
    archived = System.unscoped.get(name="S2")
    officer.post(f"/systems/{archived.pk}/archive/")
    assert "S2" not in listed("")
    assert listed("?archived=yes") == ["S2"]
    officer.post(f"/systems/{archived.pk}/archive/", {"back": "1"})
    assert "S2" in listed("")


def test_what_is_written_once_is_refused_by_model_and_database(world):
    from governance.systems.models import Answers

    said = {"organisation": world.organisation, "system": world.system, "author": world.people["officer"]}
    answers = Answers.unscoped.create(number=9, answers={}, **said)
    with pytest.raises(Immutable):
        answers.save()
    with pytest.raises(Immutable):
        answers.delete()
    for act in (lambda rows: rows.update(number=10), lambda rows: rows._raw_delete("default")):
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
            act(Answers.unscoped.filter(pk=answers.pk))
