"""By when a serious incident has to be reported: the days are the law's data, counted from awareness."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from governance.frameworks.load import load
from governance.law.incidents import checked_kinds, kinds, report_fields, running
from models.errors import InputError

AWARE = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def found(kind: str) -> dict[str, tuple[datetime | None, date | None]]:
    clocks = running([kind], AWARE, ["provider"], ["HIGH_RISK_ANNEX_III"])
    return {each.clock.id: (each.due, each.binds_from) for each in clocks}


@pytest.mark.parametrize(
    ("kind", "clock", "day"),
    [
        ("death", "death", 1),
        ("serious-harm-to-health", "general", 6),
        ("critical-infrastructure", "widespread-or-critical-infrastructure", 23),
        ("widespread-infringement", "widespread-or-critical-infrastructure", 23),
        ("fundamental-rights", "general", 6),
        ("property-or-environment", "general", 6),
    ],
)
def test_each_kind_starts_its_clock_from_awareness(kind, clock, day):
    due = datetime(2026, 11 if day > 20 else 12, day, 14, 30, tzinfo=UTC)
    assert found(kind) == {clock: (due, date(2027, 12, 2))}


def test_of_several_the_earliest_stands_first_and_a_deployer_tells_at_once():
    clocks = running(["fundamental-rights", "death"], AWARE, ["provider", "deployer-public"], ["HIGH_RISK_ANNEX_III"])
    assert [each.clock.id for each in clocks] == ["deployer", "death", "general"]
    assert [each.due is None for each in clocks] == [True, False, False]


@pytest.mark.parametrize(
    ("outcomes", "binds"), [([], None), (["MINIMAL"], None), (["HIGH_RISK_ANNEX_I_A"], date(2028, 8, 2))]
)
def test_it_binds_from_the_day_of_the_systems_own_class(outcomes, binds):
    (clock,) = running(["death"], AWARE, ["provider"], outcomes)
    assert clock.binds_from == binds
    assert clock.is_binding(date(2028, 8, 2)) == (binds is not None)
    assert not clock.is_binding(date(2028, 8, 1))


def test_without_a_role_said_the_clocks_of_provider_and_deployer_both_run():
    assert {each.clock.on for each in running(["death"], AWARE, [], [])} == {"provider", "deployer"}


def test_what_is_no_serious_incident_starts_none():
    assert running([], AWARE, ["provider"], ["HIGH_RISK_ANNEX_III"]) == []


def test_every_clock_that_a_kind_names_is_in_the_timeline_and_every_providers_clock_is_started():
    clocks = {each["id"]: each["on"] for each in load("eu-ai-act-timeline")["incident_deadlines"]}
    named = {clock for kind in kinds() for clock in kind.clocks}
    assert named == {clock for clock, on in clocks.items() if on == "provider"}
    assert all(each.ref.startswith("Article") for each in (*kinds(), *report_fields()))


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(InputError, match=r"no kind of incident named fire; there are: death, "):
        checked_kinds(["fire"])
