"""Incidents by the API: moments in any zone, clocks that only the right recipients meet, few queries for many."""

from __future__ import annotations

import pytest

from governance.incidents import keeping
from tests.api.conftest import is_problem

DEATH = {"title": "It refused all", "kinds": ["death"]}


@pytest.fixture
def officer(as_role):
    return as_role("officer")


def test_a_moment_in_any_zone_is_kept_in_utc_and_its_clock_counts_from_it(officer, world):
    said = DEATH | {"system": str(world.system.pk), "aware_at": "2026-10-20T01:30:00+02:00"}
    made = officer.post("/incidents", said).json()
    assert made["aware_at"] == "2026-10-19T23:30:00Z"
    # ten times 24 hours, although summer time ends in between
    assert {each["id"]: each["due"] for each in made["clocks"]}["death"] == "2026-10-29T23:30:00Z"


@pytest.mark.parametrize(
    ("more", "slug"),
    [
        ({"aware_at": "2026-11-20T10:00:00"}, "invalid"),
        ({"aware_at": "2999-01-01T00:00:00Z"}, "refused"),
        ({"aware_at": "0001-01-01T00:00:00+05:00"}, "refused"),
        ({"aware_at": "2026-11-20T10:00:00Z", "happened_at": "2026-11-20T11:00:01+01:00"}, "refused"),
        ({"aware_at": "2026-11-20T10:00:00Z", "kinds": ["fire"]}, "refused"),
        ({"aware_at": "2026-11-20T10:00:00Z", "link": "perhaps"}, "invalid"),
        ({"aware_at": "2026-11-20T10:00:00Z", "provider_unreachable": "maybe"}, "invalid"),
    ],
)
def test_what_cannot_be_is_a_problem(officer, world, more, slug):
    assert is_problem(officer.post("/incidents", DEATH | {"system": str(world.system.pk)} | more), 422, slug)


def test_a_clock_says_who_has_to_be_told_until_they_were(officer, world):
    said = DEATH | {"system": str(world.system.pk), "aware_at": "2026-11-20T10:00:00Z", "link": "suspected"}
    at = f"/incidents/{officer.post('/incidents', said).json()['id']}"
    told = {"sort": "initial", "authority": "CNPD", "sent_at": "2026-11-20T12:00:00Z"}
    assert is_problem(officer.post(f"{at}/notifications", told), 422, "invalid")  # to whom?
    for recipient, missing, state in (("other", ["authority"], "at once"), ("authority", [], "told")):
        assert officer.post(f"{at}/notifications", told | {"recipient": recipient}).status_code == 201
        (clock,) = [each for each in officer.get(at).json()["clocks"] if each["id"] == "death"]
        assert (clock["not_told"], clock["state"]) == (missing, state)


def test_a_closed_one_is_changed_only_once_it_is_open_again(officer, world):
    at = f"/incidents/{world.incident.pk}"
    assert officer.post(f"{at}/close", {"closing": "Retrained."}).status_code == 200
    assert is_problem(officer.patch(at, {"known": "More"}, If_Match="*"), 422, "refused")
    assert is_problem(officer.post(f"{at}/close", {"closing": "Otherwise."}), 422, "refused")
    assert officer.post(f"{at}/reopen").status_code == 200
    assert officer.patch(at, {"known": "More"}, If_Match="*").json()["known"] == "More"


def test_null_takes_away_when_it_happened_and_says_nothing_of_the_rest(officer, world):
    said = DEATH | {"system": str(world.system.pk), "aware_at": "2026-11-20T10:00:00Z", "known": "Little"}
    made = officer.post("/incidents", said | {"happened_at": "2026-11-20T08:00:00Z"}).json()
    nulls = dict.fromkeys(("title", "aware_at", "kinds", "happened_at", "place", "link", "known", "corrective"))
    changed = officer.patch(f"/incidents/{made['id']}", nulls, If_Match="*").json()
    assert changed == made | {"happened_at": None}


def test_many_are_listed_with_few_queries(officer, world, django_assert_max_num_queries):
    said = DEATH | {"aware_at": world.incident.aware_at}
    for _ in range(12):
        keeping.begin(world.people["officer"], world.system, said)
    with django_assert_max_num_queries(15):
        assert len(officer.get("/incidents").json()["items"]) == 13
