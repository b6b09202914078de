"""`plumbline audit` as a gate, offline: waivers, a baseline, and the files of a pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from plumbline_client import main
from tests.client.audits import policy
from tests.client.sarif_schema import SARIF
from tests.client.tables import loans, write_csv

USUAL = ("--label", "paid", "--prediction", "granted", "--sensitive", "sex", "--policy", "policy.toml")
WAIVER = '[[waiver]]\nrule = "{}"\nreason = "Known"\nwho = "Risk committee"\nuntil = 2999-01-01\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    write_csv(tmp_path / "fair.csv", loans(fair=True))
    write_csv(tmp_path / "unfair.csv", loans(fair=False))
    (tmp_path / "policy.toml").write_text(policy())
    (tmp_path / "other.json").write_text('{"schema": "plumbline.audit/9"}')
    (tmp_path / "waivers.toml").write_text(
        'schema = "plumbline.waivers/1"\n' + WAIVER.format("four-fifths") + WAIVER.format("accurate")
    )
    return tmp_path


def audit(*arguments: str) -> int:
    return main.run(["audit", *arguments])


def test_without_a_gates_options_nothing_is_said_of_a_gate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("unfair.csv", *USUAL) == 1
    assert "gate" not in capsys.readouterr().out


def test_waivers_open_the_gate_and_a_baseline_keeps_what_got_worse_from_passing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Accuracy alone is waived, so that the fall of the selection of women still counts."""
    assert audit("fair.csv", *USUAL, "--json", "before.json", "--allow-inconclusive") == 0
    assert audit("unfair.csv", *USUAL, "--waivers", "waivers.toml") == 0
    assert "2 failed but waived" in capsys.readouterr().out
    baseline = ("--waivers", "waivers.toml", "--baseline", "before.json")
    assert audit("unfair.csv", *USUAL, *baseline) == 0
    assert audit("unfair.csv", *USUAL, *baseline, "--regressions", "any") == 1
    assert "got worse" in capsys.readouterr().out


def test_the_files_are_valid_and_point_at_the_policy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    assert audit("unfair.csv", *USUAL, "--junit", "j.xml", "--sarif", "s.sarif", "--markdown", "m.md") == 1
    assert ElementTree.parse(folder / "j.xml").getroot().get("failures") == "2"
    log = json.loads((folder / "s.sarif").read_bytes())
    jsonschema.Draft202012Validator(SARIF).validate(log)
    places = [r["locations"][0]["physicalLocation"] for r in log["runs"][0]["results"]]
    lines = policy().splitlines()
    assert [lines[p["region"]["startLine"] - 1] for p in places] == ['id = "four-fifths"', 'id = "accurate"']
    assert {p["artifactLocation"]["uri"] for p in places} == {"policy.toml"}
    assert (folder / "summary.md").read_text() == (folder / "m.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--baseline", "fair.csv"), "cannot be read as an audit"),
        (("--baseline", "other.json"), "its schema is not"),
        (("--waivers", "policy.toml"), "plumbline.waivers/1"),
        (("--junit", "fair.csv"), "Name another file"),
        (("--junit", "waivers.toml", "--waivers", "waivers.toml"), "Name another file"),
        (("--sarif", "x", "--markdown", "x"), "Name another file"),
        (("--markdown", "nowhere/m.md"), "no folder"),
        (("--regressions", "some"), "ruled"),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert audit("fair.csv", *USUAL, *arguments) == 2
    output = capsys.readouterr()
    assert told in " ".join(output.err.split())
    assert output.out == ""
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
