"""The questions lead to the facts of the worked cases, to facts at every end, and leave out only what cannot matter."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from governance.frameworks.load import load
from governance.law import questionnaire
from governance.law.classify import classify
from governance.law.facts import Facts, annex_iii_points, facts_from, prohibited_points
from governance.law.questionnaire import Question, checked, contradictions, next_question, pages, question, questions
from governance.law.reading import reading
from governance.law.walk import walk
from models.errors import InputError
from tests.governance.law.conftest import DAY, VIGNETTES

RAW = yaml.safe_load((Path(__file__).parent / "raw_answers.yaml").read_text())
ROLES = {"open-source": "no", "roles": ["provider"]}
WORDS = ("all", "any", "not", "is", "used", "banned", "over", "section")


def raw(case: str) -> dict[str, Any]:
    """The answers of a worked case, as far as its questions are shown."""
    answers = {**RAW["reach"], **RAW["lawful"], **ROLES, **RAW["cases"][case]}
    shown = {each.id for each in pages(answers)}
    return checked({id: value for id, value in answers.items() if id in shown})


@pytest.mark.parametrize("vignette", VIGNETTES, ids=[each["id"] for each in VIGNETTES])
def test_plain_answers_lead_to_the_facts_of_a_worked_case(vignette: dict[str, Any]) -> None:
    found, wanted = questionnaire.facts(raw(vignette["id"])), facts_from(vignette["answers"])
    assert found is not None
    assert way(found) == way(wanted)
    same = ("object", "prohibited", "annex_iii_points", "profiling", "derogation", "art50", "gpai", "exclusion")
    assert [getattr(found, name) for name in same] == [getattr(wanted, name) for name in same]


def way(facts: Facts) -> tuple[Any, ...]:
    found = walk(facts, DAY)
    return found.primary, found.overlays, [(step.node, step.answer) for step in found.steps]


def chosen(asked: Question, dice: random.Random) -> Any:
    """Some answer to a question."""
    if asked.kind == "several":
        others = [option.id for option in asked.options if not option.alone]
        alone = [option.id for option in asked.options if option.alone]
        return alone if alone and dice.random() < 0.3 else dice.sample(others, min(len(others), dice.choice([1, 2])))
    if asked.kind in ("amount", "text"):
        return {"amount": 10.0 ** dice.choice([24, 26]), "text": "because"}[asked.kind]
    return dice.choice(["yes", "no"] if asked.kind == "yes-no" else [option.id for option in asked.options])


@pytest.mark.parametrize("seed", range(4))
def test_every_end_has_facts_that_hold_together(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(30):
        answers = dict(RAW["reach"]) if dice.random() < 0.8 else {}
        while asked := next_question(answers):
            answers[asked.id] = asked.checked(chosen(asked, dice))
        found = questionnaire.facts(answers)
        assert (found is None) == bool(contradictions(answers))
        if found is not None:
            # what is kept of them leads to the same again
            assert facts_from(asdict(found)) == found
            assert walk(found, DAY).primary


@pytest.mark.parametrize("seed", range(4))
def test_what_is_left_out_never_changes_the_class(seed: int) -> None:
    """Answers to everything, also to what nobody would ask: those that are not shown change nothing about the class."""
    dice = random.Random(seed)
    for _ in range(30):
        answers = {each.id: each.checked(chosen(each, dice)) for each in questions()}
        answers |= RAW["reach"] if dice.random() < 0.8 else {}
        if contradictions(answers):
            continue
        shown, everything = questionnaire._Given(answers), questionnaire._Given(answers)
        everything.shown, everything.named = {each.id: each for each in questions()}, {}
        assert walk(shown.facts(), DAY).primary == walk(everything.facts(), DAY).primary


@pytest.mark.parametrize(
    ("answers", "shown", "hidden"),
    [
        ({"how": "processing", "how-all": "yes"}, "not-ai-why", "nexus"),
        ({"nexus": ["none"]}, "nexus", "excluded"),
        ({"practices": ["f"], "f-biometric": "yes", "f-reasons": "no"}, "f-reasons", "areas"),
        # prohibited later: until then another class holds, so the way goes on
        ({"practices": ["bb"], "bb-limb": "use", "bb-exception": "no"}, "product-act", "ba-consent"),
        ({"areas": ["law-enforcement"], "uses-law-enforcement": ["6-e"]}, "shows", "personal-data"),
        ({"areas": ["work"], "uses-work": ["4-a"]}, "personal-data", "uses-education"),
        ({"areas": ["services"], "uses-services": ["5-b"], "only-fraud": "yes"}, "shows", "personal-data"),
        ({"product-act": "annex-i-b-21", "product-part": "itself", "third-party": "yes", "third-party-why": "yes"},
         "roles", "areas"),
        ({"product-act": "annex-i-a-11", "product-part": "itself", "third-party": "yes", "third-party-why": "yes",
          "areas": ["services"], "uses-services": ["5-d"]}, "shows", "personal-data"),
        ({"object": "model"}, "general", "machine"),
        # a licence frees nothing that is high-risk or owes transparency, nor what the Act hardly reaches
        ({"areas": ["work"], "uses-work": ["4-a"], "personal-data": "yes", "evaluates": "yes"},
         "in-place", "open-source"),
        ({"areas": ["none"], "shows": ["emotions"], "emotions-law": "no"}, "roles", "open-source"),
        ({"product-act": "annex-i-b-21", "product-part": "itself", "third-party": "yes", "third-party-why": "yes",
          "roles": ["deployer"]}, "roles", "took-over"),
        ({"areas": ["none"], "shows": ["none"], "roles": ["deployer"]}, "open-source", "deployer-kind"),
        ({"areas": ["none"], "shows": ["none"]}, "open-source", "in-place"),
        ({"areas": ["work"], "uses-work": ["4-a"], "personal-data": "yes", "evaluates": "yes", "in-place": "no"},
         "in-place", "redesigned"),
    ],
)  # fmt: skip
def test_branches_skip_what_cannot_matter(answers: dict[str, Any], shown: str, hidden: str) -> None:
    ids = [each.id for each in pages({**RAW["reach"], **RAW["lawful"], **answers})]
    assert shown in ids
    assert hidden not in ids


def test_a_practice_stops_the_way_from_the_day_of_its_prohibition_on() -> None:
    nudes = raw("v06") | {"practices": ["ba"], "ba-consent": "no", "ba-limb": "use", "ba-exception": "no"}
    before, after = dt.date(2026, 12, 1), dt.date(2026, 12, 2)
    assert "product-act" in [each.id for each in pages(nudes, before)]
    assert [each.id for each in pages(nudes, after)][-1] == "ba-exception"
    # what is still open before the day no longer matters from it on
    begun = {id: value for id, value in nudes.items() if id != "product-act"}
    assert questionnaire.facts(begun, before) is None
    stopped = questionnaire.facts(begun, after)
    assert stopped is not None
    assert (classify(stopped, after).primary, stopped.roles) == ("PROHIBITED", ())
    assert next_question(begun, day=after) is None


# a fact that holds, and every answer that it needs: with any of them the other way, it no longer does
CONDITIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("prohibited", "5-1-a", {"practices": ["a"], "a-distorts": "yes", "a-decides": "yes", "a-harm": "yes"}),
    ("prohibited", "5-1-b", {"practices": ["b"], "b-distorts": "yes", "b-harm": "yes"}),
    ("prohibited", "5-1-ba", {"practices": ["ba"], "ba-consent": "no", "ba-limb": "foreseeable", "ba-exception": "no"}),
    ("prohibited", "5-1-bb", {"practices": ["bb"], "bb-limb": "use", "bb-exception": "no"}),
    ("prohibited", "5-1-c", {"practices": ["c"], "c-time": "yes", "c-basis": "yes", "c-effect": ["disproportionate"],
                             "c-lawful": "no"}),
    ("prohibited", "5-1-d", {"practices": ["d"], "d-solely": "yes", "d-support": "no"}),
    ("prohibited", "5-1-e", {"practices": ["e"], "e-scraping": "yes"}),
    ("prohibited", "5-1-f", {"practices": ["f"], "f-biometric": "yes", "f-reasons": "no"}),
    ("prohibited", "5-1-g", {"practices": ["g"], "g-individually": "yes", "g-exception": "no"}),
    ("prohibited", "5-1-h", {"practices": ["h"], "h-use": "yes", "h-exception": "no"}),
    ("exclusion", "military", {"excluded": "military", "military-only": "yes"}),
    ("exclusion", "third-country-cooperation", {"excluded": "third-country-cooperation",
                                                "cooperation-safeguards": "yes"}),
    ("exclusion", "scientific-rd", {"excluded": "scientific-rd", "research-only": "yes"}),
    ("exclusion", "pre-market-rd", {"excluded": "pre-market-rd", "real-world": "no"}),
    ("exclusion", "personal", {"excluded": "personal", "personal-only": "yes"}),
    ("annex_iii_points", "1-a", {"areas": ["biometrics"], "uses-biometrics": ["1-a"], "only-verification": "no"}),
    ("annex_iii_points", "5-b", {"areas": ["services"], "uses-services": ["5-b"], "only-fraud": "no"}),
    ("annex_iii_points", "7-d", {"areas": ["migration"], "uses-migration": ["7-d"], "only-travel-documents": "no"}),
    ("annex_iii_points", "8-b", {"areas": ["justice"], "uses-justice": ["8-b"], "not-exposed": "no"}),
    ("art50", "1", {"shows": ["interacts"], "interacts-obvious": "no", "interacts-law": "no"}),
    ("art50", "2", {"shows": ["synthetic"], "synthetic-assists": "no", "synthetic-law": "no"}),
    ("art50", "2", {"shows": ["deepfake"], "synthetic-assists": "no", "synthetic-law": "no"}),
    ("art50", "2", {"shows": ["texts"], "synthetic-assists": "no", "synthetic-law": "no"}),
    ("art50", "3", {"shows": ["emotions"], "emotions-law": "no"}),
    ("art50", "4-deepfake", {"shows": ["deepfake"], "deepfake-law": "no"}),
    ("art50", "4-text", {"shows": ["texts"], "texts-reviewed": "no", "texts-law": "no"}),
    ("derogation", "d", {"evaluates": "no", "decides": "no", "larger": "no", "significant-risk": "no",
                         "derogation": "d"}),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "value", "answers"), CONDITIONS, ids=[value for _, value, _ in CONDITIONS])
def test_each_condition_and_exception_counts(fact: str, value: str, answers: dict[str, Any]) -> None:
    base = {**RAW["reach"], **RAW["lawful"], **ROLES, "shows": ["none"]}
    if fact == "derogation":
        base |= {"areas": ["education"], "uses-education": ["3-a"], "personal-data": "yes"}

    def found(given: Mapping[str, Any]) -> Any:
        return getattr(questionnaire._Given(given).facts(), fact)

    assert found(base | answers) in (value, (value,))
    for id, said in answers.items():
        other = {"yes": "no", "no": "yes"}.get(said, "none") if isinstance(said, str) else ["none"]
        assert value not in (found(base | answers | {id: other}) or ()), id


def test_an_open_answer_hides_what_depends_on_it_and_holds_up_the_result() -> None:
    answers = raw("v05") | {"evaluates": None}
    assert questionnaire.facts(answers) is None
    assert [each.id for each in questionnaire.still_open(answers)] == ["evaluates"]
    assert next_question(answers) == question("evaluates")
    # what may stay open is asked, and holds nothing up
    assert next_question(raw("v05")) == question("in-place")
    assert next_question(raw("v05") | {"in-place": "no"}) is None
    assert next_question({}, after="object") is None
    # the compute may stay unknown
    assert questionnaire.facts({k: v for k, v in raw("v26").items() if k != "flops"}) is not None


def test_answers_that_cannot_both_be_true_are_named() -> None:
    answers = raw("v01") | {"nexus": ["market", "chain"]}
    (found,) = contradictions(answers)
    assert found.questions == ("nexus", "roles")
    assert questionnaire.facts(answers) is None
    assert not contradictions(answers | {"roles": ["importer"], "took-over": ["none"]})
    # an exception of Article 5 is no exception of Annex III
    tired = raw("v06") | {"practices": ["f"], "f-biometric": "yes", "f-reasons": "yes"}
    assert [each.questions for each in contradictions(tired)] == [("f-biometric", "areas")]
    assert not contradictions(tired | {"areas": ["biometrics"], "uses-biometrics": ["1-c"], "shows": ["emotions"]})
    searched = raw("v06") | {"practices": ["h"], "h-use": "yes", "h-exception": "yes"}
    assert [each.questions for each in contradictions(searched)] == [("h-exception", "areas")]
    # what is not shown any more contradicts nothing
    stopped = {"practices": ["e"], "e-scraping": "yes"}
    assert not contradictions(answers | stopped)


def test_what_article_111_asks_is_a_fact_only_once_it_is_answered() -> None:
    said = raw("v05")
    older = said | {"in-place": "yes", "public-authorities": "yes", "redesigned": "no"}
    for answers, wanted in ((said, (None, None)), (said | {"in-place": "no"}, (None, None)), (older, (True, False))):
        found = questionnaire.facts(answers)
        assert found is not None
        assert (found.public_authorities, found.redesigned) == wanted
    assert questionnaire.facts(older | {"redesigned": None}) is None


@pytest.mark.parametrize(
    ("id", "value", "says"),
    [
        ("object", "systm", "Did you mean system?"),
        ("machine", True, "no answer to machine"),
        ("areas", [], "Choose at least one"),
        ("areas", "work", "Choose at least one"),
        ("areas", ["work", "none"], "cannot stand beside"),
        ("areas", ["works"], "Did you mean work?"),
        ("flops", "much", "a number such as"),
        ("not-ai-why", "x" * 4001, "longer than 4,000"),
        ("machines", "yes", "There is no question 'machines'. Did you mean machine"),
        ("zzz", "yes", "There is no question 'zzz'. There is object, machine, .* and [0-9]+ more."),
    ],
)
def test_what_is_no_answer_to_a_question_is_refused(id: str, value: Any, says: str) -> None:
    with pytest.raises(InputError, match=says.replace("?", r"\?")):
        question(id).checked(value)


# ---------------------------------------------------------------- the file


def atoms(condition: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The questions that a condition asks, with the answers it wants."""
    file = questionnaire._file()
    for name, wanted in condition.items():
        if name in ("all", "any"):
            yield from (found for each in wanted for found in atoms(each))
        elif name == "not":
            yield from atoms(wanted)
        elif name == "is":
            yield from atoms(file["conditions"][wanted])
        elif name in ("used", "banned"):
            yield from (found for each in file["facts"][wanted].values() for found in atoms(each))
        elif name in ("over", "section"):
            yield from ((asked, ()) for asked in wanted)
        else:
            yield name, (wanted,) if isinstance(wanted, str) else tuple(wanted)


def rules(tree: Any) -> Iterator[Mapping[str, Any]]:
    """The conditions of `facts`, however deep."""
    for value in tree.values():
        yield from [value] if set(value) & {*WORDS, *(each.id for each in questions())} else rules(value)


def test_conditions_ask_questions_before_them_for_answers_that_there_are() -> None:
    order = {each.id: place for place, each in enumerate(questions())}
    file = questionnaire._file()
    facts = {**file["facts"], **file["facts"]["gpai"], "gpai": {}}
    later = [*file["conditions"].values(), *rules(facts), *(each["when"] for each in file["contradictions"])]
    asked = [(len(order), each) for each in later]
    asked += [(order[each.id], each.when) for each in questions() if each.when is not None]
    for place, condition in asked:
        for id, wanted in atoms(condition):
            assert order[id] < place
            known = {option.id for option in question(id).options} or {"yes", "no"}
            assert set(wanted) <= known, id


def test_every_point_of_the_law_has_its_question() -> None:
    facts = questionnaire._file()["facts"]
    assert set(facts["prohibited"]) == set(prohibited_points())
    assert set(facts["annex_iii_points"]) == set(annex_iii_points())
    assert set(facts["art50"]) == set(reading()["art50"])
    assert set(facts["roles"]) <= set(load("eu-ai-act")["roles"])
    acts = load("eu-ai-act-classification")["annex_i"]
    listed = [each["id"] for section in ("section_a", "section_b") for each in acts[section]]
    assert [option.id for option in question("product-act").options] == [*listed, "none"]


def test_every_question_says_what_it_rests_on_and_what_it_is_for() -> None:
    sections = {each.id for each in questionnaire.sections()}
    for each in questions():
        assert each.ref
        assert each.help.endswith("."), each.id
        shown = each.examples or any(option.help for option in each.options)
        assert shown or each.kind in ("text", "amount"), each.id
        assert each.section in sections
        assert each.kind in questionnaire.KINDS
        assert each.text.endswith("?")
        assert bool(each.options) == (each.kind in ("one", "several"))
