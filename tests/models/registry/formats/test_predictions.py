"""Tables of predictions as models, and how columns and classes are matched."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from models.errors import InputError
from models.registry.formats.classes import positive_column, same_class
from models.registry.formats.format import Input, Signature
from models.registry.formats.matching import matched_columns
from models.registry.formats.predict import predict_in_sandbox
from models.registry.formats.predictions_table import FORMAT
from models.registry.intake.read import ColumnInfo


def saved(folder: Path, name: str = "scores.csv", **columns: list[object]) -> Path:
    path = folder / name
    frame = pd.DataFrame(columns)
    frame.to_parquet(path) if name.endswith("parquet") else frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
def test_missing_scores_and_labels_stay_missing_and_rows_keep_their_order(tmp_path: Path, name: str) -> None:
    scores = saved(tmp_path, name, score=[0.5, None, 0.25], prediction=["yes", "no", None], extra=[1, 2, 3])
    data = saved(tmp_path, "data.csv", sex=["f", "m", "f"])
    file = predict_in_sandbox(scores, data, tmp_path / "out", positive="yes")
    found = pa.ipc.open_file(str(file.path)).read_all().to_pydict()
    assert found == {"score": [0.5, None, 0.25], "prediction": ["yes", "no", None]}


def test_labels_are_read_as_the_file_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("prediction\n01\n1\n")
    labels = FORMAT.predict(path, pa.table({"a": [1, 2]}), FORMAT.inspect(path)).labels
    assert labels == ["01", "1"]


def test_another_number_of_rows_than_the_data_is_refused(tmp_path: Path) -> None:
    scores, data = saved(tmp_path, score=[0.5, 0.6]), saved(tmp_path, "data.csv", sex=["f", "m", "f"])
    with pytest.raises(InputError, match=r"scores\.csv has predictions for 2 rows; data\.csv has 3"):
        predict_in_sandbox(scores, data, tmp_path / "out", positive="1")


def test_a_table_without_predictions_is_told_what_they_are_called(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither a column 'score' .* nor 'prediction'.*are sex"):
        FORMAT.inspect(saved(tmp_path, "table.parquet", sex=["f", "m"]))
    with pytest.raises(InputError, match=r"'score' of scores\.csv holds VARCHAR, not numbers"):
        FORMAT.inspect(saved(tmp_path, score=["high", "low"]))


COLUMNS = [ColumnInfo("annual income", "DOUBLE"), ColumnInfo("age", "BIGINT"), ColumnInfo("home", "VARCHAR")]


def signature(*inputs: Input, width: int | None = None, classes: tuple[str, ...] = ()) -> Signature:
    return Signature("onnx", inputs, ("score",), "score", classes, width, numbered=classes == ("0", "1"))


def test_blanks_in_names_may_have_become_underscores() -> None:
    found = matched_columns(signature(Input("age", "number"), Input("annual_income", "number")), COLUMNS)
    assert [column.name for column in found.values()] == ["age", "annual income"]


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(InputError, match=r"reads 'a', 'b', which"):
        matched_columns(signature(Input("a", "number"), Input("b", "text"), Input("age", "number")), COLUMNS)


def test_a_number_may_be_read_as_text_but_text_not_as_a_number() -> None:
    assert matched_columns(signature(Input("age", "text")), COLUMNS)
    with pytest.raises(InputError, match="reads 'home' as a number"):
        matched_columns(signature(Input("home", "number")), COLUMNS)


def test_columns_that_are_no_inputs_are_left_out_of_a_matrix() -> None:
    assert list(matched_columns(signature(width=1), COLUMNS, exclude=["age"])) == ["annual income"]
    with pytest.raises(InputError, match="2 numeric columns"):
        matched_columns(signature(width=1), COLUMNS)


@pytest.mark.parametrize(("left", "right"), [("1", "1.0"), ("true", "1"), ("False", "0"), ("yes", "yes")])
def test_one_class_has_several_spellings(left: str, right: str) -> None:
    assert same_class(left, right)


@pytest.mark.parametrize(("left", "right"), [("1", "10"), ("yes", "Yes"), ("", "0"), (None, "0")])
def test_different_classes_are_different(left: str | None, right: str) -> None:
    assert not same_class(left, right)


def test_classes_that_are_only_numbered_take_the_labels_names_in_their_order() -> None:
    numbered = signature(width=1, classes=("0", "1"))
    assert positive_column(numbered, "bad", ["bad", "good"]) == 0
    assert positive_column(numbered, "1") == 1
    with pytest.raises(InputError, match=r"only their numbers"):
        positive_column(numbered, "bad")
    with pytest.raises(InputError, match="has 2 classes, but the label has 3"):
        positive_column(numbered, "bad", ["bad", "good", "other"])
