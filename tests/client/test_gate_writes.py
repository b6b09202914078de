"""The files that the gate writes: JUnit, SARIF and Markdown, of real audits and of hostile names."""

from __future__ import annotations

import datetime
import html
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.compare.compare import compare
from plumbline_client.gate.decision import Decision, Terms, decide
from plumbline_client.gate.junit import junit
from plumbline_client.gate.markdown import markdown, plain
from plumbline_client.gate.place import places
from plumbline_client.gate.sarif import sarif
from plumbline_client.gate.waivers import Waiver
from tests.client.audits import audit, policy
from tests.client.sarif_schema import SARIF

TODAY = datetime.date(2026, 11, 21)
WAIVER = Waiver("four-fifths", "New scorecard", "Risk committee", TODAY, "waivers.toml")
EVIL = "<script>alert(1)</script> | `x` [a](http://evil.example) \x00\x1b[31m \ud800 ]]> & \"' *b* @all"


def decided(*, fair: bool = False, worse: bool = True, **terms: Any) -> Decision:
    found = audit(fair=fair)
    comparison = compare(audit(fair=True), found).to_json() if worse else None
    links = {"page": "https://plumbline.example/audits/1/"}
    return decide(found, Terms(TODAY, **terms), comparison=comparison, links=links)


def evil() -> Decision:
    """Every text that a stranger may have chosen is hostile."""
    found = json.loads(json.dumps(audit(fair=False)).replace("loans", json.dumps(EVIL)[1:-1]))
    for rule in found["policy"]["rules"]:
        rule["title"] = EVIL
    for verdict in found["verdicts"]:
        verdict["reason"] = EVIL
    comparison = compare(audit(fair=True), audit(fair=False)).to_json()
    for row in comparison["rows"]:
        row["title"] = EVIL
    return decide(found, Terms(TODAY, (Waiver("accurate", EVIL, EVIL, TODAY, EVIL),)), comparison=comparison)


DECISIONS = {
    "fails": decided,
    "passes or is inconclusive": lambda: decided(fair=True),
    "lets through": lambda: decided(fair=True, allow_inconclusive=True),
    "waived": lambda: decided(waivers=(WAIVER,)),
    "without a baseline": lambda: decided(worse=False),
    "hostile": evil,
}


def log_of(decision: Decision, file: Path | None = None) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(sarif(decision, places(file)))
    return log


@pytest.mark.parametrize("name", DECISIONS)
def test_sarif_is_valid(name: str) -> None:
    assert list(jsonschema.Draft202012Validator(SARIF).iter_errors(log_of(DECISIONS[name]()))) == []


def test_sarif_has_what_fails_as_errors_what_is_undecided_as_warnings_and_nothing_that_passes() -> None:
    [run] = log_of(decided(fair=True, worse=False))["runs"]
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [("accurate", "warning")]
    [run] = log_of(decided(worse=False))["runs"]
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [("four-fifths", "error"), ("accurate", "error")]


def test_sarif_shows_a_waived_rule_as_suppressed_with_who_and_why() -> None:
    [run] = log_of(decided(worse=False, waivers=(WAIVER,)))["runs"]
    [suppression] = run["results"][0]["suppressions"]
    assert suppression["status"] == "accepted"
    assert suppression["justification"] == "Waived by Risk committee until 2026-11-21: New scorecard"
    assert "suppressions" not in run["results"][1]


def test_sarif_points_at_the_line_of_the_rule_in_the_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules of ours").mkdir()
    file = tmp_path / "rules of ours" / "policy.toml"
    file.write_text(policy())
    lines = policy().splitlines()
    [run] = log_of(decided(worse=False), file)["runs"]
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "rules%20of%20ours/policy.toml"
        assert lines[place["region"]["startLine"] - 1] == f'id = "{result["ruleId"]}"'


def test_an_alert_stays_the_same_one_while_figures_move_and_differs_between_rules() -> None:
    def prints(decision: Decision) -> list[str]:
        return [r["partialFingerprints"]["plumblineRule/v1"] for r in log_of(decision)["runs"][0]["results"]]

    undecided, failing = prints(decided(fair=True, worse=False)), prints(decided(worse=False))
    assert undecided == [failing[1]]
    assert len(set(failing)) == len(failing)


@pytest.mark.parametrize("name", DECISIONS)
def test_junit_can_be_read_and_its_counts_are_right(name: str) -> None:
    decision = DECISIONS[name]()
    root = ElementTree.fromstring(junit(decision))
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute, "")) == sum(case.find(tag) is not None for case in cases)
    failed = int(root.get("failures", "")) + int(root.get("errors", "")) > 0
    assert failed == (decision.exit_code != 0)


def test_junit_has_a_case_for_each_rule_with_its_figure() -> None:
    root = ElementTree.fromstring(junit(decided(worse=False)))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert list(cases) == ["four-fifths", "accurate", "enough-data", "no-scores"]
    failure = cases["four-fifths"].find("failure")
    assert failure is not None
    assert re.search(r"0\.\d{3} \(95%: 0\.\d{3} to 0\.\d{3}, n = 1,600\), limit at least 0\.8", failure.text or "")
    assert cases["no-scores"].find("skipped") is not None


def test_markdown_has_value_interval_n_limit_verdict_and_reason_of_each_rule() -> None:
    text = markdown(decided(worse=False))
    [row] = [line for line in text.splitlines() if "| four-fifths |" in line]
    assert re.search(
        r"\| ✘ fails \| four-fifths \| 0\.\d{3} \| 95%: 0\.\d{3} to 0\.\d{3} \| 1,600 \| at least 0\.8 \| The figure",
        row,
    )
    assert "[The whole audit](https://plumbline.example/audits/1/)" in text


def test_markdown_says_what_got_worse_since_the_baseline_and_whether_it_counts() -> None:
    text = markdown(decided(waivers=(WAIVER,)))
    rows = [line.split(" | ") for line in text.splitlines() if " | accurate | 0." in line and "fails" not in line]
    assert rows
    assert rows[0][-1] == "yes |"
    assert "Waived by Risk committee" in text


def test_hostile_names_stay_text_in_markdown() -> None:
    text = markdown(evil())
    assert "<script" not in text
    assert "http://evil" not in text
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| ✘")}
    assert cells == {8}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_one_cell_of_a_table(text: str) -> None:
    written = plain(text)
    assert "\n" not in written
    assert not re.search(r"(?<!\\)(\\\\)*[|<`\[]", written)
    unescaped = html.unescape(re.sub(r"\\(.)", r"\1", written))
    assert unescaped == " ".join(text.split()) or "&" in text or "\\" in text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_can_stand_in_junit_and_sarif(text: str) -> None:
    found = audit(fair=False)
    found["subject"]["name"] = text
    found["verdicts"][0]["reason"] = text
    decision = decide(found, Terms(TODAY))
    assert ElementTree.fromstring(junit(decision)).tag == "testsuites"
    assert json.loads(sarif(decision, places(None)))["version"] == "2.1.0"
