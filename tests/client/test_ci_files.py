"""deploy/ci: the GitHub Action and the GitLab template hang together with the command, and read no value as code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from audits.command.audit import audit as audit_command
from plumbline_client.command.gate import gate as gate_command
from tests.client.tables import loans, write_csv

CI = Path(__file__).parents[2] / "deploy" / "ci"
SCRIPT = CI / "github" / "gate.sh"
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


ACTION = read(CI / "github" / "action.yml")
TEMPLATE = read(CI / "gitlab" / "plumbline.yml")
STEPS = ACTION["runs"]["steps"]
GATE = next(step for step in STEPS if step.get("id") == "gate")


def template_script() -> str:
    """What the template's job has bash run."""
    *_, last = TEMPLATE[".plumbline"]["script"]
    first, *lines, end = last.splitlines()
    assert (first, end) == ("bash <<'GATE'", "GATE")
    return "\n".join(lines)


def test_no_input_of_the_action_is_read_as_code() -> None:
    for step in STEPS:
        assert not EXPRESSION.search(step["run"]), step["name"]


def test_every_input_of_the_action_is_used_and_every_one_used_is_there() -> None:
    used = {
        match.removeprefix("inputs.")
        for step in STEPS
        for text in (*step["env"].values(), str(step.get("if", "")))
        for match in EXPRESSION.findall(text)
        for match in re.findall(r"inputs\.[\w-]+", match)
    }
    assert used == set(ACTION["inputs"])
    assert all(given["description"] and isinstance(given["default"], str) for given in ACTION["inputs"].values())


def test_the_outputs_of_the_action_come_from_steps_that_write_them() -> None:
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.gate.outputs.{name} }}}}"
        assert f'echo "{name}=' in SCRIPT.read_text()


def test_the_action_gives_the_script_every_variable_that_it_reads() -> None:
    text = SCRIPT.read_text()
    [names] = re.findall(r"^for name in (.+); do$", text, re.MULTILINE)
    read_there = set(re.findall(r"PLUMBLINE_[A-Z_]*[A-Z]", text)) | {f"PLUMBLINE_{n.upper()}" for n in names.split()}
    assert read_there | {"PLUMBLINE_URL", "PLUMBLINE_TOKEN"} == set(GATE["env"])
    assert "GITHUB_ACTION_PATH" in GATE["run"]


def test_the_template_runs_the_same_script_less_what_is_githubs() -> None:
    _, *lines = SCRIPT.read_text().splitlines()
    assert template_script() == "\n".join(line for line in lines if "GITHUB" not in line)


def test_the_template_collects_what_the_script_writes() -> None:
    job = TEMPLATE[".plumbline"]
    assert job["artifacts"]["reports"]["junit"] == job["variables"]["PLUMBLINE_JUNIT"]
    assert job["artifacts"]["when"] == "always"


@pytest.mark.parametrize(("name", "command"), [("gate", gate_command), ("audit", audit_command)])
def test_every_option_that_the_script_gives_is_one_of_the_command(name: str, command: click.Command) -> None:
    text = SCRIPT.read_text()
    [names] = re.findall(r"^for name in (.+); do$", text, re.MULTILINE)
    own = {"gate": ["--audit", "--name"], "audit": ["--pdf"]}[name]
    given = [*(f"--{n}" for n in names.split()), "--json", "--sensitive", "--allow-inconclusive", *own]
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(given) <= known


def run(text: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    environment |= {f"PLUMBLINE_{name.upper()}": value for name, value in variables.items()}
    if "summary" in variables:
        environment |= {"GITHUB_STEP_SUMMARY": variables["summary"], "GITHUB_OUTPUT": f"{folder}/output"}
    return subprocess.run(
        ["bash"], input=text, cwd=folder, env=environment, capture_output=True, text=True, timeout=200
    )


@pytest.mark.parametrize("text", [SCRIPT.read_text(), template_script()], ids=["action", "template"])
@pytest.mark.parametrize(("fair", "allow", "code"), [(True, "false", 0), (False, "true", 1)])
def test_hostile_values_reach_the_command_as_they_are(
    text: str, fair: bool, allow: str, code: int, tmp_path: Path
) -> None:
    column = "sex\"; touch pwned; $(touch pwned) `touch pwned` '*"
    name = "--$(touch pwned) a b.csv"
    table = loans(fair=fair)
    write_csv(tmp_path / name, {column: table["sex"]} | {key: table[key] for key in ("paid", "granted")})

    done = run(
        text,
        tmp_path,
        command="audit",
        data=name,
        label="paid",
        prediction="granted",
        sensitive=f"{column}\n\n",
        allow_inconclusive=allow,
        junit="junit.xml",
        sarif="out.sarif",
        json="audit.json",
        summary=str(tmp_path / "summary.md"),
    )

    assert done.returncode == code, done.stderr
    assert not (tmp_path / "pwned").exists()
    assert {"junit.xml", "out.sarif", "audit.json", "summary.md"} <= {file.name for file in tmp_path.iterdir()}
    if "GITHUB_OUTPUT" in text:
        assert (tmp_path / "output").read_text() == f"exit-code={code}\n"


@pytest.mark.parametrize("variables", [{"command": "rm -rf /"}, {"command": "audit", "data": "nowhere.csv"}, {}])
def test_what_cannot_be_used_ends_with_2_and_never_as_a_finding(variables: dict[str, str], tmp_path: Path) -> None:
    done = run(SCRIPT.read_text(), tmp_path, **variables)
    assert done.returncode == 2
    assert done.stderr
