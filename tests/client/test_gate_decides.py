"""What the gate decides of real audits: rules, waivers, what got worse, and the exit code of all of it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from audits.compare.compare import compare
from audits.run.outcome import exit_code as exit_code_of_the_audit
from plumbline_client.errors import InvalidInput
from plumbline_client.gate.as_json import as_json
from plumbline_client.gate.decision import Decision, Terms, decide
from plumbline_client.gate.waivers import Waiver, read_waivers
from tests.client.audits import audit

TODAY = datetime.date(2026, 11, 21)
YESTERDAY, TOMORROW = TODAY - datetime.timedelta(1), TODAY + datetime.timedelta(1)


def decided(found: dict[str, Any], *, baseline: dict[str, Any] | None = None, **terms: Any) -> Decision:
    comparison = compare(baseline, found).to_json() if baseline else None
    return decide(found, Terms(TODAY, **terms), comparison=comparison)


def states(decision: Decision) -> dict[str, str]:
    return {finding.judged.rule: finding.state for finding in decision.findings}


def waiver(rule: str, until: datetime.date = TOMORROW) -> Waiver:
    return Waiver(rule, "known", "risk committee", until, "waivers.toml")


def without(found: dict[str, Any], *outcomes: str) -> dict[str, Any]:
    return found | {"verdicts": [v for v in found["verdicts"] if v["outcome"] not in outcomes]}


def test_the_audits_are_what_these_tests_take_them_for() -> None:
    assert states(decided(audit(fair=True))) == {
        "four-fifths": "pass",
        "accurate": "inconclusive",
        "enough-data": "pass",
        "no-scores": "not_applicable",
    }
    assert states(decided(audit(fair=False))) | {"no-scores": ""} == {
        "four-fifths": "fail",
        "accurate": "fail",
        "enough-data": "pass",
        "no-scores": "",
    }


@pytest.mark.parametrize("fair", [True, False])
@pytest.mark.parametrize("left_out", [(), ("fail",), ("inconclusive",), ("fail", "inconclusive", "pass")])
def test_without_waivers_and_baseline_the_gate_ends_as_the_audit_does(fair: bool, left_out: tuple[str, ...]) -> None:
    found = without(audit(fair=fair), *left_out)
    assert decided(found).exit_code == exit_code_of_the_audit(found["verdicts"])


def test_inconclusive_is_let_through_only_when_asked_for_and_then_it_is_said() -> None:
    found = audit(fair=True)
    assert decided(found).exit_code == 3
    allowed = decided(found, allow_inconclusive=True)
    assert allowed.exit_code == 0
    assert any("--allow-inconclusive" in note for note in allowed.notes)


def test_letting_inconclusive_through_opens_for_no_fail_and_for_no_audit_without_a_judgement() -> None:
    assert decided(audit(fair=False), allow_inconclusive=True).exit_code == 1
    nothing = without(audit(fair=True), "pass", "inconclusive")
    assert decided(nothing, allow_inconclusive=True).exit_code == 3


@pytest.mark.parametrize(("until", "code"), [(YESTERDAY, 1), (TODAY, 0), (TOMORROW, 0)])
def test_a_waiver_counts_until_its_last_day(until: datetime.date, code: int) -> None:
    found = without(audit(fair=False), "inconclusive")
    decision = decided(found, waivers=(waiver("four-fifths", until), waiver("accurate", until)))
    assert decision.exit_code == code
    if code:
        assert any(f"four-fifths (waivers.toml) expired on {until}" in note for note in decision.notes)
        assert decision.findings[0].expired == waiver("four-fifths", until)
    else:
        assert decision.findings[0].waiver == waiver("four-fifths", until)


def test_a_waiver_opens_for_no_other_rule() -> None:
    decision = decided(audit(fair=False), waivers=(waiver("four-fifths"),))
    assert states(decision)["four-fifths"] == "waived"
    assert states(decision)["accurate"] == "fail"
    assert decision.exit_code == 1


def test_a_waiver_of_a_rule_covers_it_for_every_attribute_and_of_one_attribute_only_that() -> None:
    assert waiver("four-fifths").covers("four-fifths[sex]")
    assert waiver("four-fifths[sex]").covers("four-fifths[sex]")
    assert not waiver("four-fifths[sex]").covers("four-fifths[age]")
    assert not waiver("four").covers("four-fifths")


def test_a_waiver_of_an_attribute_covers_the_rule_of_an_audit_of_that_attribute_alone() -> None:
    found, before = audit(fair=False), audit(fair=True)
    of_sex, of_age = waiver("four-fifths[sex]"), waiver("four-fifths[age]")
    decision = decided(found, baseline=before, waivers=(of_sex, waiver("accurate")))
    assert states(decision)["four-fifths"] == "waived"
    assert decision.worse() == ()
    other = decided(found, waivers=(of_age,))
    assert states(other)["four-fifths"] == "fail"
    assert any("four-fifths[age]" in note for note in other.notes)


def test_a_waiver_of_no_rule_is_told_of() -> None:
    decision = decided(audit(fair=True), waivers=(waiver("four-fifth"),))
    assert "The waiver of four-fifth (waivers.toml) is of no rule of this audit." in decision.notes


@pytest.mark.parametrize(
    ("day", "state"), [(datetime.date(2026, 12, 31), "waived"), (datetime.date(2027, 1, 1), "fail")]
)
def test_the_policys_own_waiver_is_judged_by_today_and_not_by_the_day_of_the_audit(
    day: datetime.date, state: str
) -> None:
    found = audit(fair=False, accurate='waived_until = 2026-12-31\nreason = "New scorecard"')
    decision = decide(found, Terms(day))
    assert states(decision)["accurate"] == state


def test_what_got_worse_on_a_figure_of_a_rule_fails_the_gate_even_where_every_rule_is_waived() -> None:
    fair, unfair = audit(fair=True), audit(fair=False)
    waived = tuple(waiver(rule) for rule in ("four-fifths",))
    decision = decided(unfair, baseline=fair, waivers=waived)
    counting = {regression.rule for regression in decision.worse()}
    assert counting == {"accurate"}
    assert decision.exit_code == 1
    assert decided(unfair, baseline=fair, waivers=(*waived, waiver("accurate"))).worse() == ()


def test_a_figure_that_no_rule_rests_on_fails_the_gate_only_where_any_is_asked_for() -> None:
    fair, unfair = audit(fair=True), audit(fair=False)
    everything = tuple(waiver(rule) for rule in ("four-fifths", "accurate"))
    assert decided(unfair, baseline=fair, waivers=everything).exit_code == 0
    strict = decided(unfair, baseline=fair, waivers=everything, counting="any")
    assert strict.exit_code == 1
    assert {regression.rule for regression in strict.worse()} == {None}


def test_what_got_worse_can_be_ignored_and_is_still_told() -> None:
    fair, unfair = audit(fair=True), audit(fair=False)
    decision = decided(unfair, baseline=fair, counting="ignore")
    assert decision.regressions
    assert decision.worse() == ()


def test_a_passing_audit_that_got_worse_fails(tmp_path: Path) -> None:
    """A rule that still passes is no excuse: its figure fell beyond what chance explains."""
    lenient = 'waived_until = 2020-01-01\nreason = "kept"'
    fair, unfair = audit(fair=True, accurate=lenient), audit(fair=False, accurate=lenient)
    passing = unfair | {"verdicts": [v | {"outcome": "pass"} for v in unfair["verdicts"]]}
    assert decided(passing).exit_code == 0
    comparison = compare(fair, unfair).to_json()
    assert decide(passing, Terms(TODAY), comparison=comparison).exit_code == 1


def test_what_cannot_be_compared_is_said_and_decides_nothing() -> None:
    found = audit(fair=True)
    other = json.loads(json.dumps(found).replace('"positive": "1"', '"positive": "0"'))
    decision = decided(found, baseline=other)
    assert decision.exit_code == 3
    assert any(note.startswith("Not compared with the baseline") for note in decision.notes)


def test_the_decision_as_json_has_value_interval_n_limit_verdict_and_reason_of_each_rule() -> None:
    data = json.loads(as_json(decided(audit(fair=False), baseline=audit(fair=True))))
    assert (data["schema"], data["result"], data["exit_code"]) == ("plumbline.gate/1", "failed", 1)
    [first, *_] = data["verdicts"]
    assert first["rule"] == "four-fifths"
    assert first["interval"]["low"] < first["value"] < first["interval"]["high"] < first["limit"] == 0.8
    assert (first["n"], first["outcome"], first["state"]) == (1600, "fail", "fail")
    assert "wholly below the limit 0.8" in first["reason"]
    worse = data["regressions"][0]
    assert worse["difference"]["low"] <= worse["difference"]["value"] <= worse["difference"]["high"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", 'schema = "plumbline.waivers/1"'),
        ('schema = "plumbline.waivers/1"\nwaivers = 1', "unknown keys waivers"),
        ('schema = "plumbline.waivers/1"\n[[waiver]]\nrule = "a"', "exactly the keys"),
        ("{waiver}until = 1", "until must be a date"),
        ('{waiver}until = "soon"', "until must be a date"),
        ("{waiver}until = 2027-01-01T00:00:00Z", "until must be a date"),
        ("not toml", "cannot be read"),
    ],
)
def test_a_wrong_file_of_waivers_is_refused_with_what_is_wrong(text: str, told: str, tmp_path: Path) -> None:
    start = 'schema = "plumbline.waivers/1"\n[[waiver]]\nrule = "a"\nreason = "b"\nwho = "c"\n'
    (tmp_path / "w.toml").write_text(text.replace("{waiver}", start))
    with pytest.raises(InvalidInput) as refused:
        read_waivers(tmp_path / "w.toml")
    assert told in str(refused.value)


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_waiver_needs_a_reason(reason: str, tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_text(
        f'schema = "plumbline.waivers/1"\n[[waiver]]\nrule = "a"\nreason = "{reason}"\nwho = "c"\nuntil = 2027-01-01\n'
    )
    with pytest.raises(InvalidInput, match="reason must be text"):
        read_waivers(tmp_path / "w.toml")


@pytest.mark.parametrize("broken", [{}, [], {"schema": "plumbline.audit/2"}, {"schema": "plumbline.audit/1"}])
def test_what_is_no_audit_is_refused(broken: Any) -> None:
    with pytest.raises(InvalidInput):
        decide(broken, Terms(TODAY))
