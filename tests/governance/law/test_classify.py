"""Precedence, overlays, dates, and what would lead elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from governance.frameworks.load import load
from models.errors import InputError
from tests.governance.law.conftest import DAY, MACHINE, MEDICAL, MODEL, Classify

BAN = dt.date(2026, 12, 2)
USE = {"annex_iii_points": ["4-a"]}
DEROGATED = {**USE, "derogation": "d", "material_influence": False}


@pytest.mark.parametrize(
    ("answers", "primary", "overlays"),
    [
        ({"prohibited": ["5-1-f"], "annex_i": MEDICAL, **USE, "art50": ["3"]}, "PROHIBITED", ("TRANSPARENCY",)),
        ({"annex_i": MEDICAL, **USE, "profiling": True}, "HIGH_RISK_ANNEX_I_A", ()),
        # Article 6(3) derogates from Annex III alone
        ({"annex_i": MEDICAL, **DEROGATED}, "HIGH_RISK_ANNEX_I_A", ()),
        ({"annex_i": MACHINE, **USE, "art50": ["1"]}, "HIGH_RISK_ANNEX_I_B", ()),
        ({"annex_i": MACHINE | {"third_party": False}, "art50": ["1"]}, "TRANSPARENCY", ("TRANSPARENCY",)),
        (DEROGATED, "NOT_HIGH_RISK_DEROGATION", ()),
        ({**DEROGATED, "art50": ["1"]}, "NOT_HIGH_RISK_DEROGATION", ("TRANSPARENCY",)),
        ({**DEROGATED, "profiling": True}, "HIGH_RISK_ANNEX_III", ()),
        ({**DEROGATED, "material_influence": True}, "HIGH_RISK_ANNEX_III", ()),
        ({**DEROGATED, "material_influence": None}, "HIGH_RISK_ANNEX_III", ()),
        ({**USE, "material_influence": False}, "HIGH_RISK_ANNEX_III", ()),
        ({"eu_nexus": False, **USE, "art50": ["1"]}, "OUT_OF_SCOPE", ()),
        ({"exclusion": "pre-market-rd", **USE}, "OUT_OF_SCOPE", ()),
        ({"exclusion": "personal", "roles": ["deployer"], "art50": ["4-deepfake"]}, "OUT_OF_SCOPE", ()),
        ({"gpai": MODEL, **USE}, "HIGH_RISK_ANNEX_III", ("GPAI",)),
        ({"gpai": MODEL | {"flops": "1e26"}, "art50": ["2"]}, "TRANSPARENCY", ("TRANSPARENCY", "GPAI_SYSTEMIC")),
        ({"object": "both", "gpai": MODEL}, "MINIMAL", ("GPAI",)),
        ({"exclusion": "military", "gpai": MODEL}, "OUT_OF_SCOPE", ("GPAI",)),
        ({"exclusion": "scientific-rd", "gpai": MODEL}, "OUT_OF_SCOPE", ()),
    ],
)  # fmt: skip
def test_the_first_class_counts_and_the_overlays_stand_beside(
    classified: Classify, answers: dict[str, Any], primary: str, overlays: tuple[str, ...]
) -> None:
    found = classified(DAY, **answers)
    assert (found.primary, found.overlays) == (primary, overlays)
    assert found.annex_iii_points == tuple(answers.get("annex_iii_points", ()))


@pytest.mark.parametrize(
    ("gpai", "primary"),
    [
        (None, "MINIMAL"),
        ({"is_gpai_model": False}, "MINIMAL"),
        (MODEL | {"flops": 1e25}, "GPAI"),
        (MODEL | {"flops": 1.01e25}, "GPAI_SYSTEMIC"),
        (MODEL | {"flops": 1e26, "open_source": True}, "GPAI_SYSTEMIC"),
        (MODEL | {"flops": 1e26, "presumption_rebutted": True}, "GPAI"),
        (MODEL | {"flops": None}, "GPAI"),
        (MODEL | {"flops": None, "designated": True}, "GPAI_SYSTEMIC"),
    ],
)
def test_a_model_by_itself_is_asked_nothing_of_systems(
    classified: Classify, gpai: dict[str, Any] | None, primary: str
) -> None:
    found = classified(DAY, **({} if gpai else {"object": "model"}), is_ai_system=False, gpai=gpai)
    assert (found.primary, found.overlays, found.facts.object) == (primary, (), "model")
    assert {step.node for step in found.reasoning} <= {"q0", "q10", "q11"}


def test_a_new_prohibition_is_pending_until_its_day(classified: Classify) -> None:
    facts = {"prohibited": ["5-1-ba"], "art50": ["2"]}
    before, after = classified(BAN - dt.timedelta(1), **facts), classified(BAN, **facts)
    assert (before.primary, after.primary) == ("PROHIBITED_PENDING", "PROHIBITED")
    assert before.until_then is not None
    assert before.until_then.primary == "TRANSPARENCY"
    assert [(ban.point, ban.date) for ban in before.pending] == [("5-1-ba", BAN)]
    assert any(change.classification == "PROHIBITED" and change.facts == ("as_of",) for change in before.to_change)
    both = classified(BAN - dt.timedelta(1), prohibited=["5-1-ba", "5-1-c"])
    assert both.primary == "PROHIBITED"


def test_questions_references_and_titles_are_those_of_the_data(classified: Classify) -> None:
    nodes = {each["id"]: each for each in load("decision-tree")["nodes"]}
    found = classified(DAY, **DEROGATED)
    assert [step.node for step in found.reasoning] == [
        "q0",
        "q1",
        "q2",
        "q3",
        "q3b",
        *(f"q{number}" for number in range(4, 11)),
    ]
    for step in found.reasoning:
        assert (step.question, step.ref) == (nodes[step.node]["ask"], nodes[step.node]["ref"])
        assert step.answer in nodes[step.node]["answers"]
    assert {"Article 6(2)", "Annex III point 4(a)", "Article 6(3)(d)", "Article 6(4)"} <= set(found.legal_basis)


def test_a_derogated_system_is_documented_and_registered(classified: Classify) -> None:
    kinds = {(each.kind, each.ref) for each in classified(DAY, **DEROGATED).follows}
    assert {("documentation", "Article 6(4)"), ("registration", "Article 49(2)")} <= kinds


@pytest.mark.parametrize(
    ("answers", "facts", "leads_to"),
    [
        ({**USE, "profiling": True}, ("profiling", "derogation", "material_influence"), "NOT_HIGH_RISK_DEROGATION"),
        (DEROGATED, ("profiling",), "HIGH_RISK_ANNEX_III"),
        ({"annex_i": MEDICAL}, ("annex_i.third_party",), "MINIMAL"),
        ({"annex_i": MEDICAL | {"third_party": False}}, ("annex_i",), "HIGH_RISK_ANNEX_I_A"),
        ({}, ("annex_iii_points",), "HIGH_RISK_ANNEX_III"),
        ({"prohibited": ["5-1-c"], **USE}, ("prohibited",), "HIGH_RISK_ANNEX_III"),
        ({"eu_nexus": False, **USE}, ("eu_nexus",), "HIGH_RISK_ANNEX_III"),
        # what was never asked is not made up
        ({"is_ai_system": False}, ("is_ai_system",), None),
        ({"exclusion": "military"}, ("exclusion",), None),
    ],
)
def test_what_would_lead_to_another_class(
    classified: Classify, answers: dict[str, Any], facts: tuple[str, ...], leads_to: str | None
) -> None:
    found = {change.facts: change for change in classified(DAY, **answers).to_change}
    assert found[facts].classification == leads_to


def test_profiling_by_the_words_of_the_point_has_no_way_to_the_derogation(classified: Classify) -> None:
    found = classified(DAY, annex_iii_points=["6-e"], profiling=True)
    assert "NOT_HIGH_RISK_DEROGATION" not in {change.classification for change in found.to_change}


def test_a_day_before_the_text_that_is_held_is_refused(classified: Classify) -> None:
    with pytest.raises(InputError, match="consolidated on 2026-07-27"):
        classified(dt.date(2026, 7, 26))
    assert classified(dt.date(2026, 7, 27)).primary == "MINIMAL"
