"""`plumbline audit` and the commands that ask a server take the same options and read the same plumbline.toml alike.

The client imports nothing of the service, so it has its own reading of them; here the two are held beside each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from audits.command.audit import audit
from audits.run import options as service
from models.errors import InputError
from plumbline_client.command import submission as client
from plumbline_client.command.submit import submit
from plumbline_client.errors import InvalidInput

# of a server alone, and of files alone
ON_A_SERVER = {"name", "source", "table", "place", "resume", "url", "wait", "as_json"}
ON_FILES = {"cross_check", "json_file", "pdf_file", "html_file", "baseline"}
DECIDES = {"waivers", "regressions", "allow_inconclusive", "junit", "sarif", "markdown"}

WHOLE = """
schema = "plumbline.config/1"
label = "paid"
score = "p"
positive = true
favourable = 0
weight = "w"
sensitive = ["sex", 1]
intersections = true
drop_missing = false
suppress = 5
seed = 3
policy = "rules/mine.toml"
[reference]
sex = "male"
1 = 2
[options.explanation]
rows = 50
[subject]
name = "Scoring"
purpose = "Credit"
owner = "Lending"
"""


def test_the_options_have_the_same_names_kinds_and_defaults() -> None:
    ours, theirs = declared(submit, ON_A_SERVER), declared(audit, ON_FILES | DECIDES)
    assert set(ours) == set(theirs)
    for name in ours:
        assert ours[name] == theirs[name], name


def declared(command: click.Command, but: set[str]) -> dict[str, tuple[Any, ...]]:
    """`--model` is a file here, and a file or an id there."""
    options = {str(each.name): each for each in command.params if isinstance(each, click.Option)}
    return {
        name: (each.opts, each.multiple, each.is_flag, "" if name in ("model", "policy", "config") else each.type.name)
        for name, each in options.items()
        if name not in but
    }


def test_the_words_of_a_configuration_are_the_same() -> None:
    assert set(client.TEXTS) == set(service.TEXTS)
    assert {*client.FLAGS, *client.ELSEWHERE} == set(service.FLAGS)
    assert set(client.NUMBERS) == set(service.NUMBERS)
    assert set(client.SUBJECT) == set(service.SUBJECT)
    assert client.SCHEMA == service.SCHEMA


TYPED: list[dict[str, Any]] = [
    {},
    {"prediction": "d", "sensitive": ("age", "sex", "1")},
    {"reference": ("sex=female",), "seed": 9, "drop_missing": True, "threshold": 0.4},
    {"sensitive": ("a=b", "a"), "reference": ("a=b=c", "a=x"), "positive": "yes"},
]


@pytest.mark.parametrize("typed", TYPED)
def test_a_configuration_and_what_is_typed_make_the_same_question(tmp_path: Path, typed: dict[str, Any]) -> None:
    config = tmp_path / "plumbline.toml"
    config.write_text(WHOLE)
    there = service.read_options(typed, config)
    given = {**dict.fromkeys(client.option_names()), **typed, "config": config}
    here = client.read_submission("data.csv", given)
    asked = {name: value for name, value in there.parameters.to_json().items() if name not in ("model", "cross_check")}
    said = {**dict.fromkeys(asked), "positive": "1", "seed": 0, "intersections": False, "drop_missing": False}
    assert {**said, "options": {}, **here.parameters} == asked
    assert (here.policy, here.words, here.model_name) == (
        there.policy,
        {name: value for name, value in there.subject.items() if name != "name"},
        there.subject["name"],
    )


@pytest.mark.parametrize(
    "text",
    [
        "label = ", "nonsense = 1", 'sensitive = "sex"', "label = []", 'threshold = "high"', "drop_missing = 1",
        "cross_check = 1", 'schema = "other/1"', "[subject]\nnobody = 1", "reference = 5", "options = []",
        'reference = "sex=male"',
    ],
)  # fmt: skip
def test_what_the_one_refuses_the_other_refuses_in_the_same_words(tmp_path: Path, text: str) -> None:
    config = tmp_path / "plumbline.toml"
    config.write_text(text)
    with pytest.raises(InputError) as there:
        service.read_options({"sensitive": ("sex",), "prediction": "d"}, config)
    given = {**dict.fromkeys(client.option_names()), "sensitive": ("sex",), "prediction": "d", "config": config}
    with pytest.raises(InvalidInput) as here:
        client.read_submission("data.csv", given)
    assert str(here.value) == str(there.value)
