"""The files of the law hold together: their schema, their counts, their dates, and every name they give each other."""

import json
import re
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import yaml

from governance.frameworks.load import FOLDER, entries, load, names

DATA = Path(__file__).parent / "data"
SCHEMA = json.loads((FOLDER / "schema.json").read_text())
DATES = {"date", "applies_from", "as_of", "consolidated", "placed_before"}


def plain(name: str) -> dict:
    """A file as YAML itself reads it, with nothing that only our reader does."""
    return yaml.load((FOLDER / f"{name}.yaml").read_text(), getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def plainly(value: object) -> object:
    return dict(value) if hasattr(value, "items") else value


def lists_of(tree: object, name: str) -> list[tuple]:
    """Every list a file has under a name, however deep."""
    if isinstance(tree, tuple):
        return [found for each in tree for found in lists_of(each, name)]
    if not hasattr(tree, "items"):
        return []
    here = [tree[name]] if isinstance(tree.get(name), tuple) else []
    return here + [found for each in tree.values() for found in lists_of(each, name)]


@pytest.mark.parametrize("name", names())
def test_a_file_is_as_the_schema_says(name):
    held = json.loads(json.dumps(load(name), default=plainly))
    checker = jsonschema.FormatChecker(["date"])
    errors = jsonschema.Draft202012Validator(SCHEMA, format_checker=checker).iter_errors(held)
    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []


@pytest.mark.parametrize("name", names())
def test_a_file_bears_its_own_name_and_gives_each_id_once(name):
    held = load(name)
    assert held["id"] == name
    for block in [value for value in held.values() if isinstance(value, tuple)]:
        ids = Counter(each["id"] for each in entries(block))
        assert [id for id, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("name", names())
def test_what_a_file_writes_is_what_is_read(name):
    """No date, id or reference turned into something else: `5.1`, `no` and 2026-08-02 stay the text they are."""

    def texts(tree: object) -> list[str]:
        if isinstance(tree, (dict, list)):
            return [found for each in (tree.values() if isinstance(tree, dict) else tree) for found in texts(each)]
        return [str(tree)]

    written, read = Counter(texts(plain(name))), Counter(texts(json.loads(json.dumps(load(name), default=plainly))))
    same = {"True": "true", "False": "false", "None": "null"}
    assert written == Counter({same.get(text, text): times for text, times in read.items()})


@pytest.mark.parametrize("name", names())
def test_a_file_has_as_many_entries_as_it_declares(name):
    held = load(name)
    requirements = sum(len(each) for each in lists_of(held, "requirements") if each and hasattr(each[0], "items"))
    if "count" in held:
        found = requirements or sum(
            len(each) for key in ("items", "rights", "risks", "evidence_types") for each in lists_of(held, key)
        )
        assert found == held["count"]
    for each in held.get("annexes", ()):
        assert len(each["items"]) == each["count"], each["id"]


def test_the_lists_have_as_many_entries_as_they_declare():
    law, tree, guide = load("eu-ai-act-classification"), load("decision-tree"), load("eu-guidance-and-standards")
    sizes = {key: len(value) for key, value in law.items() if isinstance(value, tuple)}
    assert dict(law["counts"]) == {
        "roles": sizes["roles"],
        "scope": sizes["scope"],
        "exclusions": sizes["exclusions"],
        "prohibited": sizes["prohibited_practices"],
        "annex_i_a": len(law["annex_i"]["section_a"]),
        "annex_i_b": len(law["annex_i"]["section_b"]),
        "annex_iii": sizes["annex_iii"],
        "derogations": sizes["derogations"],
        "safety_rules": sizes["safety_component_rules"],
    }
    assert dict(tree["counts"]) == {key: len(tree[key]) for key in ("nodes", "outcomes", "role_nodes")}
    assert dict(guide["counts"]) == {key: len(guide[key]) for key in ("guidance", "standards")}


def test_nothing_of_the_source_is_lost():
    """The numbers of entries in the index of the research these files come from."""
    index = yaml.safe_load((DATA / "INDEX.yaml").read_text())["files"]
    counted = {name: load(name)["count"] for name in index if name in names() and "count" in load(name)}
    assert counted == {name: index[name]["entries"] for name in counted}
    assert len(counted) == 11


@pytest.mark.parametrize("name", names())
def test_every_date_is_a_day_and_every_reference_says_something(name):
    for entry in [load(name), *entries(load(name)), *load(name).get("milestones", ())]:
        assert entry.get("ref", "-").strip()
        for key in DATES & set(entry):
            assert entry[key] in (None, "", "apply-high-risk") or re.fullmatch(r"\d{4}-\d{2}-\d{2}", entry[key])


def test_transitions_and_clocks_name_requirements_and_sections_that_exist():
    law = load("eu-ai-act")
    ids = {each["id"] for each in entries(law["sections"])}
    times = load("eu-ai-act-timeline")
    for each in times["transitions"]:
        assert {*each.get("requirements", ()), *each.get("sections", ())} <= ids
        assert each.get("application", "apply-high-risk") in times["application_keys"]
    assert {each["requirement"] for each in times["incident_deadlines"] if "requirement" in each} <= ids


def test_the_other_lists_name_requirements_and_practices_that_exist():
    ids = {each["id"] for each in entries(load("eu-ai-act")["sections"])}
    practices = {each["id"] for each in load("eu-ai-act-classification")["prohibited_practices"]}
    for risk in load("nist-ai-600-1")["risks"]:
        assert set(risk["crosswalk"]["eu_ai_act"]) <= ids
        assert set(risk["crosswalk"]["eu_prohibitions"]) <= practices
    for item in load("iso-related")["items"]:
        assert set(item["supports"]) <= ids


def test_the_decision_tree_leads_to_nodes_and_outcomes_that_exist():
    tree = load("decision-tree")
    known = {each["id"] for key in ("nodes", "outcomes") for each in tree[key]}
    led = {re.split(r"\W", answer)[0] for node in tree["nodes"] for answer in node["answers"].values()}
    assert led - known == set()
    assert set(tree["primary_precedence"]) < known
