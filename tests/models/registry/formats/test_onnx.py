"""ONNX: how columns find their inputs, and what a hostile file may not do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from onnx import TensorProto, helper

from models.errors import InputError
from models.jobs.sandbox.errors import SandboxError
from models.jobs.sandbox.run import Limits
from models.registry.formats.classes import positive_score
from models.registry.formats.onnx_model import FORMAT
from models.registry.formats.predict import inspect_in_sandbox, predict_in_sandbox
from tests.models.registry.formats.examples import matrix_model, numbers, onnx_example


def saved(model: Any, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def graph(nodes: list[Any], initializers: list[Any] | None = None, **opsets: int) -> Any:
    """A model from x [N, 2] to y [N, 1] out of the given operators."""
    opsets = opsets or {"": 18}
    body = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        initializers or [],
    )
    imports = [helper.make_opsetid(domain.replace("_", "."), version) for domain, version in opsets.items()]
    return helper.make_model(body, opset_imports=imports, ir_version=9)


def people_file(folder: Path, **more: Any) -> Path:
    frame, label = numbers()
    path = folder / "people.parquet"
    frame.assign(**more, label=label).to_parquet(path)
    return path


def test_a_matrix_finds_its_columns_by_the_names_in_the_models_metadata(tmp_path: Path) -> None:
    converted, model = matrix_model(names=["income", "years"])
    data = people_file(tmp_path, other=1.0)
    file = predict_in_sandbox(saved(converted, tmp_path), data, tmp_path / "out", positive="1")
    expected = model.predict_proba(numbers()[0].to_numpy(np.float32))[:, 1]
    assert np.abs(read_scores(file.path) - expected).max() < 1e-6


def test_a_matrix_without_names_takes_the_numeric_columns_that_are_left(tmp_path: Path) -> None:
    converted, model = matrix_model()
    path, data = saved(converted, tmp_path), people_file(tmp_path)
    file = predict_in_sandbox(path, data, tmp_path / "out", positive="1", exclude=["label"])
    expected = model.predict_proba(numbers()[0].to_numpy(np.float32))[:, 1]
    assert np.abs(read_scores(file.path) - expected).max() < 1e-6
    with pytest.raises(InputError, match=r"3 numeric columns.*feature_names"):
        predict_in_sandbox(path, data, tmp_path / "out", positive="1")


def test_the_positive_class_is_picked_by_its_name(tmp_path: Path) -> None:
    converted, model = matrix_model(names=["income", "years"], classes=["bad", "good"])
    path = saved(converted, tmp_path)
    signature = FORMAT.inspect(path)
    assert signature.classes == ("bad", "good")
    frame, _ = numbers()
    predictions = FORMAT.predict(path, pa.Table.from_pandas(frame), signature)
    probabilities = model.predict_proba(frame.to_numpy(np.float32))
    for column, name in enumerate(("bad", "good")):
        found = positive_score(predictions, signature, name)
        assert found is not None
        assert np.abs(found - probabilities[:, column]).max() < 1e-6
    with pytest.raises(InputError, match="knows the classes bad, good, not 'yes'"):
        positive_score(predictions, signature, "yes")


def test_a_wrong_input_name_is_told_with_the_columns_there_are(tmp_path: Path) -> None:
    converted, _ = matrix_model(names=["income", "age"])
    with pytest.raises(InputError, match=r"reads 'age', which the table does not have.*'years'.*Rename"):
        predict_in_sandbox(saved(converted, tmp_path), people_file(tmp_path), tmp_path / "out", positive="1")


def test_text_where_the_model_reads_a_number_is_told(tmp_path: Path) -> None:
    converted, _ = matrix_model(names=["income", "years"])
    data = tmp_path / "people.csv"
    data.write_text("income,years\n1.5,3\nunknown,4\n")
    with pytest.raises(InputError, match="reads 'income' as a number, but the column holds VARCHAR"):
        predict_in_sandbox(saved(converted, tmp_path), data, tmp_path / "out", positive="1")


def test_missing_numbers_reach_the_model_as_nan(tmp_path: Path) -> None:
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    path = saved(graph([helper.make_node("ReduceSum", ["x", "axis"], ["y"])], [axis]), tmp_path)
    table = pa.table({"a": [1.0, None], "b": [2.0, 3.0]})
    scores = FORMAT.predict(path, table, FORMAT.inspect(path)).scores
    assert scores is not None
    assert scores[0, 0] == 3.0
    assert np.isnan(scores[1, 0])


def test_missing_text_is_refused_with_its_column_and_count(tmp_path: Path) -> None:
    example = onnx_example(tmp_path)
    holed = example.frame.assign(home=example.frame.home.where(example.frame.index > 2))
    with pytest.raises(InputError, match=r"'home' has 3 missing values"):
        FORMAT.predict(example.path, pa.Table.from_pandas(holed), FORMAT.inspect(example.path))


def test_an_external_tensor_is_refused_wherever_it_points(tmp_path: Path) -> None:
    for where in ("/etc/passwd", "../../secret", "weights.bin"):
        tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1])
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=where)
        with pytest.raises(InputError, match=r"outside the file, which is not read"):
            FORMAT.inspect(saved(graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor]), tmp_path))


def test_an_external_tensor_hidden_in_an_inner_graph_is_refused(tmp_path: Path) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    inner = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["z"])], "i", [], [], [tensor])
    inner.output.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, None))
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    model = graph([helper.make_node("If", ["yes"], ["y"], then_branch=inner, else_branch=inner)], [yes])
    with pytest.raises(InputError, match="outside the file"):
        FORMAT.inspect(saved(model, tmp_path))


def test_an_operator_of_a_stranger_is_refused_and_named(tmp_path: Path) -> None:
    model = graph([helper.make_node("Shell", ["x"], ["y"], domain="evil.corp")], None, **{"": 18, "evil_corp": 1})
    with pytest.raises(InputError, match=r"operator 'Shell' of the domain 'evil.corp'"):
        FORMAT.inspect(saved(model, tmp_path))


def test_an_operator_that_onnx_does_not_have_is_refused_and_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"operator 'Frobnicate', which ONNX does not have"):
        FORMAT.inspect(saved(graph([helper.make_node("Frobnicate", ["x"], ["y"])]), tmp_path))


def test_sizes_that_are_declared_and_not_there_are_refused(tmp_path: Path) -> None:
    for dims in ([10**9, 10**9], [-1, 2], [1000, 1000]):
        tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, raw_data=b"\0" * 8)
        with pytest.raises(InputError):
            FORMAT.inspect(saved(graph([helper.make_node("MatMul", ["x", "w"], ["y"])], [tensor]), tmp_path))


def test_a_billion_features_are_refused(tmp_path: Path) -> None:
    model = graph([helper.make_node("Identity", ["x"], ["y"])])
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 10**9
    with pytest.raises(InputError, match="declares 1,000,000,000 columns"):
        FORMAT.inspect(saved(model, tmp_path))


def expands_to_a_hundred_gigabytes() -> Any:
    """The sum of 25 billion ones, reached through an operator that the runtime cannot compute beforehand."""
    rows = helper.make_node("Shape", ["x"], ["shape"])
    big = helper.make_tensor("big", TensorProto.INT64, [2], [100_000, 250])
    nodes = [
        rows,
        helper.make_node("Mul", ["shape", "big"], ["huge"]),
        helper.make_node("ConstantOfShape", ["huge"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["sum"], keepdims=1),
        helper.make_node("ReduceMax", ["x", "axis"], ["top"], keepdims=1),
        helper.make_node("Add", ["top", "sum"], ["y"]),
    ]
    return graph(nodes, [big, helper.make_tensor("axis", TensorProto.INT64, [1], [1])])


def loops_for_ever() -> Any:
    """A loop of 2^62 rounds."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Sin", ["state"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [None, 1]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [None, 1]),
        ],
    )
    constants = [
        helper.make_tensor("times", TensorProto.INT64, [], [2**62]),
        helper.make_tensor("start", TensorProto.BOOL, [], [True]),
        helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
    ]
    nodes = [
        helper.make_node("ReduceMax", ["x", "axis"], ["top"], keepdims=1),
        helper.make_node("Loop", ["times", "start", "top"], ["y"], body=body),
    ]
    return graph(nodes, constants)


@pytest.mark.parametrize(
    ("make", "kind", "limits"),
    [
        (expands_to_a_hundred_gigabytes, "memory", Limits(seconds=60, memory=1 << 30)),
        (loops_for_ever, "time", Limits(seconds=6)),
    ],
)
def test_a_model_that_grows_or_runs_without_end_is_stopped(
    tmp_path: Path, make: Callable[[], Any], kind: str, limits: Limits
) -> None:
    path = saved(make(), tmp_path)
    data = tmp_path / "data.parquet"
    pd.DataFrame({"a": np.ones(1000), "b": np.ones(1000)}).to_parquet(data)
    with pytest.raises(SandboxError) as stopped:
        predict_in_sandbox(path, data, tmp_path / "out", positive="1", limits=limits)
    assert stopped.value.kind == kind


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(InputError, match=r"model.onnx is empty"):
        inspect_in_sandbox(tmp_path / "model.onnx", tmp_path / "out")


def read_scores(path: Path) -> np.ndarray:
    return pa.ipc.open_file(str(path)).read_all().column("score").to_numpy()


def test_a_file_that_only_claims_to_be_onnx_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"\x08\x0a\x12" + b"\xff" * 100)
    with pytest.raises(InputError, match="is no ONNX model"):
        FORMAT.inspect(tmp_path / "model.onnx")
