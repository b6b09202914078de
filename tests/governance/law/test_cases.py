"""Cases worked out by hand from the text of the Act: facts and a day -> the class, what stands beside it, the duties.

Beside the twenty reference cases these go through every point of Annex III, every act of Annex I, every exclusion,
practice, role and day, one at a time.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from governance.frameworks.load import load
from governance.law.classify import Classification, classify
from governance.law.facts import FACTS, facts_from
from tests.governance.law.conftest import MACHINE, MEDICAL, MODEL, PLAIN

HELD, NOW = "2026-07-27", "2026-11-21"
III, DEROGATED, I_A, I_B = (
    "HIGH_RISK_ANNEX_III", "NOT_HIGH_RISK_DEROGATION", "HIGH_RISK_ANNEX_I_A", "HIGH_RISK_ANNEX_I_B",
)  # fmt: skip
CREDIT = {"annex_iii_points": ["5-b"], "profiling": True, "material_influence": True}
LENT = {"annex_iii_points": ["5-b"], "derogation": "a", "material_influence": False}
LLM = {"is_ai_system": False, "gpai": MODEL}
BIG = {"is_ai_system": False, "gpai": MODEL | {"flops": 3e25}}
TOY = {"act": "Directive 2009/48/EC", "section": "A", "safety_component_or_product": True, "third_party": True}


def found(answers: dict[str, Any], day: str = NOW, *roles: str) -> Classification:
    return classify(facts_from({**PLAIN, "roles": list(roles), **answers}), dt.date.fromisoformat(day))


def duties(answers: dict[str, Any], day: str, *roles: str) -> tuple[set[str], dict[str, str]]:
    """In force, and coming with their days."""
    told = found(answers, day, *roles).as_json()
    return set(told["obligations"]), {each["id"]: each["date"] for each in told["obligations_coming"]}


CASES: list[tuple[str, str, dict[str, Any], str, tuple[str, ...]]] = [
    # scope comes first
    ("a spreadsheet", NOW, {"is_ai_system": False}, "OUT_NOT_AI", ()),
    ("abroad for good", NOW, {"eu_nexus": False, **CREDIT, "prohibited": ["5-1-c"]}, "OUT_OF_SCOPE", ()),
    ("a weapon", NOW, {"exclusion": "military", "annex_iii_points": ["1-a"]}, "OUT_OF_SCOPE", ()),
    ("a weapon that manipulates", NOW, {"exclusion": "military", "prohibited": ["5-1-a"]}, "OUT_OF_SCOPE", ()),
    ("police abroad", NOW, {"exclusion": "third-country-cooperation", "annex_iii_points": ["6-c"]}, "OUT_OF_SCOPE", ()),
    ("a laboratory", NOW, {"exclusion": "scientific-rd", "art50": ["2"]}, "OUT_OF_SCOPE", ()),
    ("a prototype", NOW, {"exclusion": "pre-market-rd", "annex_i": MEDICAL}, "OUT_OF_SCOPE", ()),
    ("at home", NOW, {"exclusion": "personal", "roles": ["deployer"], "art50": ["4-deepfake"]}, "OUT_OF_SCOPE", ()),
    # practices come before risk classes; two of them have their own day
    ("scoring citizens", HELD, {"prohibited": ["5-1-c"], **CREDIT}, "PROHIBITED", ()),
    ("nudes, the day before", "2026-12-01", {"prohibited": ["5-1-ba"]}, "PROHIBITED_PENDING", ()),
    ("nudes, the day", "2026-12-02", {"prohibited": ["5-1-ba"]}, "PROHIBITED", ()),
    ("abuse, before", NOW, {"prohibited": ["5-1-bb"], "art50": [2]}, "PROHIBITED_PENDING", ("TRANSPARENCY",)),
    ("abuse, after", "2027-12-02", {"prohibited": ["5-1-bb"], "art50": [2]}, "PROHIBITED", ("TRANSPARENCY",)),
    ("one now and one soon", NOW, {"prohibited": ["5-1-ba", "5-1-f"]}, "PROHIBITED", ()),
    ("soon, in a product", NOW, {"prohibited": ["5-1-ba"], "annex_i": TOY}, "PROHIBITED_PENDING", ()),
    ("prohibited on a model of ours", NOW, {"prohibited": ["5-1-a"], "gpai": MODEL}, "PROHIBITED", ("GPAI",)),
    # products
    ("a toy", NOW, {"annex_i": TOY}, I_A, ()),
    ("a toy that talks", NOW, {"annex_i": TOY, "art50": ["1"]}, I_A, ("TRANSPARENCY",)),
    ("a toy assessed by its maker", NOW, {"annex_i": TOY | {"third_party": False}}, "MINIMAL", ()),
    ("triage in a device", NOW, {"annex_i": MEDICAL, "annex_iii_points": ["5-d"]}, I_A, ()),
    ("a derogation on a device", NOW, {"annex_i": MEDICAL, "derogation": "d", "material_influence": False}, I_A, ()),
    ("a device, derogated in Annex III", NOW, {"annex_i": MEDICAL, **LENT}, I_A, ()),
    ("a machine", NOW, {"annex_i": MACHINE, "art50": ["1"]}, I_B, ()),
    ("a machine that hires", NOW, {"annex_i": MACHINE, "annex_iii_points": ["4-a"]}, I_B, ()),
    ("a machine on a model of ours", NOW, {"annex_i": MACHINE, "gpai": MODEL}, I_B, ("GPAI",)),
    ("comfort in a car", NOW, {"annex_i": {"act": "2018/858", "section": "B", "safety_component_or_product": False,
                                          "third_party": True}, "art50": ["1"]}, "TRANSPARENCY", ("TRANSPARENCY",)),
    ("no safety part, but hiring", NOW, {"annex_i": TOY | {"safety_component_or_product": False},
                                         "annex_iii_points": ["4-b"]}, III, ()),
    # the derogation
    *((f"condition {each}", NOW, LENT | {"derogation": each}, DEROGATED, ()) for each in "abcd"),
    *((f"{each}, but profiling", NOW, LENT | {"derogation": each, "profiling": True}, III, ()) for each in "abcd"),
    ("influence", NOW, LENT | {"material_influence": True}, III, ()),
    ("influence left open", NOW, LENT | {"material_influence": None}, III, ()),
    ("no condition", NOW, LENT | {"derogation": None}, III, ()),
    ("derogated, and it chats", NOW, {**LENT, "art50": ["1"]}, DEROGATED, ("TRANSPARENCY",)),
    ("derogated, on a model of ours", NOW, {**LENT, "gpai": MODEL}, DEROGATED, ("GPAI",)),
    # transparency alone, and beside high risk
    *((f"Article 50({each})", NOW, {"art50": [each]}, "TRANSPARENCY", ("TRANSPARENCY",))
      for each in ("1", "2", "3", "4-deepfake", "4-text")),
    ("a chatbot that lends", NOW, {**CREDIT, "art50": ["1", "2"]}, III, ("TRANSPARENCY",)),
    ("a spam filter", NOW, {}, "MINIMAL", ()),
    # models
    ("a model", NOW, LLM, "GPAI", ()),
    ("at the threshold", NOW, LLM | {"gpai": MODEL | {"flops": 1e25}}, "GPAI", ()),
    ("over the threshold", NOW, BIG, "GPAI_SYSTEMIC", ()),
    ("over it and open", NOW, BIG | {"gpai": BIG["gpai"] | {"open_source": True}}, "GPAI_SYSTEMIC", ()),
    ("over it and rebutted", NOW, BIG | {"gpai": BIG["gpai"] | {"presumption_rebutted": True}}, "GPAI", ()),
    ("under it and designated", NOW, LLM | {"gpai": MODEL | {"designated": True}}, "GPAI_SYSTEMIC", ()),
    ("compute unknown", NOW, LLM | {"gpai": {"is_gpai_model": True}}, "GPAI", ()),
    ("a narrow model", NOW, LLM | {"gpai": {"is_gpai_model": False}}, "MINIMAL", ()),
    ("a model not offered here", NOW, LLM | {"eu_nexus": False}, "MINIMAL", ()),
    ("a model for research", NOW, LLM | {"exclusion": "scientific-rd"}, "MINIMAL", ()),
    ("a model before its market", NOW, LLM | {"exclusion": "pre-market-rd"}, "MINIMAL", ()),
    ("a model for soldiers", NOW, LLM | {"exclusion": "military"}, "GPAI", ()),
    ("said to be a model", NOW, LLM | {"object": "model", "is_ai_system": None}, "GPAI", ()),
    # both
    ("a chatbot and its model", NOW, {"object": "both", "gpai": MODEL, "art50": ["1"]}, "TRANSPARENCY",
     ("TRANSPARENCY", "GPAI")),
    ("lending on a big model", NOW, {"object": "both", "gpai": BIG["gpai"], **CREDIT}, III, ("GPAI_SYSTEMIC",)),
    ("no system, but a model", NOW, {**LLM, "object": "both"}, "OUT_NOT_AI", ("GPAI",)),
    ("a system on a narrow model", NOW, {"object": "both", "gpai": {"is_gpai_model": False}}, "MINIMAL", ()),
    ("a weapon on an open model", NOW, {"object": "both", "gpai": MODEL, "exclusion": "military"}, "OUT_OF_SCOPE",
     ("GPAI",)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "day", "answers", "primary", "overlays"), CASES, ids=[case[0] for case in CASES])
def test_facts_lead_to_their_class(
    name: str, day: str, answers: dict[str, Any], primary: str, overlays: tuple[str, ...]
) -> None:
    told = found(answers, day)
    assert (told.primary, told.overlays) == (primary, overlays)


USES = load("eu-ai-act-classification")["annex_iii"]


@pytest.mark.parametrize("use", USES, ids=[each["id"] for each in USES])
def test_a_use_of_annex_iii_has_its_duties_and_no_others(use: dict[str, Any]) -> None:
    point = use["id"].removeprefix("annex-iii-")
    answers = {"annex_iii_points": [point], "material_influence": True}
    assert found(answers).primary == III
    in_force, coming = duties(answers, NOW, "provider")
    assert in_force == {"art-4-1"}
    assert set(coming.values()) == {"2027-12-02"}
    biometric, infrastructure = point.startswith("1-"), point == "2"
    expected = {
        "art-9-1": True, "art-17-1": True, "art-72-1": True, "art-43-3": False, "art-49-2": False, "art-50-1": False,
        "art-43-1-choice": biometric, "art-43-2": not biometric,
        "art-12-3": point == "1-a", "art-14-5": point == "1-a",
        "art-49-1": not infrastructure, "art-49-5": infrastructure, "art-49-4": point[0] in "167",
    }  # fmt: skip
    assert {name: name in coming for name in expected} == expected

    _, public = duties(answers, NOW, "deployer-public")
    _, private = duties(answers, NOW, "deployer")
    for id, among, wanted in (
        ("art-26-1", private, True),
        ("art-26-1", public, True),
        ("art-27-1", public, not infrastructure),
        ("art-27-1", private, point in ("5-b", "5-c")),
        ("art-49-3", public, not infrastructure),
        ("art-49-3", private, False),
        ("art-86-1", private, not infrastructure),
        ("art-9-1", private, False),
    ):
        assert (id in among) == wanted, id


ACTS = [(section[-1].upper(), each) for section in ("section_a", "section_b")
        for each in load("eu-ai-act-classification")["annex_i"][section]]  # fmt: skip


@pytest.mark.parametrize(("section", "act"), ACTS, ids=[act["id"] for _, act in ACTS])
def test_an_act_of_annex_i_leads_by_its_section(section: str, act: dict[str, Any]) -> None:
    product = {"act": act["title"], "section": section, "safety_component_or_product": True, "third_party": True}
    told = found({"annex_i": product}, NOW, "provider")
    assert told.primary == {"A": I_A, "B": I_B}[section]
    assert f"Annex I Section {section} point {act['point']}" in told.legal_basis
    in_force, coming = duties({"annex_i": product}, NOW, "provider")
    # to Section B only Articles 6(1), 60a and 102 to 112 apply, which ask nothing here (Article 2(2))
    assert in_force == ({"art-4-1"} if section == "A" else set())
    assert set(coming.values()) == ({"2028-08-02"} if section == "A" else set())
    assert ("art-43-3" in coming) == (section == "A")
    assert not set(coming) & {"art-49-1", "art-43-2", "art-43-1-choice"}


# what is asked, of whom, on which day: in force, coming, or not at all
DAYS: list[tuple[str, dict[str, Any], tuple[str, ...], str, str]] = [
    ("art-9-1", CREDIT, ("provider",), "2027-12-01", "2027-12-02"),
    ("art-9-1", CREDIT, ("provider",), "2027-12-02", "in force"),
    ("art-26-1", CREDIT, ("deployer",), "2027-12-01", "2027-12-02"),
    ("art-27-1-f", CREDIT, ("deployer",), "2027-12-02", "in force"),
    ("art-26-8", CREDIT, ("deployer",), NOW, "no"),
    ("art-23-1", CREDIT, ("importer",), NOW, "2027-12-02"),
    ("art-23-1", CREDIT, ("provider", "deployer"), NOW, "no"),
    ("art-24-1", CREDIT, ("distributor",), NOW, "2027-12-02"),
    ("art-22-3", CREDIT, ("authorised-representative",), NOW, "2027-12-02"),
    ("art-25-4", CREDIT, ("third-party-supplier",), NOW, "2027-12-02"),
    ("art-26-10", CREDIT, ("deployer-law-enforcement",), NOW, "no"),
    ("art-26-10", {"annex_iii_points": ["1-a"]}, ("deployer-law-enforcement",), NOW, "2027-12-02"),
    ("art-9-1", CREDIT, ("provider", "deployer"), NOW, "2027-12-02"),
    ("art-26-1", CREDIT, ("provider", "deployer"), NOW, "2027-12-02"),
    ("art-9-1", {"annex_i": MEDICAL}, ("provider",), "2028-08-01", "2028-08-02"),
    ("art-9-1", {"annex_i": MEDICAL}, ("provider",), "2028-08-02", "in force"),
    ("art-9-1", {"annex_i": MEDICAL}, ("product-manufacturer",), NOW, "2028-08-02"),
    ("art-9-1", {"annex_i": MACHINE}, ("product-manufacturer", "provider"), "2028-08-02", "no"),
    ("art-9-1", {"annex_i": MEDICAL, "annex_iii_points": ["5-d"]}, ("provider",), NOW, "2027-12-02"),
    ("art-43-3", {"annex_i": MEDICAL, "annex_iii_points": ["5-d"]}, ("provider",), NOW, "2028-08-02"),
    ("art-43-2", {"annex_i": MEDICAL, "annex_iii_points": ["5-d"]}, ("provider",), NOW, "no"),
    ("art-6-4-doc", LENT, ("provider",), NOW, "2027-12-02"),
    ("art-49-2", LENT, ("provider",), "2027-12-02", "in force"),
    ("art-9-1", LENT, ("provider",), "2027-12-02", "no"),
    ("art-50-1", {"art50": ["1"]}, ("provider",), "2026-08-01", "2026-08-02"),
    ("art-50-1", {"art50": ["1"]}, ("provider",), "2026-08-02", "in force"),
    ("art-50-2", {"art50": ["1"]}, ("provider",), NOW, "no"),
    ("art-50-2", {"art50": ["2"]}, ("provider",), NOW, "in force"),
    ("art-50-2", {"art50": ["2"], "placed_on": "2026-08-01"}, ("provider",), NOW, "2026-12-02"),
    ("art-50-2", {"art50": ["2"], "placed_on": "2026-08-02"}, ("provider",), NOW, "in force"),
    ("art-50-4-deepfake", {"art50": ["4-deepfake"]}, ("deployer",), NOW, "in force"),
    ("art-50-4-deepfake", {"art50": ["4-deepfake"]}, ("provider",), NOW, "no"),
    ("art-50-1", {**CREDIT, "art50": ["1"]}, ("provider",), NOW, "in force"),
    ("art-4-1", {}, ("deployer",), HELD, "in force"),
    ("art-4-1", {}, ("importer",), NOW, "no"),
    ("art-4-1", {"open_source": True}, ("provider",), NOW, "no"),
    ("art-4-1", {"prohibited": ["5-1-c"]}, ("provider",), NOW, "no"),
    ("art-4-1", {"exclusion": "military"}, ("provider",), NOW, "no"),
    ("art-4-1", {"prohibited": ["5-1-ba"]}, ("provider",), NOW, "in force"),
    ("art-9-1", {"prohibited": ["5-1-ba"], **CREDIT}, ("provider",), NOW, "no"),
    ("art-53-1-a", LLM, ("provider",), HELD, "in force"),
    ("art-53-1-a", LLM | {"gpai": MODEL | {"open_source": True}}, ("gpai-provider",), NOW, "no"),
    ("art-53-1-c", LLM | {"gpai": MODEL | {"open_source": True}}, ("gpai-provider",), NOW, "in force"),
    ("art-53-1-a", BIG | {"gpai": BIG["gpai"] | {"open_source": True}}, ("gpai-provider",), NOW, "in force"),
    ("art-55-1-a", LLM, ("gpai-provider",), NOW, "no"),
    ("art-55-1-a", BIG, ("gpai-provider",), NOW, "in force"),
    ("art-53-1-a", LLM | {"placed_on": "2025-08-01"}, ("gpai-provider",), NOW, "2027-08-02"),
    ("art-53-1-a", LLM | {"placed_on": "2025-08-02"}, ("gpai-provider",), NOW, "in force"),
    ("art-53-1-a", {**CREDIT, "gpai": MODEL}, ("provider",), NOW, "in force"),
    ("art-9-1", LLM, ("provider",), NOW, "no"),
]  # fmt: skip


@pytest.mark.parametrize(("id", "answers", "roles", "day", "wanted"), DAYS)
def test_a_duty_counts_for_its_role_from_its_day(
    id: str, answers: dict[str, Any], roles: tuple[str, ...], day: str, wanted: str
) -> None:
    in_force, coming = duties(answers, day, *roles)
    assert ("in force" if id in in_force else coming.get(id, "no")) == wanted


OLDER = {"placed_on": "2026-03-01", "redesigned": False, "public_authorities": False}


@pytest.mark.parametrize(
    ("answers", "high_risk", "literacy"),
    [
        (OLDER, "no", "in force"),
        (OLDER | {"public_authorities": True}, "2030-08-02", "in force"),
        (OLDER | {"redesigned": True}, "2027-12-02", "in force"),
        (OLDER | {"placed_on": "2027-12-01"}, "no", "in force"),
        (OLDER | {"placed_on": "2027-12-02"}, "2027-12-02", "in force"),
        # as long as one of the three is open nothing is spared
        *((OLDER | {name: None}, "2027-12-02", "in force") for name in OLDER),
    ],
)
def test_a_high_risk_system_that_was_there_before_is_caught_by_a_significant_change(
    answers: dict[str, Any], high_risk: str, literacy: str
) -> None:
    in_force, coming = duties({**CREDIT, **answers}, NOW, "provider")
    for id, wanted in (("art-9-1", high_risk), ("art-49-1", high_risk), ("art-72-1", high_risk), ("art-4-1", literacy)):
        assert ("in force" if id in in_force else coming.get(id, "no")) == wanted, id
    assert found({**CREDIT, **answers}).primary == III
    notes = [note for note in found({**CREDIT, **answers}, NOW, "provider").as_json()["notes"] if "111(2)" in note]
    assert len(notes) == (answers.get("placed_on") != "2027-12-02")


def test_an_older_product_has_the_day_of_its_own_route() -> None:
    device = {"annex_i": MEDICAL, **OLDER, "placed_on": "2028-08-01"}
    assert duties(device, NOW, "provider")[1] == {}
    # both ways to high risk: by Annex III it came too late to be spared
    both = device | {"annex_iii_points": ["5-d"]}
    _, coming = duties(both, NOW, "provider")
    assert coming["art-9-1"] == "2027-12-02"
    assert "art-43-3" not in coming
    # a practice of Article 5 is spared by nothing
    assert found({**CREDIT, **OLDER, "prohibited": ["5-1-c"]}).primary == "PROHIBITED"


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_people_read_calls_nothing_by_its_code(
    case: tuple[str, str, dict[str, Any], str, Any],
) -> None:
    told = found(case[2], case[1]).as_json()
    read = [each["says"] for name in ("reasoning", "follows", "to_change") for each in told[name]] + told["notes"]
    codes = [each["id"] for each in load("decision-tree")["outcomes"] if "_" in each["id"]]
    codes += ["MINIMAL", "TRANSPARENCY", "redesigned", *(name for name in FACTS if "_" in name)]
    assert not [text for text in read if any(code in text for code in codes)]
