"""An audit as a model card: read back by the Hub's own library, with nothing lost."""

from __future__ import annotations

import pytest
import yaml
from huggingface_hub import ModelCard

from audits.report.card import model_card
from audits.run.audit import Material, run_audit
from audits.run.parameters import Parameters
from models.registry.cards.read import read_card

ODD = "<script>alert(1)</script> | `x` [a](b) \n# heading"


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    file = tmp_path_factory.mktemp("card") / "people.csv"
    rows = [f"{i % 2},{'f' if i % 3 else 'm'},{int(i % 5 > 1)}" for i in range(600)]
    file.write_text("label,sex,prediction\n" + "\n".join(rows) + "\n")
    asked = Parameters(sensitive=("sex",), label="label", prediction="prediction")
    subject = {"name": f"Loans {ODD}", "licence": "Apache 2.0", "purpose": ODD, "description": "Plain."}
    return run_audit(asked, Material(data=file, subject=subject))


def test_the_hubs_library_reads_every_figure_with_its_interval_and_count(audit):
    card = ModelCard(model_card(audit, evidence="ab" * 32, address="https://plumbline.example/audits/1/"))
    figures = {result.metric_name: result for result in card.data.eval_results}
    accuracy = figures["Accuracy"]
    row = next(m for m in audit["measurements"] if m["metric"] == "accuracy" and not m["group"])
    assert accuracy.metric_value == row["value"]
    assert accuracy.metric_args == {
        "n": 600,
        "low": row["interval"]["low"],
        "high": row["interval"]["high"],
        "level": 0.95,
    }
    assert accuracy.dataset_revision == audit["inputs"][0]["sha256"]
    assert any(name.endswith(", sex") for name in figures)
    assert card.data.license == "apache-2.0"


def test_every_figure_that_a_rule_rests_on_is_there(audit):
    head = yaml.safe_load(model_card(audit, evidence="ab" * 32).split("---")[1])
    written = {(m["type"], m["value"]) for m in head["model-index"][0]["results"][0]["metrics"]}
    ruled = {ident for verdict in audit["verdicts"] for ident in verdict["measurements"]}
    expected = {(m["metric"], m["value"]) for m in audit["measurements"] if m["id"] in ruled and m["value"] is not None}
    assert expected
    assert expected <= written


def test_every_verdict_stands_in_the_text(audit):
    text = model_card(audit, evidence="ab" * 32)
    assert text.count("\n| ") == len(audit["verdicts"]) + 2
    assert "ab" * 32 in text


def test_what_people_wrote_is_neither_markup_nor_a_second_row(audit):
    body = model_card(audit, evidence="ab" * 32).split("---\n", 2)[2]
    assert "<script" not in body
    assert "\n# heading" not in body


def test_our_own_card_is_read_back(audit):
    card = read_card(model_card(audit, evidence="ab" * 32))
    assert card.licence == "apache-2.0"
    assert {result.metric for result in card.results} >= {"Accuracy"}
