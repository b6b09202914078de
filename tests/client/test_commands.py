"""The engineer's way on a terminal and in a pipeline: submit, status, report and gate, with their exit codes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from plumbline_client.audits import Audit
from tests.client.sarif_schema import SARIF
from tests.client.tables import loans, write_csv

Run = Callable[..., subprocess.CompletedProcess[str]]
USUAL = ("--label", "paid", "--prediction", "granted", "--sensitive", "sex")
UNKNOWN = "6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10"
WAIVERS = """\
schema = "plumbline.waivers/1"
"""
WAIVER = '[[waiver]]\nrule = "{rule}"\nreason = "Known"\nwho = "Risk committee"\nuntil = {until}\n'
FAILING = ("four-fifths", "demographic-parity", "equalized-odds")


def waivers(folder: Path, *rules: str, until: str = "2999-01-01") -> Path:
    path = folder / "waivers.toml"
    path.write_text(WAIVERS + "".join(WAIVER.format(rule=rule, until=until) for rule in rules))
    return path


def test_a_file_is_submitted_watched_and_its_report_downloaded(plumbline: Run, tmp_path: Path) -> None:
    """With a policy that leaves one rule undecided, which is what --wait says at the end."""
    data = write_csv(tmp_path / "submitted.csv", loans(fair=True, seed=21))
    (tmp_path / "plumbline.toml").write_text(
        'schema = "plumbline.config/1"\nlabel = "paid"\nprediction = "granted"\nsensitive = ["sex"]\npositive = 1\n'
        'policy = "rules.toml"\n'
    )
    (tmp_path / "rules.toml").write_text(
        'schema = "plumbline.policy/1"\n[[rule]]\nid = "accurate"\nmetric = "accuracy"\nat_least = 0.85\n'
        'waived_until = 2999-01-01\nreason = "not yet"\n'
    )

    done = plumbline("submit", data, "--config", "plumbline.toml")
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(r"Audit: (?P<id>\S+)\nPage: (?P<page>http\S+)\n", done.stdout)
    assert found, done.stdout
    assert found["id"] in found["page"]
    assert "Data: submitted, version 1" in done.stderr

    watched = plumbline("status", found["id"], "--watch")
    assert watched.returncode == 0, watched.stderr
    assert watched.stdout.startswith("Audit of submitted version 1: succeeded\n")
    told = json.loads(plumbline("status", found["id"], "--json").stdout)
    assert (told["job"]["state"], told["audit"]["id"]) == ("succeeded", found["id"])
    assert json.loads(plumbline("status", told["job"]["id"], "--json").stdout)["audit"] is None

    done = plumbline("report", found["id"], "-o", "r.pdf", "--evidence", "a.json")
    assert done.returncode == 0, done.stderr
    assert plumbline("verify", "r.pdf").returncode == 0
    assert json.loads((tmp_path / "a.json").read_bytes())["policy"]["name"] == "rules"

    gated = plumbline("gate", "--audit", found["id"], "--policy", "rules.toml", "--sarif", "s.sarif")
    assert gated.returncode == 3, gated.stdout
    [result] = json.loads((tmp_path / "s.sarif").read_bytes())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("rules.toml", 3)
    assert plumbline("gate", "--audit", found["id"], "--allow-inconclusive").returncode == 0


def test_the_gate_submits_waits_and_decides(plumbline: Run, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "gated.csv", loans(fair=False, seed=22))
    done = plumbline("gate", data, *USUAL, "--json", "gate.json")
    assert done.returncode == 1, done.stderr
    decision = json.loads((tmp_path / "gate.json").read_bytes())
    assert (decision["result"], decision["exit_code"]) == ("failed", 1)
    assert decision["links"]["page"] in done.stdout
    assert done.stdout.startswith("The gate is closed: ")


def test_a_fair_audit_opens_the_gate_and_an_unfair_one_closes_it(plumbline: Run, fair: Audit, unfair: Audit) -> None:
    assert plumbline("gate", "--audit", fair.id).returncode == 0
    assert plumbline("gate", "--audit", unfair.id).returncode == 1


@pytest.mark.parametrize("baseline", ["id", "previous", "file"])
def test_a_baseline_tells_what_got_worse_and_that_fails_even_a_waived_gate(
    plumbline: Run, fair: Audit, unfair: Audit, tmp_path: Path, baseline: str
) -> None:
    fair.evidence(tmp_path / "before.json")
    given = {"id": fair.id, "previous": "previous", "file": "before.json"}[baseline]
    file = waivers(tmp_path, *FAILING)
    alone = plumbline("gate", "--audit", unfair.id, "--waivers", file)
    assert alone.returncode == 0, alone.stdout
    compared = plumbline("gate", "--audit", unfair.id, "--waivers", file, "--baseline", given, "--json", "g.json")
    assert compared.returncode == 1, compared.stderr
    worse = {r["rule"] for r in json.loads((tmp_path / "g.json").read_bytes())["regressions"] if r["counts"]}
    assert worse == {"better-than-chance"}
    ignored = plumbline("gate", "--audit", unfair.id, "--waivers", file, "--baseline", given, "--regressions", "ignore")
    assert ignored.returncode == 0


def test_the_first_audit_has_nothing_to_be_compared_with(plumbline: Run, fair: Audit) -> None:
    done = plumbline("gate", "--audit", fair.id, "--baseline", "previous")
    assert done.returncode == 0
    assert "no earlier audit" in done.stderr


def test_an_expired_waiver_is_named_and_opens_nothing(plumbline: Run, unfair: Audit, tmp_path: Path) -> None:
    done = plumbline("gate", "--audit", unfair.id, "--waivers", waivers(tmp_path, *FAILING, until="2020-01-01"))
    assert done.returncode == 1
    assert "The waiver of four-fifths (waivers.toml) expired on 2020-01-01; the rule fails." in done.stdout


def test_every_file_is_written_and_valid(plumbline: Run, fair: Audit, unfair: Audit, tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("# Before\n")
    files = ("--junit", "j.xml", "--sarif", "s.sarif", "--markdown", "m.md", "--json", "g.json")
    done = plumbline(
        "gate", "--audit", unfair.id, "--baseline", fair.id, *files, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md")
    )
    assert done.returncode == 1
    root = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert int(root.get("failures", "")) > 3
    jsonschema.Draft202012Validator(SARIF).validate(json.loads((tmp_path / "s.sarif").read_bytes()))
    summary = (tmp_path / "m.md").read_text()
    assert (tmp_path / "summary.md").read_text() == f"# Before\n{summary}"
    assert unfair.page in summary


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("gate",), "Give DATA"),
        (("gate", "nowhere.csv", *USUAL), "cannot be read"),
        (("gate", "a.csv", "--label", "paid", "--prediction", "granted"), "--sensitive"),
        (("gate", "a.csv", *USUAL, "--baseline", "nowhere.json"), "baseline"),
        (("gate", "a.csv", *USUAL, "--junit", "a.csv"), "Name another file"),
        (("gate", "a.csv", *USUAL, "--junit", "x.xml", "--sarif", "x.xml"), "Name another file"),
        (("gate", "a.csv", *USUAL, "--table", "t"), "belong to --source"),
        (("gate", "--audit", UNKNOWN), f"has no audit {UNKNOWN}"),
        (("gate", "--audit", UNKNOWN, "--label", "paid"), "it takes no --label"),
        (("gate", "a.csv", "--audit", UNKNOWN), "it takes no DATA"),
        (("status", UNKNOWN), f"has no job and no audit {UNKNOWN}"),
        (("status", "../me"), "is no id"),
        (("report", UNKNOWN), f"has no audit {UNKNOWN}"),
        (("report", UNKNOWN, "-o", "missing/r.pdf"), "no folder"),
        (("submit", "a.csv", *USUAL, "--score", "score"), "in one way"),
        (("submit", "a.csv", *USUAL, "--positive", "yes"), "yes"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_is_wrong(
    plumbline: Run, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    data = write_csv(tmp_path / "a.csv", loans(fair=True, seed=23))
    before = data.read_bytes()
    done = plumbline(*arguments, "--wait") if arguments[0] == "submit" else plumbline(*arguments)
    assert done.returncode == 2, done.stderr
    assert told.lower() in " ".join(done.stderr.lower().split())
    assert "Traceback" not in done.stderr
    assert data.read_bytes() == before


def test_server_and_network_end_with_4_and_no_token_with_2(plumbline: Run, fair: Audit) -> None:
    refused = plumbline("gate", "--audit", fair.id, PLUMBLINE_TOKEN="plb_revoked")
    assert (refused.returncode, "token" in refused.stderr) == (4, True)
    away = plumbline("status", fair.id, PLUMBLINE_URL="http://127.0.0.1:9")
    assert away.returncode == 4
    assert "http://127.0.0.1:9" in away.stderr
    assert plumbline("status", fair.id, PLUMBLINE_TOKEN="").returncode == 2
    assert plumbline("status", fair.id, PLUMBLINE_URL="").returncode == 2


def test_a_wait_that_is_over_ends_with_4(plumbline: Run, tmp_path: Path) -> None:
    data = write_csv(tmp_path / "slow.csv", loans(fair=True, seed=24))
    done = plumbline("gate", data, *USUAL, "--timeout", "0")
    assert done.returncode == 4
    assert re.search(r"is (queued|running) still", done.stderr)


def test_the_token_is_never_printed(plumbline: Run, fair: Audit, token: str) -> None:
    for arguments in (("status", fair.id, "--json"), ("gate", "--audit", fair.id), ("status", UNKNOWN)):
        done = plumbline(*arguments)
        assert token not in done.stdout + done.stderr
