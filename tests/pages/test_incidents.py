"""The incident register: what starts the clocks, what was told, and two who change it at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from governance.incidents import keeping
from governance.incidents.models import Incident, Notification
from governance.systems.models import System
from models.errors import InputError
from models.registry.models import Immutable
from models.trail.models import Entry
from tests.pages.conftest import ODD


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


def said(**more) -> dict:
    aware = f"{timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}"
    told = {"title": "Everybody over 70 was refused", "place": "Portugal", "known": "412 refusals."}
    return told | {"kinds": ["fundamental-rights"], "link": "likely", "aware_at": aware} | more


def begun(world, **more) -> Incident:
    return keeping.begin(world.people["officer"], world.system, {"title": "A", "aware_at": timezone.now()} | more)


def verbs() -> list[str]:
    found = Entry.unscoped.filter(object_type__startswith="incidents.").order_by("sequence")
    return [entry.verb for entry in found][2:]  # the world's own


def test_an_incident_is_registered_and_its_clock_runs_from_awareness(officer, world):
    unclassified = System.unscoped.create(organisation=world.organisation, name="New", roles=["provider"])
    answer = officer.post(f"/systems/{unclassified.pk}/incidents/new/", said(), follow=True)
    made = Incident.unscoped.get(title="Everybody over 70 was refused")
    assert made.number == 1
    page = answer.content.decode()
    assert "Article 73(2)" in page
    assert f"{made.aware_at + timedelta(days=15):%b %Y}" in page
    assert "Due at once" in page
    assert "This system is not classified yet" in page
    assert verbs() == ["registered"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"title": " "}, "Say in a few words what happened"),
        ({"aware_at": ""}, "Give the day and the time"),
        ({"aware_at": "2999-01-01T00:00"}, "You cannot have become aware in the future"),
        ({"happened_at": "2998-01-01T00:00"}, "You cannot have become aware before it happened"),
        ({"kinds": ["fire"]}, "fire is not one of the available choices"),
        ({"known": "x" * 20_001}, "at most 20000 characters"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_typed_is_lost(officer, world, more, told):
    answer = officer.post(f"/systems/{world.system.pk}/incidents/new/", said(**more))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert told in page
    assert "Portugal" in page
    assert Incident.unscoped.count() == 1


def test_what_was_told_is_kept_word_for_word_when_more_becomes_known(officer, world):
    incident = begun(world, known="Little.")
    soon = f"{timezone.now() + timedelta(minutes=1):%Y-%m-%dT%H:%M}"
    sent = {"sort": "initial", "recipient": "authority", "authority": "CNPD", "sent_at": soon}
    assert officer.post(f"/incidents/{incident.pk}/report/", sent).status_code == 302
    keeping.change(world.people["officer"], incident, {"known": "Much."}, 1)
    told = Notification.unscoped.get(incident=incident)
    assert told.content["known"] == "Little."
    assert "Little." in officer.get(f"/incidents/{incident.pk}/fields/1/").content.decode()
    assert "Much." in officer.get(f"/incidents/{incident.pk}/fields/").content.decode()
    with pytest.raises(Immutable):
        told.save()
    assert verbs() == ["registered", "reported", "changed"]


def test_a_report_before_awareness_or_in_the_future_is_refused(officer, world):
    for sent_at in (world.incident.aware_at - timedelta(days=1), timezone.now() + timedelta(days=1)):
        sent = {"sort": "final", "recipient": "authority", "authority": "CNPD", "sent_at": f"{sent_at:%Y-%m-%dT%H:%M}"}
        assert officer.post(f"/incidents/{world.incident.pk}/report/", sent).status_code == 422
    assert Notification.unscoped.count() == 1


def test_two_who_change_it_at_once_lose_nothing(officer, world):
    stale = said(edition=world.incident.edition, known="Mine")
    keeping.change(world.people["officer"], world.incident, {"known": "Theirs"}, None)
    answer = officer.post(f"/incidents/{world.incident.pk}/change/", stale)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Mine" in page
    assert "Theirs" in page
    world.incident.refresh_from_db()
    assert world.incident.known == "Theirs"


def test_it_is_closed_with_how_it_ended_and_opened_again(officer, world):
    address = f"/incidents/{world.incident.pk}/"
    assert officer.post(f"{address}close/", {"closing": ""}).status_code == 422
    assert officer.post(f"{address}close/", {"closing": "Retrained."}).status_code == 302
    assert "Retrained." in officer.get(address).content.decode()
    assert officer.post(f"{address}reopen/").status_code == 302
    world.incident.refresh_from_db()
    assert world.incident.closed_at is None
    assert verbs() == ["closed", "reopened"]


@pytest.mark.parametrize(("hours", "state"), [(0, "told"), (11 * 24, "late")])
def test_a_clock_says_whether_it_was_met(world, hours, state):
    aware = timezone.now() - timedelta(days=12)
    incident = begun(world, aware_at=aware, kinds=["death"])
    assert [each.state for each in keeping.clocks(incident)] == ["overdue"]
    keeping.tell(world.people["officer"], incident, "initial", "authority", "CNPD", aware + timedelta(hours=hours))
    assert [each.state for each in keeping.clocks(incident)] == [state]


def test_script_in_any_field_stays_text(officer, world):
    for address in (f"/incidents/{world.incident.pk}/", "/incidents/", f"/systems/{world.system.pk}/"):
        assert ODD[:25] not in officer.get(address).content.decode()


def test_an_unknown_field_or_kind_is_refused(world):
    with pytest.raises(InputError, match="no colour"):
        begun(world, colour="red")
