"""The explanation check, through the sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import ibis
import numpy as np
import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from audits.checks.explanation import CHECK
from audits.explain.task import explain_in_sandbox, request_of
from audits.measure.check import Context, discover
from audits.measure.cube import build_cube
from audits.run.parameters import Parameters
from audits.run.result_json import check_result_from_json
from models.errors import InputError

ASKED = Parameters(sensitive=("sex",), label="bad", model=True, positive="1", favourable="0")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small ONNX model and the table it reads, with a label and a sensitive column beside."""
    from skl2onnx import to_onnx

    folder, rng = tmp_path_factory.mktemp("files"), np.random.default_rng(2)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    bad = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int)
    model = to_onnx(HistGradientBoostingClassifier(max_iter=10).fit(x, bad), x[:1], options={"zipmap": False})
    onnx.helper.set_model_props(model, {"feature_names": json.dumps(["a", "b", "c"])})
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    columns = {name: x[:, i] for i, name in enumerate("abc")} | {"sex": rng.choice(["f", "m"], 300), "bad": bad}
    pq.write_table(pa.table(columns), folder / "rows.parquet")
    return folder / "model.onnx", folder / "rows.parquet"


def test_a_model_is_explained_in_the_sandbox(files: tuple[Path, Path], tmp_path: Path) -> None:
    said: list[float] = []

    result = explain_in_sandbox(ASKED, *files, tmp_path, on_progress=lambda share, sentence: said.append(share))

    found = check_result_from_json(json.loads(json.dumps(result, allow_nan=False)))
    assert found.status == "done"
    assert max(found.measurements, key=lambda m: m.value or 0).feature == "a"
    assert {f.table for f in found.figures} <= {t.id for t in found.tables}
    assert said == sorted(said)


def test_data_without_the_models_inputs_are_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    pq.write_table(pq.read_table(files[1]).drop(["b"]), tmp_path / "less.parquet")

    with pytest.raises(InputError, match="'b'"):
        explain_in_sandbox(ASKED, files[0], tmp_path / "less.parquet", tmp_path / "out")


def test_the_decision_that_does_not_favour_the_person_follows_from_positive_and_favourable() -> None:
    assert request_of(ASKED).adverse_from_threshold
    assert not request_of(Parameters(sensitive=("sex",), model=True, positive="1")).adverse_from_threshold
    assert not request_of(
        Parameters(sensitive=("sex",), model=True, positive="1", favourable="1.0")
    ).adverse_from_threshold


@pytest.mark.parametrize("options", [{"row": 5}, {"rows": 0}, {"pairs": "many"}])
def test_options_that_mean_nothing_are_refused(options: dict[str, object]) -> None:
    asked = Parameters(sensitive=("sex",), model=True, options={"explanation": options})

    with pytest.raises(InputError, match="The explanation"):
        request_of(asked)


def test_predictions_without_their_model_are_not_explained() -> None:
    rows = ibis.memtable({"sex": ["f", "m"], "bad": [1, 0], "score": [0.7, 0.2]})
    asked = Parameters(sensitive=("sex",), label="bad", score="score")

    result = CHECK.run(Context(build_cube(rows, asked.question()).cube, asked))

    assert (result.status, result.measurements) == ("not_applicable", ())
    assert result.reason == "No model was given, only its predictions, so there is nothing to explain."


def test_the_check_is_found_and_asks_for_a_model() -> None:
    assert CHECK in discover()
    assert CHECK.needs == {"model"}
    assert {option.name: option.default for option in CHECK.options} == {
        name: getattr(request_of(ASKED), name) for name in ("method", "rows", "background", "pairs", "evaluations")
    }


def test_finding_the_check_imports_nothing_heavy() -> None:
    heavy = {"shap", "woodelf", "pandas", "onnx", "scipy", "sklearn"}
    code = f"import sys, audits.checks.explanation; print(*{heavy} & set(sys.modules))"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == ""
