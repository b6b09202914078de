"""ONNX: the interchange format that scikit-learn, LightGBM, XGBoost, PyTorch and others export to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.registry.formats.classes import class_text
from models.registry.formats.format import Format, Input, Predictions, Scorer, Signature
from models.registry.formats.onnx_graph import read_checked
from models.registry.formats.onnx_signature import Ports, read_ports, read_signature
from models.registry.formats.values import column_values
from models.registry.intake.content import first_bytes

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    import pyarrow

TENSORS = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
    **{f"tensor({sign}int{bits})": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
# A serialised model begins with its version (a small number) and then a field of one of these kinds.
FIRST_FIELDS = frozenset((0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72))


class Onnx(Format):
    id = "onnx"
    title = "ONNX"
    suffixes = (".onnx",)

    def recognises(self, path: Path) -> bool:
        start = first_bytes(path, 3)
        return len(start) == 3 and start[0] == 0x08 and 0 < start[1] < 0x40 and start[2] in FIRST_FIELDS

    def inspect(self, path: Path) -> Signature:
        signature = read_signature(read_checked(path))
        open_session(path)  # the runtime has the last word on operators and shapes
        return signature

    def load(self, path: Path, signature: Signature) -> Scorer:
        model = read_checked(path)
        session, ports = open_session(path), read_ports(model)

        def score(table: pyarrow.Table) -> Predictions:
            feeds = fed(session, table, signature)
            wanted = [name for name in (ports.scores, ports.labels) if name is not None]
            return named(dict(zip(wanted, run(session, wanted, feeds, table.num_rows), strict=True)), ports)

        return score


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """The model in the runtime, on the processor, without the dictionaries of ZipMap.

    Raises:
        InputError: the runtime does not have an operator or finds the shapes at odds.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            unzipped(read_checked(path)).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise failure(error, "The ONNX runtime does not accept the model") from error


def unzipped(model: Any) -> Any:
    """The model with the matrix behind each ZipMap as its output: a dictionary for every row takes far longer."""
    import onnx

    graph = model.graph
    zips = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "ZipMap"}
    kept = [node for node in graph.node if node.op_type != "ZipMap"]
    outputs = [
        onnx.helper.make_tensor_value_info(zips[value.name], onnx.TensorProto.FLOAT, None)
        if value.name in zips
        else value
        for value in graph.output
    ]
    if zips:
        del graph.node[:]
        graph.node.extend(kept)
        copies = [type(value).FromString(value.SerializeToString()) for value in outputs]
        del graph.output[:]
        graph.output.extend(copies)
    return model


def fed(session: onnxruntime.InferenceSession, table: pyarrow.Table, signature: Signature) -> dict[str, np.ndarray]:
    """The table's columns as the tensors that the model's inputs declare."""
    import numpy as np

    inputs = session.get_inputs()
    if len(inputs) == 1 and (len(table.column_names) > 1 or signature.width is not None):
        target = numpy_type(inputs[0].type)
        described = signature.inputs or tuple(Input(name, "number") for name in table.column_names)
        columns = [column_values(each, table.column(each.name), target) for each in described]
        return {inputs[0].name: np.column_stack(columns)}
    feeds = {}
    for each, node in zip(signature.inputs, inputs, strict=True):
        values = column_values(each, table.column(each.name), numpy_type(node.type))
        feeds[node.name] = values if len(node.shape) == 1 else values.reshape(-1, 1)
    return feeds


def numpy_type(tensor: str) -> Any:
    import numpy as np

    if tensor == "tensor(string)":
        return str
    if tensor not in TENSORS:
        raise InputError(f"An input of the ONNX model is {tensor}; a table cannot give it.")
    return np.dtype(TENSORS[tensor])


def run(
    session: onnxruntime.InferenceSession, wanted: list[str], feeds: dict[str, np.ndarray], rows: int
) -> list[np.ndarray]:
    """The outputs for all rows; a model exported for a fixed number of rows gets that many at a time.

    Raises:
        InputError: the runtime refuses the rows, or an output does not have one entry per row.
    """
    import numpy as np

    fixed = session.get_inputs()[0].shape[0] if session.get_inputs()[0].shape else None
    size = fixed if isinstance(fixed, int) and fixed > 0 else max(rows, 1)
    parts = []
    for start in range(0, max(rows, 1), size):
        part = {name: padded(values[start : start + size], size, rows) for name, values in feeds.items()}
        try:
            parts.append(session.run(wanted, part))
        except Exception as error:
            raise failure(error, "The ONNX model fails on these rows") from error
    outputs = [np.concatenate([np.asarray(part[index]) for part in parts])[:rows] for index in range(len(wanted))]
    for name, output in zip(wanted, outputs, strict=True):
        if output.shape[0] != rows:
            raise InputError(
                f"The output {name!r} of the ONNX model has {output.shape[0]:,} entries for {rows:,} rows."
            )
    return outputs


def padded(values: np.ndarray, size: int, rows: int) -> np.ndarray:
    """Rows repeated to fill a fixed number; what they give is cut off again."""
    import numpy as np

    if len(values) == size or not rows or not len(values):
        return values
    return np.concatenate([values, np.repeat(values[-1:], size - len(values), axis=0)])


def failure(error: Exception, what: str) -> Exception:
    """A failed allocation stays a matter of memory; the rest is the model's."""
    text = str(error)
    if "allocate" in text or "bad_alloc" in text:
        return MemoryError(brief(error))
    return InputError(f"{what}: {brief(error)}")


def named(outputs: dict[str, np.ndarray], ports: Ports) -> Predictions:
    """The outputs as scores, one column per class, and labels as text."""
    import numpy as np

    scores = labels = None
    if ports.scores is not None:
        values = np.asarray(outputs[ports.scores], dtype=np.float64)
        scores = values.reshape(len(values), -1)
        if ports.classes and scores.shape[1] not in (1, len(ports.classes)):
            raise InputError(f"The model gives {scores.shape[1]} scores a row for {len(ports.classes)} classes.")
    if ports.labels is not None:
        labels = [class_text(value) for value in outputs[ports.labels].reshape(-1)]
    return Predictions(scores, labels)


def brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:300] + "..."


FORMAT = Onnx()
