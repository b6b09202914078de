"""What the documents promise is what the settings and the data say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from governance.prune import KINDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = {
    name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("retention", "operations", "upgrading", "settings")
}
LAW = tomllib.loads((ROOT / "governance" / "retention.toml").read_text())
WORDS = {"P10Y": "10 years", "P6M": "6 months"}


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in text.splitlines() if line[:2] == "| "]


@pytest.mark.parametrize("period", LAW["period"], ids=lambda period: period["id"])
def test_each_period_of_the_law_stands_in_the_page_as_in_the_data(period: dict[str, str]) -> None:
    assert period["source"] in {source["id"] for source in LAW["source"]}
    (row,) = [row for row in rows(DOCS["retention"]) if row[0].endswith(period["ref"])]
    assert row[1] == period["what"]
    assert WORDS.get(period["period"], period["period"]) in row[2]
    assert ("at least" in row[2]) == bool(period.get("minimum"))
    assert row[3:5] == [period["who"], period["applies"]]


@pytest.mark.parametrize("note", LAW["note"], ids=lambda note: note["text"][:30])
def test_each_note_on_the_law_stands_in_the_page_word_for_word(note: dict[str, str]) -> None:
    assert note["source"] in {source["id"] for source in LAW["source"]}
    assert note["text"] in " ".join(DOCS["retention"].split())


def test_the_page_names_no_reference_that_the_data_do_not_have() -> None:
    known = {period["ref"] for period in LAW["period"]}
    known |= set(re.findall(r"Article \d+\w*(?:\(\w+\))*", " ".join(note["text"] for note in LAW["note"])))
    named = set(re.findall(r"Article \d+\w*(?:\(\w+\))*", DOCS["retention"]))
    assert named <= known


def test_the_defaults_are_as_the_page_says() -> None:
    text = DOCS["retention"]
    assert settings.KEEP_JOB_LOGS_DAYS == 3653
    assert "`KEEP_JOB_LOGS_DAYS`, ten years" in text
    for name in ("KEEP_DELIVERIES_DAYS", "KEEP_NOTICES_DAYS", "KEEP_UNREFERENCED_BLOBS_DAYS"):
        assert f"`{name}`, {getattr(settings, name)} days" in text
    assert f"`PRUNE_HOURS` ({settings.PRUNE_HOURS})" in text
    assert len(KINDS) == text.count("| pruned |") + text.count("| swept every ten minutes |")


def test_every_command_of_ours_is_in_the_list_and_the_reverse() -> None:
    ours = {name for name, app in get_commands().items() if app.startswith(("governance", "models.", "audits"))}
    listed = {
        name for row in rows(DOCS["settings"].partition("## Commands")[2]) for name in re.findall(r"`(\w+)", row[0])
    }
    assert ours | {"migrate"} == listed


def test_every_figure_that_is_worth_an_alarm_is_told() -> None:
    source = (ROOT / "governance" / "metrics.py").read_text()
    named = set(re.findall(r"`(plumbline_\w+?)(?:_total)?[`{]", DOCS["operations"]))
    assert named
    assert all(f'"{name}"' in source for name in named), named
