"""`plumbline classify`: what it writes, what it refuses, and that hostile files get nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from plumbline_client.main import run
from tests.governance.law.conftest import PLAIN, VIGNETTES

KEYS = ["classification", "overlays", "roles", "annex_iii_points", "legal_basis", "reasoning", "obligations"]
CREDIT = {**PLAIN, "annex_iii_points": ["5-b"], "profiling": True}


def written(folder: Path, **content: Any) -> Path:
    file = folder / "facts.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def refused(file: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert run(["classify", str(file), *options]) == 2
    return capsys.readouterr().err


def test_the_class_the_reasons_and_the_duties_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = written(tmp_path, answers=CREDIT, roles=["provider"]), tmp_path / "out.json"
    assert run(["classify", str(file), "--as-of", "2026-11-21", "--json", str(out)]) == 0
    found = json.loads(out.read_text())
    assert list(found)[:8] == [*KEYS, "obligations_coming"]
    assert (found["classification"], found["annex_iii_points"], found["roles"]) == (
        "HIGH_RISK_ANNEX_III",
        ["5-b"],
        ["provider"],
    )
    assert found["obligations"] == ["art-4-1"]
    assert {"id": "art-9-1", "date": "2027-12-02"} in found["obligations_coming"]
    assert all({"node", "question", "answer", "ref", "says"} <= set(step) for step in found["reasoning"])
    shown = capsys.readouterr().out
    for words in ("HIGH_RISK_ANNEX_III", "Annex III point 5(b)", "Coming on 2027-12-02", "not legal advice", "DRAFT"):
        assert words in shown


@pytest.mark.parametrize("vignette", VIGNETTES[::4], ids=[each["id"] for each in VIGNETTES[::4]])
def test_a_worked_case_is_a_file_of_facts(vignette: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert run(["classify", str(written(tmp_path, **vignette)), "--as-of", "2026-11-21", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["classification"] == vignette["expected"]["classification"]


@pytest.mark.parametrize(
    ("options", "primary"), [((), "PROHIBITED"), (("--as-of", "2026-12-01"), "PROHIBITED_PENDING")]
)
def test_the_day_is_the_files_unless_the_line_says_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], primary: str
) -> None:
    answers = {**PLAIN, "prohibited": ["5-1-ba"], "assessment_date": "2026-12-02"}
    file, out = written(tmp_path, answers=answers), tmp_path / "out.json"
    assert run(["classify", str(file), *options, "--json", str(out)]) == 0
    found = json.loads(out.read_text())
    assert found["classification"] == primary
    assert found["until_then"] == ("MINIMAL" if options else None)
    assert ("Until the prohibition applies it is: Minimal risk." in capsys.readouterr().out) == bool(options)


def test_a_list_that_is_there_twice_may_be_an_alias(tmp_path: Path) -> None:
    none: list[str] = []
    file, out = written(tmp_path, answers={**CREDIT, "prohibited": none, "art50": none}), tmp_path / "out.json"
    assert "&id001" in file.read_text()
    assert run(["classify", str(file), "--as-of", "2026-11-21", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["annex_iii_points"] == ["5-b"]


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_facts_may_be_json(tmp_path: Path, indent: int | str | None) -> None:
    file, out = tmp_path / "facts.json", tmp_path / "out.json"
    model = {"is_gpai_model": True, "flops": 1e26}
    content = {"title": "\U0001f916", "answers": {**PLAIN, "is_ai_system": False, "gpai": model}}
    file.write_text(json.dumps(content, indent=indent))
    assert run(["classify", str(file), "--as-of", "2026-11-21", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["classification"] == "GPAI_SYSTEMIC"


def test_object_and_roles_stand_beside_the_answers_or_in_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    model = {**PLAIN, "is_ai_system": False, "gpai": {"is_gpai_model": False}}
    for content in ({"object": "model", "answers": model}, {"answers": {**model, "object": "model"}}):
        assert run(["classify", str(written(tmp_path, **content)), "--as-of", "2026-11-21", "--json", str(out)]) == 0
        assert json.loads(out.read_text())["classification"] == "MINIMAL"
    both = written(tmp_path, object="model", answers={**model, "object": "system"})
    assert "object twice" in refused(both, capsys)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is to be a list of `name: value`, not nothing"),
        ("- 1\n- 2\n", "not a list"),
        ("answers: [1]\n", "answers is to be a list of `name: value`, not a list"),
        ("answer: {}\n", "Did you mean answers?"),
        ("title: x\n", "has no `answers`"),
        (f"answers: &a [{'1, ' * 30}]\ntitle: &b [{'*a, ' * 30}]\nnotes: [{'*b, ' * 30}]\n", "more than 10,000 values"),
        ("answers: &a\n  prohibited: *a\n", "more than 10,000 values"),
        ('{"answers": {"profiling": true, "profiling": false}}', "a name is there twice: profiling"),
        ('{"answers": {"prohibited": ["\\ud83d"]}}', "a point of Article 5(1), not"),
        ("answers: !!python/object/apply:os.system ['true']\n", "cannot be read as YAML"),
        ("answers: !thing {}\n", "cannot be read as YAML"),
        ("answers:\n  profiling: true\n  profiling: false\n", "a name is there twice: profiling"),
        ("answers: {? {a: 1} : 2}\n", "cannot be read as YAML"),
        ("answers: {is_ai_system: !!int ''}\n", "cannot be read as YAML"),
        ("answers: {is_ai_system: !!bool x}\n", "cannot be read as YAML"),
        ("answers: {is_ai_system: !!timestamp x}\n", "cannot be read as YAML"),
        ("answers: {", "cannot be read as YAML"),
        ("[" * 5000, "nested too deeply"),
        ("#" * 300_000, "longer than 262,144 bytes"),
        ("answers: {is_ai_system: 'yes'}\n", "is_ai_system is to be true or false"),
        ("answers: {is_ai_system: 2026-11-21}\n", "is_ai_system is to be true or false"),
        ("answers: {is_ai_system: false, annex_iii_points: [4-a]}\n", "contradict each other"),
    ],
)
def test_what_is_no_file_of_facts_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    file = tmp_path / "facts.yaml"
    file.write_text(text)
    out = tmp_path / "out.json"
    assert says in refused(file, capsys, "--json", str(out))
    assert not out.exists()


def test_bytes_that_are_no_text_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "facts.yaml"
    file.write_bytes(b"\xff\xfe\x00answers")
    assert "not text in UTF-8" in refused(file, capsys)


@pytest.mark.parametrize(
    ("day", "says"),
    [("2026-07-26", "consolidated on 2026-07-27"), ("tomorrow", "'tomorrow' is not a date"), ("", "'' is not a date")],
)
def test_a_day_that_the_text_cannot_answer_for_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str, says: str
) -> None:
    assert says in refused(written(tmp_path, answers=CREDIT), capsys, "--as-of", day)


def test_the_facts_are_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, answers=CREDIT)
    assert "would destroy it" in refused(file, capsys, "--json", str(file))


def test_the_help_loads_nothing_heavy() -> None:
    code = "from plumbline_client import main\ntry: main.run(['classify', '--help'])\nexcept SystemExit: pass"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "legal advice" in done.stdout
    assert not loaded & {"yaml", "rich", "django", "numpy", "pandas", "audits"}
