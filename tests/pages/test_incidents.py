"""The incident register: what starts the clocks, what was told, and two who change it at once."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from governance.incidents import keeping
from governance.incidents.clocks import clocks
from governance.incidents.models import Incident, Notification
from governance.law.incidents import report_fields
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
        ({"aware_at": "0001-01-01T00:00"}, "mend the year"),
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
    assert [each.state for each in clocks(incident)] == ["overdue"]
    keeping.tell(world.people["officer"], incident, "initial", "authority", "CNPD", aware + timedelta(hours=hours))
    assert [each.state for each in clocks(incident)] == [state]


def test_script_in_any_field_stays_text(officer, world):
    for address in (f"/incidents/{world.incident.pk}/", "/incidents/", f"/systems/{world.system.pk}/"):
        assert ODD[:25] not in officer.get(address).content.decode()


def test_an_unknown_field_or_kind_is_refused(world):
    with pytest.raises(InputError, match="no colour"):
        begun(world, colour="red")


def test_a_moment_that_is_none_in_our_time_is_refused(world):
    """In another zone it is before the first year."""
    for name in ("aware_at", "happened_at"):
        with pytest.raises(InputError, match="mend the year"):
            begun(world, **{name: datetime(1, 1, 1, tzinfo=timezone.get_fixed_timezone(300))})


def test_a_clock_is_met_only_by_whom_it_wants_told(world):
    system = System.unscoped.create(organisation=world.organisation, name="Bought", roles=["deployer"])
    said = {"title": "A", "aware_at": timezone.now() - timedelta(hours=2), "kinds": ["death"]}
    incident = keeping.begin(world.people["officer"], system, said)
    for recipient, missing in (("other", ["provider", "authority"]), ("provider", ["authority"]), ("authority", [])):
        keeping.tell(world.people["officer"], incident, "initial", recipient, "CNPD", timezone.now())
        (clock,) = clocks(incident)
        assert [each.id for each in clock.missing] == missing
        assert clock.state == ("at once" if missing else "told")


def test_the_list_says_how_far_each_report_is(officer, world):
    begun(world, title="Nobody knows", kinds=["death"], link="suspected")
    begun(world, title="Not ours", kinds=["death"], link="excluded")
    for recipient in ("provider", "authority"):
        keeping.tell(world.people["officer"], world.incident, "initial", recipient, "CNPD", timezone.now())
    page = officer.get("/incidents/").content.decode()
    for words in ("Due at once", "no clock runs", ">Told<"):
        assert words in page


def test_exactly_at_the_limit_is_in_time(world):
    aware = timezone.now() - timedelta(days=10)
    incident = begun(world, aware_at=aware, kinds=["death"])
    due = aware + timedelta(days=10)
    assert clocks(incident, due)[-1].state == "due"
    assert clocks(incident, due + timedelta(microseconds=1))[-1].state == "overdue"
    keeping.tell(world.people["officer"], incident, "initial", "authority", "CNPD", due)
    assert clocks(incident)[-1].state == "told"


def test_from_when_the_link_is_that_sure_the_report_is_due_at_once(officer, world):
    incident = begun(world, aware_at=timezone.now() - timedelta(days=1), kinds=["death"])
    before = timezone.now()
    changed = keeping.change(world.people["officer"], incident, {"link": "suspected"}, None)
    (clock,) = [each for each in clocks(changed) if each.running.clock.id == "death"]
    assert clock.since is not None
    assert before <= clock.since <= timezone.now()
    assert "Due at once" in officer.get(f"/incidents/{incident.pk}/").content.decode()
    excluded = keeping.change(world.people["officer"], incident, {"link": "excluded"}, None)
    assert clocks(excluded) == []
    assert "no clock runs" in officer.get(f"/incidents/{incident.pk}/").content.decode()


def test_a_closed_incident_is_neither_changed_nor_closed_again(world):
    incident = keeping.close(world.people["officer"], world.incident, "Retrained.")
    with pytest.raises(InputError, match="closed already"):
        keeping.close(world.people["officer"], incident, "Another reason")
    with pytest.raises(InputError, match="Open it again first"):
        keeping.change(world.people["officer"], incident, {"known": "More"}, None)
    incident.refresh_from_db()
    assert incident.closing == "Retrained."


def test_the_reports_fields_are_those_of_the_data_and_say_what_is_known(officer, world):
    incident = begun(world, known="412 refusals.", corrective="Stopped.", kinds=["death"], place="Portugal")
    page = officer.get(f"/incidents/{incident.pk}/fields/").content.decode()
    for word in (*(each.title for each in report_fields()), "412 refusals.", "Stopped.", "A person died", "Portugal"):
        assert escape(word) in page


def test_the_csv_has_every_incident_and_no_formula(officer, world):
    begun(world, title="=1+1", known="+cmd", kinds=["death"])
    rows = list(csv.DictReader(officer.get("/incidents/export.csv").content.decode("utf-8-sig").splitlines()))
    assert len(rows) == 2
    mine = next(row for row in rows if row["what happened"] == "'=1+1")
    assert mine["known"] == "'+cmd"
    assert mine["at the latest"]
