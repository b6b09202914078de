"""The document: the heading is the answer, a fail is never hedged away, every state of an audit can be told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

from audits.measure.types import CheckResult, Column, Figure, Table
from audits.report.blocks import Block, Document, FigureBlock, Findings, Section, TableBlock
from audits.report.document import build_document
from audits.report.evidence import canonical_bytes, sha256
from audits.report.html import render_html
from audits.report.next_steps import next_steps
from audits.report.reading import Reading
from models.errors import InputError
from tests.audits.report.conftest import people

Audit = dict[str, Any]
HOSTILE = '<img src="http://evil.example/x.png"><script>alert(1)</script>{{ 7*7 }}{% raw %}</style>'


def document(audit: Audit) -> Document:
    return build_document(audit, sha256(canonical_bytes(audit)))


def sections(document: Document) -> Iterator[Section]:
    def walk(section: Section) -> Iterator[Section]:
        yield section
        for inner in section.sections:
            yield from walk(inner)

    for section in (document.summary, *document.front, *document.sections):
        yield from walk(section)


def blocks(document: Document) -> Iterator[Block]:
    for section in sections(document):
        yield from section.blocks


def judged(audit: Audit, *outcomes: str, waived: bool = False) -> Document:
    """The audit with its first verdicts set to these outcomes, the others left out."""
    audit["verdicts"] = audit["verdicts"][: len(outcomes)]
    for verdict, outcome in zip(audit["verdicts"], outcomes, strict=True):
        verdict["outcome"] = outcome
        if waived and outcome == "fail":
            verdict |= {"waived": True, "waiver": "Waived until 2027-01-01: a new model is on its way"}
    return document(audit)


@pytest.mark.parametrize(
    ("outcomes", "heading"),
    [
        (["fail"], "The one rule fails"),
        (["fail", "pass", "pass"], "One of three rules fails"),
        (["fail", "fail", "inconclusive"], "Two of three rules fail, and one is too close to call"),
        (["inconclusive", "pass"], "One of two rules is too close to call; none fails"),
        (["pass", "pass", "pass"], "All three rules pass"),
        (["pass", "not_applicable"], "The one rule passes"),
        (["not_applicable"], "No rule could be judged"),
        ([], "Measured, but judged by no rule"),
    ],
)
def test_the_heading_is_the_answer(audit: Audit, outcomes: list[str], heading: str) -> None:
    assert judged(audit, *outcomes).heading == heading


def test_a_fail_comes_first_among_the_findings_whatever_else_passes(audit: Audit) -> None:
    found = next(b for b in blocks(judged(audit, "pass", "inconclusive", "fail")) if isinstance(b, Findings))
    assert found.items[0].tone == "fail"
    assert 2 <= len(found.items) <= 5


def test_a_waived_fail_is_still_called_a_fail_and_says_why_it_is_waived(audit: Audit) -> None:
    told = judged(audit, "fail", "pass", waived=True)
    assert told.heading == "One of two rules fails, waived"
    assert "a new model is on its way" in render_html(told)


def test_a_waived_fail_is_counted_beside_those_that_are_not(audit: Audit) -> None:
    audit["verdicts"] = [audit["verdicts"][0] | {"rule": f"rule-{i}", "outcome": "fail"} for i in range(3)]
    audit["verdicts"][0] |= {"waived": True, "waiver": "Waived until 2027-01-01: a reason"}
    assert document(audit).heading == "Two of three rules fail, and one more fails under a waiver"


def test_more_fails_than_page_one_holds_are_counted_there(audit: Audit) -> None:
    audit["verdicts"] = [audit["verdicts"][0] | {"rule": f"rule-{i}", "outcome": "fail"} for i in range(9)]
    told = document(audit)
    found = next(b for b in blocks(told) if isinstance(b, Findings))
    assert told.heading == "Nine of nine rules fail"
    assert found.items[-1].headline == "Five more fail or are open."


def test_every_measurement_of_a_group_stands_in_a_table_with_its_id(audit: Audit) -> None:
    cells = {
        c.text
        for b in blocks(document(audit))
        if isinstance(b, TableBlock)
        for g in b.groups
        for r in g.rows
        for c in r.cells
    }
    known = {m["id"] for m in audit["measurements"] if m["value"] is not None}
    own_reference = {m["id"] for m in audit["measurements"] if m["group"] and m["group"] == m.get("reference")}
    assert known - own_reference <= cells


def test_the_order_of_keys_changes_nothing(audit: Audit) -> None:
    shuffled = json.loads(canonical_bytes(audit))
    assert document(audit) == document(shuffled)


def test_without_a_label_what_needs_one_says_why_it_is_missing(audited: Callable[..., Audit]) -> None:
    audit = audited(people().drop(columns="repaid"), sensitive=("sex",), score="score")
    text = render_html(document(audit))
    assert "Precision" in text
    assert "no label" in text
    assert "ROC AUC is" not in text


def test_rows_with_frequencies_say_how_many_they_stand_for(audited: Callable[..., Audit]) -> None:
    rows = pd.DataFrame({"g": list("aabb"), "y": [0, 1, 0, 1], "p": [0, 1, 1, 1], "n": [30, 20, 25, 4500]})
    audit = audited(rows, sensitive=("g",), label="y", prediction="p", frequency="n")
    page = render_html(document(audit))
    assert "clients.parquet, 4 of 4 rows used, standing for 4\u202f575" in page
    assert "has 4 rows; 4 were used, standing for 4\u202f575." in page


def test_suppressed_groups_count_as_not_assessed(audited: Callable[..., Audit]) -> None:
    audit = audited(people(), sensitive=("region",), label="repaid", score="score", suppress=30)
    assert any(m.get("reason") == "suppressed" for m in audit["measurements"])
    told = document(audit)
    assert "suppressed" in render_html(told)


def test_intersections_have_sections_of_their_own(audited: Callable[..., Audit]) -> None:
    audit = audited(people(), sensitive=("sex", "region"), label="repaid", score="score", intersections=True)
    titles = [s.title for s in sections(document(audit))]
    assert titles.count("Sex × region") == 1
    assert "Sex" in titles
    assert "Region" in titles


def test_a_hundred_groups_are_cut_to_what_a_page_holds_and_say_so(audited: Callable[..., Audit]) -> None:
    frame = people(3000).assign(town=lambda f: [f"town {i % 100}" for i in range(len(f))])
    told = document(audited(frame, sensitive=("town",), label="repaid", score="score"))
    rates = next(b for b in blocks(told) if isinstance(b, TableBlock) and b.caption == "Rates by town")
    assert max(len(g.rows) for g in rates.groups) <= 12
    assert "Of 100 groups" in (rates.note or "")


def test_names_are_only_text_wherever_they_come_from(audited: Callable[..., Audit]) -> None:
    frame = people().rename(columns={"sex": HOSTILE})
    frame[HOSTILE] = frame[HOSTILE].replace({"male": HOSTILE})
    subject = {"name": HOSTILE, "purpose": HOSTILE, "version": "\u202e\x00\ud800"}
    audit = audited(frame, subject, sensitive=(HOSTILE,), label="repaid", score="score")
    text = render_html(document(audit))
    assert "<script>" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert "{{ 7*7 }}" in text
    text.encode()


def test_very_long_names_are_cut_in_sentences_and_whole_in_tables(audited: Callable[..., Audit]) -> None:
    name = "w" * 300
    frame = people().assign(sex=lambda f: f["sex"].replace({"male": name}))
    text = render_html(document(audited(frame, sensitive=("sex",), label="repaid", score="score")))
    assert f">{name}</th>" in text
    assert f"group {name}" not in text


def test_a_check_that_nobody_knew_of_gets_a_section_from_what_it_declares(audit: Audit) -> None:
    columns = (Column("noise", "Noise", "number"), Column("share", "Share that holds", "rate"))
    table = Table("noise", "Predictions under noise", columns, ((0.1, 0.99), (0.2, 0.7)), "Seeded.")
    figure = Figure(
        "noise", "line", "Predictions hold up to a tenth of noise.", "A falling line.", "noise", "noise", "share"
    )
    check = CheckResult("robustness", "Robustness", "done", (), (table,), (figure,), ("One draw.",))
    audit["checks"].append(check.to_json())
    told = document(audit)
    section = next(s for s in sections(told) if s.id == "robustness")
    assert [b.kind for b in section.blocks] == ["paragraph", "figure", "table"]
    not_assessed = next(s for s in sections(told) if s.id == "not-assessed")
    assert "obustness" not in str(not_assessed.blocks)


def test_tables_and_figures_are_numbered_through_and_headings_in_order(audit: Audit) -> None:
    told = document(audit)
    for kind in (TableBlock, FigureBlock):
        assert [b.number for b in blocks(told) if isinstance(b, kind)] == list(
            range(1, 1 + sum(isinstance(b, kind) for b in blocks(told)))
        )
    assert [s.number for s in told.sections] == [str(i) for i in range(1, 1 + len(told.sections))]


@pytest.mark.parametrize("change", [{"schema": "other/1"}, {"measurements": None}])
def test_what_is_no_audit_is_refused(audit: Audit, change: Audit) -> None:
    changed = {k: v for k, v in (audit | change).items() if v is not None}
    with pytest.raises(InputError):
        document(changed)


def test_the_web_page_fetches_nothing(audit: Audit) -> None:
    text = render_html(document(audit))
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text
    assert "src: url(&#34;" not in text
    assert 'src: url("data:font/woff2;base64,' in text


def test_a_page_without_any_row_for_a_metric_is_still_a_page(audited: Callable[..., Audit]) -> None:
    frame = pd.DataFrame({"sex": ["f", "m"] * 30, "repaid": [1, 0] * 30, "score": [0.9, 0.1] * 30})
    audit = audited(frame, sensitive=("sex",), label="repaid", score="score")
    assert document(audit).heading


def test_hidden_groups_are_not_called_small_and_no_cure_is_promised(audited: Callable[..., Audit]) -> None:
    audit = audited(people(2000), sensitive=("region", "sex"), label="repaid", score="score", suppress=30)
    opened = [v for v in audit["verdicts"] if v["outcome"] == "inconclusive" and v["attribute"] == "region"]
    assert {g["region"] for v in opened for g in v["not_assessed"]} > {"west"}
    text = render_html(document(audit))
    assert "Groups hidden, since a count of theirs is so small" in text
    assert "Groups too small for a rule" not in text
    assert "No number of rows can be named" not in text
    said = [line for step in next_steps(Reading(audit)) if "region" in step.rule for line in step.todo]
    assert any(line.startswith("Hidden, since a count") and "More rows would show them" in line for line in said)
    assert not any("so near to its limit" in line for line in said)


def test_each_judged_figure_stands_with_its_interval_n_and_limit(audit: Audit) -> None:
    table = next(b for b in blocks(document(audit)) if isinstance(b, TableBlock) and b.id == "verdicts")
    heads = [head.title for head in table.heads]
    row = next(row for group in table.groups for row in group.rows if row.cells[0].id == "four-fifths")
    assert row.cells[0].text == "Disparate impact by sex"
    said = {head: cell.text for head, cell in zip(heads, row.cells, strict=True)}
    assert said["n"] == "600"
    assert all(said[name] for name in ("Figure", "95% interval", "Limit"))


def test_the_title_of_every_figure_states_what_it_shows(audit: Audit) -> None:
    titles = {f["id"]: f["title"] for c in audit["checks"] for f in c["figures"]}
    assert re.fullmatch(r"At \d+% false alarms \d+% of the positives are found", titles["performance-roc"])
    assert all(re.search(r"\d", title) for title in titles.values()), titles
