"""`plumbline audit` as people run it: files, options, exit codes 0, 1, 2 and 3. Once as a process, for the rest as the
script's own function, which starts faster."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from plumbline_client import main
from tests.audits.measure.tables import credit

COMMAND = Path(sys.executable).parent / "plumbline"
USUAL = ("--label", "label", "--score", "score", "--sensitive", "region")


@dataclass(frozen=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """`plumbline audit DATA OPTIONS` in this process."""

    def once(data: Path, *options: str) -> Ran:
        code = main.run(["audit", str(data), *options])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return once


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "lending.csv"
    credit(1_000).to_csv(path, index=False)
    return path


def policy_file(folder: Path, *rules: str) -> str:
    path = folder / "policy.toml"
    path.write_text('schema = "plumbline.policy/1"\n' + "".join(f"[[rule]]\n{rule}\n" for rule in rules))
    return str(path)


PASSES = 'id = "good"\nmetric = "accuracy"\nat_least = 0.5'
FAILS = 'id = "bad"\nmetric = "accuracy"\nat_least = 0.99'
WAIVED = FAILS + '\nwaived_until = "2999-01-01"\nreason = "known, being mended"'
OPEN = 'id = "open"\nmetric = "accuracy"\nat_least = 0.70'
UNKNOWABLE = 'id = "none"\nmetric = "roc_auc"\nat_least = 0.5'


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ((PASSES,), 0),
        ((PASSES, WAIVED), 0),
        ((PASSES, FAILS), 1),
        ((OPEN, FAILS), 1),
        ((PASSES, OPEN), 3),
    ],
    ids=["all pass", "a waived fail does not count", "one fails", "a fail beats an open one", "one is inconclusive"],
)
def test_the_exit_code_is_what_the_verdicts_say(data: Path, run: Run, rules: tuple[str, ...], code: int) -> None:
    found = run(data, *USUAL, "--policy", policy_file(data.parent, *rules))
    assert found.returncode == code, found.stdout + found.stderr


def test_a_process_exits_with_the_same_codes(data: Path) -> None:
    for rules, code in (((PASSES,), 0), ((FAILS,), 1), (('id = "r"\nmetric = "luck"\nat_least = 1',), 2), ((OPEN,), 3)):
        found = subprocess.run(
            [COMMAND, "audit", data, *USUAL, "--policy", policy_file(data.parent, *rules)],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert found.returncode == code, found.stdout + found.stderr
        assert bool(found.stderr) is (code == 2)
        assert bool(found.stdout) is (code != 2)


def audit_json(run: Run, data: Path, *options: str) -> tuple[str, Ran]:
    target = data.parent / "audit.json"
    found = run(data, *options, "--json", str(target))
    assert target.exists(), found.stderr
    return target.read_text(), found


def test_a_passed_rule_beside_one_that_cannot_be_judged_still_passes_and_alone_none_is_3(data: Path, run: Run) -> None:
    options = ("--label", "label", "--prediction", "prediction", "--sensitive", "region", "--policy")
    assert run(data, *options, policy_file(data.parent, PASSES, UNKNOWABLE)).returncode == 0
    assert run(data, *options, policy_file(data.parent, UNKNOWABLE)).returncode == 3


def test_the_json_is_the_audit_and_the_summary_names_every_rule(data: Path, run: Run) -> None:
    options = ("--intersections", "--sensitive", "sex", "--seed", "5", "--cross-check")
    text, found = audit_json(run, data, *USUAL, *options)
    result = json.loads(text)
    assert (result["schema"], result["provenance"]["seed"]) == ("plumbline.audit/1", 5)
    assert result["cross_check"]["comparisons"]
    assert "region*sex" in {m.get("attribute") for m in result["measurements"]}
    for verdict in result["verdicts"]:
        assert verdict["rule"] in found.stdout
    assert found.stderr == ""


def frame(**columns: Any) -> pd.DataFrame:
    return credit(300).assign(**columns)


BAD: dict[str, tuple[pd.DataFrame, tuple[str, ...], str]] = {
    "no such column": (frame(), ("--label", "lable", "--score", "score", "--sensitive", "sex"), "'lable'"),
    "no prediction": (frame(), ("--label", "label", "--sensitive", "sex"), "--prediction COL, --score COL or --model"),
    "two ways of predicting": (
        frame(), ("--score", "score", "--prediction", "prediction", "--sensitive", "sex"), "in one way"
    ),
    "no sensitive column": (frame(), ("--label", "label", "--score", "score"), "--sensitive"),
    "three labels": (frame(label=[0, 1, 2] * 100), (*USUAL,), "3 values"),
    "three predictions": (
        frame(prediction=[0, 1, 2] * 100),
        ("--label", "label", "--prediction", "prediction", "--sensitive", "sex"),
        "3 values",
    ),
    "a missing score": (frame(score=[None] + [0.5] * 299), (*USUAL,), "1 rows"),
    "an infinite score": (frame(score=[float("inf")] + [0.5] * 299), (*USUAL,), "infinite"),
    "scores outside 0 and 1": (frame(score=range(300)), (*USUAL,), "--threshold"),
    "a threshold that is none": (frame(), (*USUAL, "--threshold", "nan"), "must be a number"),
    "an identifier": (frame(region=[f"r{i}" for i in range(300)]), (*USUAL,), "identifier"),
    "weight and frequency": (frame(a=1, b=1), (*USUAL, "--weight", "a", "--frequency", "b"), "not both"),
    "no such reference": (frame(), (*USUAL, "--reference", "region=nowhere"), "no such group"),
    "a reference of another column": (frame(), (*USUAL, "--reference", "sex=f"), "no --sensitive column"),
    "an odd positive": (frame(), (*USUAL, "--positive", "yes"), "--positive"),
    "an odd favourable": (frame(), (*USUAL, "--favourable", "maybe"), "maybe"),
    "suppress nothing": (frame(), (*USUAL, "--suppress", "0"), "--suppress"),
    "an unknown option": (frame(), (*USUAL, "--lable", "x"), "--lable"),
    "no folder to write to": (frame(), (*USUAL, "--json", "nowhere/audit.json"), "no folder"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_exits_with_2_says_what_to_mend_and_writes_nothing(tmp_path: Path, run: Run, case: str) -> None:
    rows, options, message = BAD[case]
    data = tmp_path / "data.parquet"
    rows.to_parquet(data)
    target = () if "--json" in options else ("--json", str(tmp_path / "audit.json"))
    options = tuple(option.replace("nowhere/", f"{tmp_path}/nowhere/") for option in options)
    found = run(data, *options, *target)
    assert found.returncode == 2, found.stdout + found.stderr
    assert message in " ".join(found.stderr.split())
    assert "Traceback" not in found.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["data.parquet"]


def test_a_configuration_says_what_the_options_say(data: Path, run: Run) -> None:
    config = data.parent / "plumbline.toml"
    config.write_text(
        'label = "label"\nscore = "score"\nsensitive = ["region"]\nfavourable = 0\n\n[reference]\nregion = "b"\n'
    )
    by_file, _ = audit_json(run, data, "--config", str(config))
    by_hand, _ = audit_json(run, data, *USUAL, "--favourable", "0", "--reference", "region=b")
    one, two = json.loads(by_file), json.loads(by_hand)
    assert one["measurements"] == two["measurements"]
    assert one["provenance"]["parameters"] == two["provenance"]["parameters"]
