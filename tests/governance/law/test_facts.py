"""Answers that cannot be, or cannot be together, are refused in words that help."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from governance.law.facts import facts_from
from models.errors import InputError
from tests.governance.law.conftest import MACHINE, MEDICAL, MODEL, PLAIN


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"annex3_points": []}, "'annex3_points', which is not known there. Did you mean annex_iii_points?"),
        ({"is_ai_system": "yes"}, "is_ai_system is to be true or false, not 'yes'."),
        ({"annex_iii_points": "4-a"}, r"annex_iii_points is to be a list, such as \[1-a\], not '4-a'."),
        ({"annex_iii_points": ["4-c"]}, "not '4-c'. Did you mean 4-"),
        ({"annex_iii_points": [["4-a"]]}, "not a list"),
        ({"annex_iii_points": [True]}, "not true"),
        ({"prohibited": ["art-5-1-f"]}, "Did you mean 5-1-f"),
        ({"art50": ["4"]}, "a duty of Article 50, not '4'"),
        ({"exclusion": "millitary"}, "Did you mean military?"),
        ({"derogation": "e"}, "derogation is to be a, b, c or d, not 'e'."),
        ({"annex_i": {"act": "MDR"}}, "annex_i lacks section, safety_component_or_product and third_party."),
        ({"annex_i": "MDR"}, "annex_i is to be a list of `name: value`, not 'MDR'."),
        ({"annex_i": MEDICAL | {"act": " "}}, "annex_i.act is to be text, and is empty."),
        ({"annex_i": MEDICAL | {"act": "MDR\x1b[31m"}}, "annex_i.act is to be one line of at most 200 characters."),
        ({"gpai": {"flops": 1e24}}, "gpai lacks is_gpai_model."),
        ({"gpai": MODEL | {"flops": "many"}}, r"gpai.flops is to be a number such as 1.0e\+24, not 'many'."),
        ({"gpai": MODEL | {"flops": -1}}, "gpai.flops is to be a number"),
        ({"gpai": MODEL | {"flops": float("nan")}}, "gpai.flops is to be a number"),
        ({"gpai": MODEL | {"flops": 10**400}}, "gpai.flops is to be a number"),
        ({"assessment_date": "21.11.2026"}, "assessment_date is to be a date, YYYY-MM-DD, not '21.11.2026'."),
        ({"assessment_date": dt.datetime(2026, 11, 21, 12)}, "a date, YYYY-MM-DD, not 2026-11-21T12"),
        ({"roles": ["user"]}, "a role of the Act, not 'user'"),
        ({"roles": ["downstream-provider"]}, "Did you mean .*provider"),
        ({"object": "product"}, "object is to be system, model or both"),
        ({5: True}, "answers has 5, which is not known there."),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(answers: dict[Any, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        facts_from({**PLAIN, **answers})


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ({"is_ai_system": False, "annex_iii_points": ["4-a"]}, ["is_ai_system", "annex_iii_points"]),
        ({"is_ai_system": False, "prohibited": ["5-1-c"], "art50": ["1"]}, ["is_ai_system", "prohibited and art50"]),
        ({"exclusion": "personal", "roles": ["provider"]}, ["exclusion is personal", "roles names provider."]),
        ({"derogation": "a"}, ["derogation is a", "annex_iii_points is empty"]),
        ({"object": "model", "gpai": MODEL, "annex_iii_points": ["4-a"]}, ["object is model", "annex_iii_points"]),
        ({"annex_i": MACHINE | {"section": "A"}}, ["annex_i.section is A", "Section B"]),
        ({"annex_i": MEDICAL | {"section": "B"}}, ["annex_i.section is B", "Section A"]),
        # the Machinery Directive stood in Section A before the annex was amended
        ({"annex_i": MACHINE | {"act": "2006/42/EC", "section": "A"}}, ["annex_i.section is A", "Section B"]),
        ({"gpai": MODEL | {"designated": True, "presumption_rebutted": True}}, ["designated", "presumption_rebutted"]),
        ({"gpai": {"is_gpai_model": False, "designated": True}}, ["designated", "is_gpai_model"]),
        ({"annex_iii_points": ["6-e"], "derogation": "a", "material_influence": False}, ["profiling", "6-e"]),
    ],
)  # fmt: skip
def test_answers_that_contradict_each_other_are_named(answers: dict[str, Any], names: list[str]) -> None:
    with pytest.raises(InputError, match="contradict each other") as refused:
        facts_from({**PLAIN, **answers})
    assert all(name in str(refused.value) for name in names)


@pytest.mark.parametrize(
    "answers",
    [
        # true of something that the Act does not reach; they do not matter, and contradict nothing
        {"eu_nexus": False, "prohibited": ["5-1-c"], "annex_iii_points": ["4-a"]},
        {"exclusion": "pre-market-rd", "annex_iii_points": ["4-a"]},
        {"exclusion": "military", "prohibited": ["5-1-c"]},
        # a claim that fails is no contradiction
        {"annex_i": MEDICAL, "derogation": "a", "material_influence": True},
        {"is_ai_system": False, "annex_i": MEDICAL, "profiling": True},
        {"annex_iii_points": ["4-a"], "profiling": True, "derogation": "d", "material_influence": True},
        {"annex_i": MEDICAL, "annex_iii_points": ["5-d"], "derogation": "d"},
        {"annex_iii_points": ["6-e"]},
        {"annex_i": MEDICAL | {"act": "an act that nobody knows"}},
    ],
)
def test_what_merely_does_not_matter_is_no_contradiction(answers: dict[str, Any]) -> None:
    facts = facts_from({**PLAIN, **answers})
    # what was said is kept, though it does not matter
    assert [name for name in answers if name != "annex_i" and not getattr(facts, name)] == [
        name for name, value in answers.items() if value is False
    ]


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({}, "is_ai_system"),
        ({"is_ai_system": True}, "eu_nexus"),
        ({"is_ai_system": True, "eu_nexus": True}, "prohibited, annex_iii_points and art50"),
        ({**PLAIN, "prohibited": None, "art50": None}, "prohibited and art50"),
        ({**PLAIN, "annex_iii_points": ["4-a"], "profiling": None}, "profiling"),
        ({"object": "model"}, "gpai"),
        ({"object": "both", "is_ai_system": False}, "gpai"),
        ({"object": "model", "gpai": MODEL}, "eu_nexus"),
    ],
)
def test_an_answer_that_the_way_needs_is_asked_for(answers: dict[str, Any], missing: str) -> None:
    with pytest.raises(InputError, match=f"needs an answer to {missing};"):
        facts_from(answers)


def test_what_the_way_does_not_need_may_be_left_out() -> None:
    needed = {name: PLAIN[name] for name in ("is_ai_system", "eu_nexus", "prohibited", "annex_iii_points", "art50")}
    assert facts_from(needed) == facts_from(PLAIN)
    assert facts_from({"is_ai_system": False}).object == "system"
    assert facts_from({"is_ai_system": True, "eu_nexus": False}).prohibited == ()


def test_values_as_yaml_reads_them() -> None:
    facts = facts_from(
        {**PLAIN, "annex_iii_points": [2, "1-a", "1-a"], "art50": [2, 1], "assessment_date": "2026-12-01"}
    )
    assert facts.annex_iii_points == ("2", "1-a")
    assert facts.art50 == ("2", "1")
    assert facts.assessment_date == dt.date(2026, 12, 1)
