"""Options: what is typed wins over the file, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from audits.run.options import read_options
from audits.run.parameters import Parameters
from models.errors import InputError


def config(folder: Path, text: str) -> Path:
    path = folder / "plumbline.toml"
    path.write_text(text, "utf-8")
    return path


def test_what_is_typed_wins_over_the_configuration(tmp_path: Path) -> None:
    file = config(tmp_path, 'label = "y"\nprediction = "p"\nsensitive = ["sex"]\npositive = 1\nseed = 4\n')

    options = read_options({"label": "z", "sensitive": (), "seed": None}, file)

    assert options.parameters.label == "z"
    assert options.parameters.sensitive == ("sex",)
    assert options.parameters.positive == "1"
    assert options.parameters.seed == 4


def test_a_typed_score_replaces_the_files_prediction(tmp_path: Path) -> None:
    file = config(tmp_path, 'label = "y"\nprediction = "p"\nsensitive = ["sex"]\n')

    options = read_options({"score": "s"}, file)

    assert (options.parameters.score, options.parameters.prediction) == ("s", None)


def test_a_model_in_the_configuration_lies_beside_it(tmp_path: Path) -> None:
    file = config(tmp_path, 'label = "y"\nmodel = "m.onnx"\nsensitive = ["sex"]\n')

    assert read_options({}, file).model == tmp_path / "m.onnx"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('labl = "y"', "unknown key 'labl'"),
        ("sensitive = 3", "sensitive has a value of the wrong kind"),
        ('schema = "other/1"', "plumbline.config/1"),
        ("label = ", "cannot be read"),
        ("[subject]\ncolour = 1", "unknown key 'colour'"),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_options({}, config(tmp_path, text))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"prediction": None}, "in one way"),
        ({"score": "s"}, "in one way"),
        ({"sensitive": ()}, "at least one sensitive"),
        ({"weight": "w", "frequency": "f"}, "not both"),
        ({"threshold": 0.5}, "applies to scores"),
        ({"suppress": 0}, "1 or more"),
        ({"reference": {"age": "1"}}, "no --sensitive column"),
        ({"sensitive": ("sex", "sex")}, "'sex' is named twice"),
        ({"weight": "sex"}, "only one"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(changes: dict[str, object], told: str) -> None:
    base: dict[str, object] = {"sensitive": ("sex",), "label": "y", "prediction": "p"}
    with pytest.raises(InputError, match=told):
        Parameters(**{**base, **changes})  # type: ignore[arg-type]


def test_parameters_come_back_from_their_json() -> None:
    asked = Parameters(
        sensitive=("sex", "age"), label="y", score="s", threshold=0.3, reference={"sex": "m"}, suppress=5
    )
    assert Parameters.from_json(asked.to_json()) == asked


def test_a_reference_must_be_column_and_value() -> None:
    with pytest.raises(InputError, match="COL=VALUE"):
        read_options({"sensitive": ("sex",), "prediction": "p", "reference": ("sex",)}, None)


@pytest.mark.parametrize(
    ("sensitive", "pair", "read"),
    [
        (("x=y",), "x=y=k=v", {"x=y": "k=v"}),
        (("x", "x=y"), "x=y=k", {"x=y": "k"}),
        (("x", "x=y"), "x=z", {"x": "z"}),
        (("sex",), "sex=a=b", {"sex": "a=b"}),
    ],
)
def test_a_reference_is_split_after_the_longest_column_it_begins_with(
    sensitive: tuple[str, ...], pair: str, read: dict[str, str]
) -> None:
    options = read_options({"sensitive": sensitive, "prediction": "p", "reference": (pair,)}, None)
    assert options.parameters.reference == read


def test_a_typed_reference_may_speak_of_a_column_of_the_configuration(tmp_path: Path) -> None:
    file = config(tmp_path, 'prediction = "p"\nsensitive = ["x=y"]\n')
    assert read_options({"reference": ("x=y=v",)}, file).parameters.reference == {"x=y": "v"}


def test_a_column_that_would_be_taken_for_an_intersection_is_refused() -> None:
    with pytest.raises(InputError, match="has a \\* in its name"):
        Parameters(sensitive=("sex", "race", "race*sex"), prediction="p", intersections=True)
