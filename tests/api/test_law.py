"""The law by the API: what is in force on a day and what is coming, as two lists."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from governance.frameworks.catalogue import catalogues
from governance.frameworks.lists import certainties, milestones
from governance.frameworks.load import held_since, load
from governance.frameworks.requirements import frameworks, requirements
from governance.systems.models import Standing
from tests.api.conftest import is_problem

SURE = {each.id for each in certainties()}


def test_everything_that_is_held_can_be_read(engineer):
    said = engineer.get("/law?as_of=2026-11-21").json()
    assert [each["id"] for each in said["frameworks"]] == list(frameworks())
    assert [each["id"] for each in said["lists"]] == list(catalogues())
    for name in frameworks():
        found = engineer.get(f"/law/frameworks/{name}?as_of=2026-11-21").json()
        rows = [*found["in_force"], *found["coming"]]
        assert {each["id"] for each in rows} == {each.id for each in requirements(name)}
        assert {each["certainty"] for each in rows} | {each["date_certainty"] for each in rows} <= SURE
        assert all(each["ref"] for each in rows)
    for name in catalogues():
        found = engineer.get(f"/law/lists/{name}").json()
        entries = [each for part in found["parts"] for each in part["entries"]]
        assert entries
        assert {each["certainty"] for each in entries} <= SURE
        assert found["mapping"] == load("certainty")["crosswalk"]


def test_annex_iii_duties_are_coming_in_november_2026_and_in_force_in_december_2027(engineer):
    asked = "/law/frameworks/eu-ai-act?role=provider&level=high-risk-annex-iii&as_of="
    now = engineer.get(f"{asked}2026-11-21").json()
    assert "art-9-1" not in {each["id"] for each in now["in_force"]}
    assert {each["date"] for each in now["coming"] if each["id"] == "art-9-1"} == {"2027-12-02"}
    assert "art-4-1" in {each["id"] for each in now["in_force"]}  # asked of every system
    later = engineer.get(f"{asked}2027-12-02").json()
    assert "art-9-1" in {each["id"] for each in later["in_force"]}


def test_a_public_deployer_is_a_deployer_too(engineer):
    asked = "/law/frameworks/eu-ai-act?level=high-risk-annex-iii&as_of=2027-12-02&role="
    found = {
        role: {each["id"] for each in engineer.get(asked + role).json()["in_force"]}
        for role in ("deployer", "deployer-public")
    }
    assert found["deployer"] < found["deployer-public"]


@pytest.mark.parametrize("day", [each.date for each in milestones() if each.date > held_since()])
def test_a_milestone_is_reached_on_its_day(engineer, day):
    for asked, reached in ((day - timedelta(days=1), False), (day, True), (day + timedelta(days=1), True)):
        said = engineer.get(f"/law?as_of={asked}").json()
        assert (day.isoformat() in {each["date"] for each in said["in_force"]}) is reached
        assert (day.isoformat() in {each["date"] for each in said["coming"]}) is not reached


def test_a_requirement_says_fine_days_and_whose_the_crosswalk_is(engineer):
    said = engineer.get("/law/requirements/art-49-1?as_of=2026-11-21").json()
    assert said["formal_dates"]["high-risk-annex-iii"] == "2026-08-02"
    assert said["dates"]["high-risk-annex-iii"] == "2027-12-02"
    assert (said["date_certainty"], said["is_in_force"], said["penalty"]) == ("our-reading", False, "tier-2")
    assert {each["framework"] for each in said["beside"]} == {"nist-ai-rmf", "iso-42001"}
    assert "our own mapping" in said["mapping"].lower()


@pytest.mark.parametrize(
    "path",
    [
        "/law", "/law/frameworks/eu-ai-act", "/law/requirements/art-9-1", "/law/lists/eu-ai-act-timeline",
        "/systems/{system}/law",
    ],
)  # fmt: skip
def test_a_day_before_the_text_that_is_held_is_refused(engineer, world, path):
    path = path.format(system=world.system.pk)
    answer = engineer.get(f"{path}?as_of=2026-07-26")
    assert is_problem(answer, 422, "refused")
    assert "consolidated on 2026-07-27" in answer.json()["detail"]
    assert engineer.get(f"{path}?as_of=2026-07-27").status_code == 200
    assert engineer.get(f"{path}?as_of=soon").status_code == 422


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("version=2024", "there is no '2024'"),
        ("role=nobody", "has no role nobody"),
        ("level=low", "has no risk level low"),
    ],
)
def test_an_unknown_version_role_or_route_is_refused_by_name(engineer, query, says):
    answer = engineer.get(f"/law/frameworks/eu-ai-act?{query}")
    assert is_problem(answer, 422, "refused")
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("path", ["frameworks/soc-2", "lists/certainty", "requirements/art-10-5"])
def test_what_is_not_held_is_not_there(engineer, path):
    assert is_problem(engineer.get(f"/law/{path}"), 404, "not-found")


def test_the_law_of_a_system_follows_from_its_recorded_class(engineer, world):
    said = engineer.get(f"/systems/{world.system.pk}/law?as_of=2026-11-21").json()
    assert said["classification"] == world.system.standing.outcome
    in_force, coming = ({each["id"] for each in said[key]} for key in ("in_force", "coming"))
    assert coming
    assert not in_force & coming
    assert all(date.fromisoformat(each["date"]) > date(2026, 11, 21) for each in said["coming"])
    later = engineer.get(f"/systems/{world.system.pk}/law?as_of=2031-01-01").json()
    assert in_force | coming <= {each["id"] for each in later["in_force"]}


def test_a_system_without_a_class_says_so(as_role, world):
    officer = as_role("officer")
    made = officer.post("/systems", {"name": "Not classified yet", "purpose": "None"}).json()
    answer = officer.get(f"/systems/{made['id']}/law")
    assert is_problem(answer, 409, "conflict")
    assert "no recorded class" in answer.json()["detail"]


def test_the_law_of_a_system_says_that_its_class_was_recorded_by_another_text(engineer, world):
    old = world.system.standing
    Standing.unscoped.create(
        organisation=world.organisation, system=world.system, number=old.number + 1, author=old.author,
        answers=old.answers, as_of=old.as_of, law_version="consolidated 2030-01-01", outcome=old.outcome,
        result=old.result,
    )  # fmt: skip
    said = engineer.get(f"/systems/{world.system.pk}/law").json()
    assert said["law_version"] == "consolidated 2026-07-27"
    assert "not held here, consolidated 2030-01-01" in said["notes"][0]
