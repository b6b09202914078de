"""What a class asks of which role on which day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from governance.frameworks.requirements import requirements
from governance.law.applies import Applying, applying
from governance.law.reading import reading
from tests.governance.law.conftest import DAY, MACHINE, MEDICAL, MODEL, Classify

ANNEX_III, ANNEX_I = dt.date(2027, 12, 2), dt.date(2028, 8, 2)
CREDIT = {"annex_iii_points": ["5-b"], "profiling": True}
HIRING = {"annex_iii_points": ["4-a"], "profiling": True}


def ids(found: Applying) -> set[str]:
    return {each.id for each in found.in_force} | {each.id for each, _ in found.coming}


def asked(classified: Classify, *roles: str, **answers: Any) -> Applying:
    found = classified(DAY, **answers)
    return applying(found, roles, found.as_of)


def test_duties_of_annex_iii_are_coming_and_then_in_force(classified: Classify) -> None:
    now = classified(DAY, **HIRING, roles=["provider"])
    found = applying(now, ["provider"], DAY)
    assert {each.id for each in found.in_force} == {"art-4-1"}
    assert {day for _, day in found.coming} == {ANNEX_III}
    assert {"art-9-1", "art-10-2-f", "art-43-2", "art-49-1", "art-72-1", "art-73-2"} <= ids(found)
    then = applying(classified(ANNEX_III, **HIRING), ["provider"], ANNEX_III)
    assert not then.coming
    assert ids(then) == ids(found)


@pytest.mark.parametrize(
    ("answers", "roles", "in_force", "coming"),
    [
        ({"annex_i": MEDICAL}, ["provider"], {"art-4-1"}, {"art-8-2": ANNEX_I, "art-43-3": ANNEX_I}),
        # both ways to high risk: what only Annex III asks comes with its earlier date
        ({"annex_i": MEDICAL, **CREDIT}, ["provider"], {"art-4-1"},
         {"art-9-1": ANNEX_III, "art-49-1": ANNEX_III, "art-8-2": ANNEX_I}),
        ({"annex_iii_points": ["3-a"], "derogation": "d", "material_influence": False}, ["provider"], {"art-4-1"},
         {"art-6-4-doc": ANNEX_III, "art-6-4-reg": ANNEX_III, "art-49-2": ANNEX_III}),
        ({"art50": ["1"]}, ["provider"], {"art-4-1", "art-50-1", "art-50-5"}, {}),
        ({"art50": ["4-text"]}, ["deployer"], {"art-4-1", "art-50-4-text", "art-50-5"}, {}),
        ({"art50": ["1"]}, ["importer"], set(), {}),
        ({}, ["deployer"], {"art-4-1"}, {}),
        ({"open_source": True}, ["provider"], set(), {}),
        ({"annex_i": MACHINE}, ["provider"], set(), {}),
        ({"prohibited": ["5-1-c"], "art50": ["1"]}, ["provider"], set(), {}),
        ({"eu_nexus": False}, ["provider"], set(), {}),
    ],
)  # fmt: skip
def test_what_is_in_force_and_what_is_coming(
    classified: Classify, answers: dict[str, Any], roles: list[str], in_force: set[str], coming: dict[str, dt.date]
) -> None:
    found = asked(classified, *roles, **answers)
    assert {each.id for each in found.in_force} == in_force
    days = {each.id: day for each, day in found.coming}
    assert {id: days.get(id) for id in coming} == coming
    assert bool(days) == bool(coming)


@pytest.mark.parametrize(
    ("answers", "roles", "there", "not_there"),
    [
        (CREDIT, ["deployer"], {"art-27-1-a", "art-86-1", "art-26-2"}, {"art-26-8", "art-9-1"}),
        (HIRING, ["deployer"], {"art-26-7"}, {"art-27-1-a"}),
        (HIRING, ["deployer-public"], {"art-27-1-a", "art-26-8", "art-26-2", "art-49-3"}, set()),
        (HIRING, ["deployer-credit-scoring"], {"art-26-2"}, {"art-27-1-a"}),
        ({"annex_iii_points": ["2"]}, ["provider"], {"art-49-5", "art-43-2"}, {"art-49-1", "art-16-i"}),
        ({"annex_iii_points": ["2"]}, ["deployer-public"], {"art-26-2"}, {"art-27-1", "art-86-1", "art-49-3"}),
        ({"annex_iii_points": ["1-a"]}, ["provider"], {"art-12-3", "art-14-5", "art-43-1-mandatory"}, {"art-43-2"}),
        ({"annex_iii_points": ["1-a"]}, ["deployer-law-enforcement"], {"art-26-10", "art-26-1"}, set()),
        ({"annex_iii_points": ["6-a"]}, ["deployer-law-enforcement"], {"art-26-1"}, {"art-26-10"}),
        (HIRING, ["provider"], {"art-43-2"}, {"art-12-3", "art-14-5", "art-49-4", "art-49-5"}),
        ({"annex_i": MEDICAL, "annex_iii_points": ["5-d"]}, ["provider"], {"art-43-3"}, {"art-43-2"}),
        ({"annex_i": MEDICAL}, ["product-manufacturer"], {"art-25-3", "art-9-1"}, {"art-26-1"}),
        (HIRING, ["product-manufacturer"], set(), {"art-9-1"}),
        (HIRING, [], {"art-9-1", "art-26-1", "art-23-1", "art-24-1", "art-22-3"}, {"art-53-1-a"}),
    ],
)  # fmt: skip
def test_duties_are_narrowed_to_role_and_point(
    classified: Classify, answers: dict[str, Any], roles: list[str], there: set[str], not_there: set[str]
) -> None:
    found = ids(asked(classified, *roles, **answers))
    assert there <= found
    assert not not_there & found


def test_a_model_owes_what_its_class_asks(classified: Classify) -> None:
    def model(**more: Any) -> set[str]:
        return ids(asked(classified, is_ai_system=False, gpai=MODEL | more))

    closed, is_open, systemic = model(), model(open_source=True), model(flops=1e26, open_source=True)
    assert {"art-53-1-a", "art-53-1-b", "art-53-1-c", "art-54-1"} <= closed
    assert closed - is_open == {"art-53-1-a", "art-53-1-b", "art-54-1"}
    assert {"art-53-1-a", "art-55-1-a", "art-52-1"} <= systemic
    assert "art-55-1-a" not in closed
    assert "art-4-1" not in closed
    in_a_system = ids(asked(classified, "provider", gpai=MODEL))
    assert {"art-53-1-a", "art-4-1"} <= in_a_system
    assert "art-53-1-a" not in ids(asked(classified, "deployer", gpai=MODEL))


def test_permissions_and_what_rests_on_a_condition_stand_apart(classified: Classify) -> None:
    found = asked(classified, "provider", "deployer", **HIRING)
    apart = {each.requirement.id: each for each in found.conditional}
    assert {"art-4a-1-a", "art-25-1-a", "art-25-2"} <= set(apart)
    assert "special-category" in apart["art-4a-1-a"].where
    assert {"art-4a-2"} <= {each.id for each in found.permissions}
    assert not ids(found) & ({*apart} | {each.id for each in found.permissions})
    assert all(each.is_duty for each in found.in_force)
    assert all(each.is_duty for each, _ in found.coming)


def test_what_was_there_before_has_the_time_that_article_111_gives(classified: Classify) -> None:
    marking = {"art50": ["2"], "roles": ["provider"]}
    older = asked(classified, "provider", **marking, placed_on="2026-08-01")
    assert [(each.id, day) for each, day in older.coming] == [("art-50-2", dt.date(2026, 12, 2))]
    assert "art-50-2" in {each.id for each in asked(classified, "provider", **marking, placed_on="2026-08-02").in_force}
    unsaid = asked(classified, "provider", **marking)
    assert "art-50-2" in {each.id for each in unsaid.in_force}
    assert any("Article 111(4)" in note.says for note in unsaid.notes)
    model = asked(classified, is_ai_system=False, gpai=MODEL, placed_on="2025-08-01")
    assert {day for _, day in model.coming} == {dt.date(2027, 8, 2)}
    assert any("Article 111(2)" in note.says for note in asked(classified, "provider", **HIRING).notes)


@pytest.mark.parametrize(("role", "is_told"), [("authorised-representative", True), ("gpai-provider", False)])
def test_what_the_data_do_not_hold_of_a_role_is_told(classified: Classify, role: str, is_told: bool) -> None:
    found = asked(classified, role, is_ai_system=False, gpai=MODEL)
    assert any("Article 54(3)" in note.says for note in found.notes) == is_told
    assert not any("Article 54(3)" in note.says for note in asked(classified, role, **HIRING).notes)


def test_what_would_begin_after_the_ban_never_comes(classified: Classify) -> None:
    found = asked(classified, "provider", prohibited=["5-1-ba"], **HIRING, art50=["2"])
    assert {each.id for each in found.in_force} == {"art-4-1", "art-50-2", "art-50-5"}
    assert not found.coming
    older = asked(classified, "provider", prohibited=["5-1-ba"], art50=["2"], placed_on="2026-08-01")
    assert "art-50-2" not in ids(older)


def test_the_reading_names_requirements_that_there_are() -> None:
    known = {each.id for each in requirements()}
    rules = reading()
    named = {id for ids in rules["art50"].values() for id in ids}
    named |= {id for key in ("points", "conditional") for rule in rules[key] for id in rule["ids"]}
    named |= {*rules["no_duty"], *rules["not_for_open_models"], *rules["not_beside_annex_i_a"]}
    assert named <= known


def test_every_duty_of_the_act_is_reached_by_some_class(classified: Classify) -> None:
    """No requirement is lost between the levels and the narrowing: each comes to somebody, or is the Commission's."""
    worlds: list[dict[str, Any]] = [
        {"annex_iii_points": ["1-a", "2", "4-a", "5-b", "6-a"], "art50": ["1", "2", "3", "4-deepfake", "4-text"]},
        {"annex_i": MEDICAL},
        {"annex_iii_points": ["3-a"], "derogation": "d", "material_influence": False},
        {"is_ai_system": False, "gpai": MODEL | {"flops": 1e26}},
    ]
    reached = set()
    for answers in worlds:
        found = asked(classified, **answers)
        reached |= ids(found) | {each.requirement.id for each in found.conditional}
    duties = {each.id for each in requirements() if each.is_duty and each.applies_to != ("commission",)}
    assert duties - reached == set(reading()["no_duty"])
