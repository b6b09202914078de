"""What each room says has a day, and that no query of theirs reads a table from end to end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance.frameworks.requirements import requirement
from governance.incidents.keeping import begin as begin_incident
from governance.incidents.keeping import change, tell
from governance.obligations.models import Duty, Evidence, Support
from governance.reviews.models import Review
from governance.risks.models import Measure, Risk
from governance.systems.days import Due, Span, collected, tellers, today
from governance.systems.models import System
from models.accounts.models import User
from models.accounts.roles import Role
from tests.models.people import organisation, person

DAY = timedelta(days=1)


@pytest.fixture
def officer(db) -> User:
    return person(Role.OFFICER, organisation("Acme Bank"))


@pytest.fixture
def system(officer) -> System:
    return System.unscoped.create(organisation=organisation("Acme Bank"), name="Scoring", owner=officer)


def near(system: System, days: int = 30) -> list[Due]:
    return collected(system.organisation, Span(None, today() + days * DAY, 10))


def duty(system: System, **more) -> Duty:
    said = {"framework": "eu-ai-act", "requirement": "art-10-2-f"} | more
    return Duty.unscoped.create(organisation=system.organisation, system=system, **said)


def evidence(duty: Duty, owner: User, **more) -> Evidence:
    made = Evidence.unscoped.create(
        organisation=duty.organisation, system=duty.system, source="statement", type="policy", title="Policy",
        owner=owner, author=owner, expires_on=today() + 5 * DAY, **more,
    )  # fmt: skip
    Support.unscoped.create(organisation=duty.organisation, duty=duty, evidence=made, by=owner)
    return made


def test_an_obligation_is_due_until_it_is_evidenced(system, officer):
    asked = duty(system, due_on=today() - DAY)
    (found,) = near(system)
    assert (found.kind, found.day, found.owner) == ("Obligation", asked.due_on, officer.pk)
    assert found.is_overdue(timezone.now())
    Duty.unscoped.update(state="evidenced")
    assert near(system) == []


def test_days_of_the_law_only_come_and_are_counted_for_each_system(system):
    for name in ("art-10-2-f", "art-10-2-g"):
        duty(system, requirement=name, binds_from=today() + 9 * DAY)
    duty(system, requirement="art-9-1", binds_from=today() - DAY)
    duty(system, requirement="art-12-1", binds_from=today() + DAY, where="If it logs.")
    duty(system, requirement="art-13-1", binds_from=today() + DAY, state="not applicable", reason="x")
    (found,) = near(system)
    assert (found.day, found.title, found.lapses) == (today() + 9 * DAY, "2 obligations begin to bind", False)


def test_evidence_expires_where_it_supports_something_and_nothing_replaced_it(system, officer):
    first = evidence(duty(system, state="evidenced"), officer)
    Evidence.unscoped.create(
        organisation=system.organisation, system=system, source="statement", type="policy", title="Loose",
        owner=officer, author=officer, expires_on=today(),
    )  # fmt: skip
    assert [each.key for each in near(system)] == [f"evidence:{first.pk}"]
    second = evidence(first.supports.get().duty, officer, replaces=first, number=2)
    assert [each.key for each in near(system)] == [f"evidence:{second.pk}"]


def test_a_measure_is_due_until_it_is_done_or_its_risk_is_closed(system, officer):
    risk = Risk.unscoped.create(organisation=system.organisation, system=system, number=1, hazard="Bias", owner=officer)
    Measure.unscoped.create(organisation=system.organisation, risk=risk, text="Reweigh", due_on=today())
    assert [(each.kind, each.title, each.owner) for each in near(system)] == [("Measure", "Reweigh", officer.pk)]
    Risk.unscoped.update(state="closed")
    assert near(system) == []


def test_the_outer_limit_of_an_incident_runs_to_the_minute_until_the_authority_was_told(system, officer):
    System.unscoped.update(roles=["provider"])
    aware = timezone.now() - timedelta(days=15, minutes=1)
    said = {"title": "It refused all", "kinds": ["fundamental-rights"], "aware_at": aware}
    incident = begin_incident(officer, System.unscoped.get(), said)
    (found,) = near(system)
    assert (found.kind, found.at) == ("Incident report", incident.aware_at + timedelta(days=15))
    assert found.is_overdue(timezone.now())
    assert not found.is_overdue(incident.aware_at)
    tell(officer, incident, "initial", "distributor", "A shop", timezone.now())
    assert [each.at for each in near(system)] == [found.at]
    tell(officer, incident, "initial", "authority", "CNPD", timezone.now())
    assert near(system) == []


def test_what_is_due_at_once_stands_in_the_calendar_beside_its_outer_limit(system, officer):
    System.unscoped.update(roles=["provider", "deployer"])
    aware = timezone.now() - timedelta(hours=2)
    said = {"title": "It refused all", "kinds": ["fundamental-rights"], "aware_at": aware}
    incident = begin_incident(officer, System.unscoped.get(), said)
    at_once, limit = near(system)
    assert (at_once.title, at_once.at) == ("Article 26(5), at once: It refused all", aware)
    assert (limit.title, limit.at) == ("Article 73(2), at the latest: It refused all", aware + timedelta(days=15))
    change(officer, incident, {"link": "likely"}, None)
    tell(officer, incident, "initial", "provider", "Maker", timezone.now())
    assert [each.title.partition(":")[0] for each in near(system)] == [
        "Article 26(5), at once", "Article 73(2), at the latest",
    ]  # fmt: skip
    tell(officer, incident, "initial", "authority", "CNPD", timezone.now())
    assert near(system) == []


def test_an_incident_that_the_system_did_not_cause_is_due_nowhere(system, officer):
    said = {"title": "It refused all", "kinds": ["death"], "aware_at": timezone.now(), "link": "excluded"}
    begin_incident(officer, system, said)
    assert near(system) == []


def test_of_another_organisation_and_of_an_archived_system_nothing_is_told(system, officer):
    duty(system, due_on=today())
    assert collected(organisation("Brick Bank"), Span(None, today() + DAY, 10)) == []
    System.unscoped.update(is_archived=True)
    assert near(system) == []


def test_no_more_of_a_kind_are_read_than_are_asked_for_and_the_earliest_of_them(system):
    Review.unscoped.bulk_create(
        Review(organisation=system.organisation, system=system, what=f"{i}", due_on=today() + i * DAY)
        for i in range(20)
    )
    assert [each.title for each in near(system)] == [f"{i}" for i in range(10)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plans")
def test_no_query_reads_a_table_from_end_to_end(system):
    assert requirement("art-10-2-f")
    with CaptureQueriesContext(connection) as asked:
        near(system)
    assert len(asked) >= len(tellers())
    for each in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {each['sql']}")
            assert not [row for row in cursor.fetchall() if row[3].startswith("SCAN")], each["sql"]
