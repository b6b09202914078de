"""By when a serious incident has to be reported: the days are the law's data, counted from awareness."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from governance.frameworks.load import load
from governance.incidents.api import Link as LinkName
from governance.incidents.api import RecipientName
from governance.incidents.models import Link
from governance.law.incidents import (
    AUTHORITY,
    answers,
    checked_kinds,
    checked_recipient,
    kinds,
    other_duties,
    recipients,
    report_fields,
    running,
)
from models.errors import InputError

AWARE = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


HIGH_RISK = date(2027, 12, 2)
PROVIDER = dict.fromkeys(("art-73-2", "art-73-3", "art-73-4"), HIGH_RISK)
DEPLOYER = {"art-26-5-incident": HIGH_RISK}


def clocks_of(*kinds: str, link="unknown", roles=("provider",), asked=PROVIDER, aware=AWARE, unreachable=False):
    return {each.clock.id: each for each in running(kinds, aware, link, roles, asked, unreachable)}


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
    found = {id: (each.due, each.binds_from) for id, each in clocks_of(kind).items()}
    assert found == {clock: (due, HIGH_RISK)}


def test_a_day_is_24_hours_also_where_summer_time_begins():
    lisbon = ZoneInfo("Europe/Lisbon")
    aware = datetime(2027, 3, 27, 14, 30, tzinfo=lisbon)  # the clocks go forward in the night after it
    due = clocks_of("critical-infrastructure", aware=aware.astimezone(UTC))["widespread-or-critical-infrastructure"].due
    assert due - aware.astimezone(UTC) == timedelta(hours=48)
    assert due.astimezone(lisbon).hour == 15


@pytest.mark.parametrize(
    ("kind", "from_then_on"),
    [
        ("fundamental-rights", "likely"),
        ("death", "suspected"),
        ("critical-infrastructure", "unknown"),
        ("widespread-infringement", "unknown"),
    ],
)
def test_a_report_is_due_at_once_as_soon_as_the_link_is_that_sure(kind, from_then_on):
    links = ["unknown", "suspected", "likely", "established"]
    found = [each for each in links for clock in clocks_of(kind, link=each).values() if clock.at_once]
    assert found == links[links.index(from_then_on) :]


def test_of_several_the_earliest_stands_first_and_a_deployer_tells_at_once():
    found = clocks_of(
        "fundamental-rights", "death", roles=["provider", "deployer-public"], asked={**PROVIDER, **DEPLOYER}
    )
    assert list(found) == ["deployer", "death", "general"]
    assert [each.due is None for each in found.values()] == [True, False, False]


def test_a_deployer_who_cannot_reach_the_provider_has_the_providers_clocks():
    of = {"roles": ["deployer"], "asked": DEPLOYER}
    (clock,) = clocks_of("death", **of).values()
    assert [one.id for one in clock.tells] == ["provider", "authority"]
    found = clocks_of("death", unreachable=True, **of)
    assert {id: each.binds_from for id, each in found.items()} == {"deployer": HIGH_RISK, "death": HIGH_RISK}
    assert [one.id for one in found["deployer"].tells] == ["authority"]


def test_who_is_provider_and_deployer_does_not_tell_itself():
    found = clocks_of("death", roles=["provider", "deployer"], asked={**PROVIDER, **DEPLOYER})
    assert {id: [one.id for one in each.tells] for id, each in found.items()} == {
        "deployer": ["authority"], "death": ["authority"],
    }  # fmt: skip


def test_what_is_asked_of_the_system_runs_whatever_its_role_is_called():
    """Article 25(3): the manufacturer of a product counts as provider of its safety component."""
    (clock,) = clocks_of("death", roles=["product-manufacturer"]).values()
    assert clock.is_binding(HIGH_RISK)
    assert not clock.is_binding(date(2027, 12, 1))


def test_a_clock_of_a_role_runs_unbound_where_it_is_not_asked():
    (clock,) = clocks_of("death", asked={}).values()
    assert clock.binds_from is None
    assert not clock.is_binding(date(2099, 1, 1))


def test_without_a_role_said_the_clocks_of_provider_and_deployer_both_run():
    assert {each.clock.on for each in clocks_of("death", roles=[], asked={}).values()} == {"provider", "deployer"}


def test_a_model_with_systemic_risk_is_told_of_to_the_ai_office():
    (clock,) = clocks_of("death", roles=["gpai-provider"], asked={"art-55-1-c": date(2025, 8, 2)}).values()
    assert (clock.clock.ref, clock.due, clock.at_once) == ("Article 55(1)(c)", None, True)
    assert [each.id for each in clock.tells] == ["ai-office"]


def test_the_authority_has_a_clock_of_its_own_from_the_report():
    ((clock, until),) = answers(AWARE)
    assert (clock.ref, until) == ("Article 73(8)", AWARE + timedelta(days=7))


def test_what_is_no_serious_incident_starts_none():
    assert clocks_of() == {}


def test_every_clock_that_a_kind_names_is_in_the_timeline_and_every_providers_clock_is_started():
    clocks = {each["id"]: each["on"] for each in load("eu-ai-act-timeline")["incident_deadlines"]}
    named = {clock for kind in kinds() for clock in kind.clocks}
    assert named == {clock for clock, on in clocks.items() if on == "provider"}
    rules = load("eu-ai-act-incidents")
    assert {each["id"] for each in rules["clocks"]} == {id for id, on in clocks.items() if on != AUTHORITY}
    assert set(rules["by_analogy"]) == named
    assert all(each.ref.startswith("Article") for each in (*kinds(), *report_fields(), *other_duties()))


def test_every_word_on_the_link_and_every_recipient_is_known():
    rules = load("eu-ai-act-incidents")["clocks"]
    assert {each for rule in rules for each in rule["at_once"]} == set(Link.values) - {"excluded"}
    assert {each for rule in rules for each in rule["tells"]} <= {each.id for each in recipients()}
    assert {each.id for each in recipients()} == set(get_args(RecipientName))
    assert set(get_args(LinkName)) == set(Link.values)


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(InputError, match=r"no kind of incident named fire; there are: death, "):
        checked_kinds(["fire"])


def test_an_unknown_recipient_is_refused_by_name():
    with pytest.raises(InputError, match=r"one of authority, provider, .*, not 'police'"):
        checked_recipient("police")
