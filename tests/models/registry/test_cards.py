"""Reading model cards: what is taken from them, and what their YAML cannot do to us."""

from __future__ import annotations

import pytest
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from models.errors import InputError
from models.registry.cards.read import StatedResult, read_card

CARD = """---
license: apache-2.0
model_name: Loan default
base_model: acme/base
datasets:
- acme/loans
- acme/more
model-index:
- name: Loan default
  results:
  - task: {type: tabular-classification}
    dataset: {type: tabular, name: Loans 2025}
    metrics:
    - {type: accuracy, value: 0.82, name: Accuracy}
---

<!-- a note to authors -->
# Loan default

Says who may not pay back.

## Intended use

Helps an officer of a bank; decides nothing alone.

## Limits

Trained on one country.
"""


def test_a_card_gives_the_words_of_a_model():
    card = read_card(CARD)
    assert card.name == "Loan default"
    assert card.words() == {
        "licence": "apache-2.0",
        "description": "Says who may not pay back.",
        "purpose": "Helps an officer of a bank; decides nothing alone.",
    }
    assert card.datasets == ("acme/loans", "acme/more")
    assert card.base_models == ("acme/base",)
    assert card.results == (StatedResult("Accuracy", "0.82", "Loans 2025"),)


def test_a_card_that_the_hubs_own_library_wrote_is_read_back():
    result = EvalResult("tabular-classification", "tabular", "Loans", "f1", 0.7, metric_name="F1")
    data = ModelCardData(license="mit", model_name="Mine", eval_results=[result], tags=["x"])
    written = ModelCard(f"---\n{data.to_yaml()}\n---\n\nA model.\n")
    card = read_card(str(written))
    assert (card.name, card.licence, card.description) == ("Mine", "mit", "A model.")
    assert card.results == (StatedResult("F1", "0.7", "Loans"),)


def test_another_licence_goes_by_its_name():
    assert read_card("---\nlicense: other\nlicense_name: house rules\n---\n").licence == "house rules"


@pytest.mark.parametrize("text", ["", "Only words.", "---\n---\n", "---\n# nothing\n---\n"])
def test_a_card_without_data_is_only_words(text):
    assert read_card(text).licence == ""


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("a: [1, 2", "cannot be read"),
        ("- a\n- b", "a list of"),
        ("a: !!python/object/apply:os.system ['true']", "cannot be read"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("[" * 5000, "cannot be read"),
        ("a: 2026-99-99", "cannot be read"),
    ],
)
def test_yaml_that_is_broken_or_hostile_is_refused(head, said):
    with pytest.raises(InputError, match=said):
        read_card(f"---\n{head}\n---\n")


def test_a_card_of_a_megabyte_is_refused():
    with pytest.raises(InputError, match="longer than"):
        read_card("x" * 1_000_000)


def test_odd_shapes_leave_blanks_and_nothing_breaks():
    card = read_card("---\nlicense: [a, {b: c}]\ndatasets: {x: y}\nmodel-index: [[1]]\n---\n")
    assert (card.licence, card.datasets, card.results) == ("", (), ())
