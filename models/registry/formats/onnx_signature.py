"""The signature of an ONNX model: its inputs, what its outputs mean, and the names of its classes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.errors import InputError
from models.registry.formats.classes import class_text
from models.registry.formats.format import Input, InputType, Signature

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto

WIDTH_LIMIT = 100_000
TYPES: dict[str, InputType] = {
    "FLOAT": "number",
    "DOUBLE": "number",
    "FLOAT16": "number",
    "STRING": "text",
    "BOOL": "boolean",
    **{f"{sign}INT{bits}": "integer" for sign in ("", "U") for bits in (8, 16, 32, 64)},
}


@dataclass(frozen=True, slots=True)
class Ports:
    """The names of a model's inputs and of the outputs that hold scores and labels, as the runtime knows them.

    `scores` may be a value within the graph: the matrix that a ZipMap would turn into dictionaries.
    """

    inputs: tuple[str, ...]
    scores: str | None
    labels: str | None
    classes: tuple[str, ...]


def read_signature(model: ModelProto) -> Signature:
    """What a checked model reads and gives.

    Raises:
        InputError: an input is no tensor of numbers or texts, or no output holds a score or a label.
    """
    graph, ports = model.graph, read_ports(model)
    described = {value.name: value for value in graph.input}
    kind = "score" if ports.scores is not None else "label"
    matrix = single_matrix(model, described, ports)
    inputs: tuple[Input, ...] = ()
    width = None
    if matrix is None:
        inputs = tuple(
            Input(name, tensor_type(described[name]), takes_missing(described[name])) for name in ports.inputs
        )
    else:
        width = matrix_width(matrix)
        inputs = named_features(model, matrix, width)
    outputs = tuple(name for name in (ports.labels, ports.scores) if name is not None)
    return Signature(
        "onnx",
        inputs,
        outputs,
        "score" if kind == "score" else "label",
        ports.classes,
        None if inputs else width,
        numbered=bool(ports.classes)
        and ports.classes == positions(len(ports.classes))
        and not declared_classes(model.graph),
    )


def read_ports(model: ModelProto) -> Ports:
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    inputs = tuple(value.name for value in graph.input if value.name not in constants)
    if not inputs:
        raise InputError("The ONNX model reads no input.")
    scores, labels = find_outputs(graph)
    if scores is None and labels is None:
        found = ", ".join(f"{value.name} ({type_name(value) or 'no tensor'})" for value in graph.output)
        raise InputError(f"No output of the ONNX model holds a score or a label for each row; it has {found}.")
    return Ports(inputs, scores, labels, find_classes(model, scores))


def find_outputs(graph: GraphProto) -> tuple[str | None, str | None]:
    """The outputs with scores and with labels; what is called a probability goes before other numbers."""
    zipped = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "ZipMap"}
    scores, labels = [], []
    for value in graph.output:
        kind = type_name(value)
        if value.name in zipped:
            scores.append(zipped[value.name])
        elif kind in ("FLOAT", "DOUBLE", "FLOAT16"):
            scores.append(value.name)
        elif kind is not None and kind in TYPES:
            labels.append(value.name)
    scores.sort(key=lambda name: "prob" not in name.lower())
    return (scores[0] if scores else None), (labels[0] if labels else None)


def single_matrix(model: ModelProto, described: dict[str, ValueInfoProto], ports: Ports) -> ValueInfoProto | None:
    """The only input, where it holds several columns at once, does not say how many, or has names for them."""
    if len(ports.inputs) != 1:
        return None
    value = described[ports.inputs[0]]
    return value if matrix_width(value) != 1 or "feature_names" in metadata(model) else None


def matrix_width(value: ValueInfoProto) -> int | None:
    """The number of columns that a matrix declares: None where it is left open, 1 for a vector.

    Raises:
        InputError: more columns than any table has, or more than two dimensions.
    """
    dims = value.type.tensor_type.shape.dim
    if len(dims) < 2:
        return 1 if dims else None
    if len(dims) > 2:
        raise InputError(f"The input {value.name!r} of the ONNX model has {len(dims)} dimensions; a table has two.")
    width = dims[1].dim_value if dims[1].HasField("dim_value") else None
    if width is not None and not 0 < width <= WIDTH_LIMIT:
        raise InputError(f"The input {value.name!r} of the ONNX model declares {width:,} columns.")
    return width


def named_features(model: ModelProto, value: ValueInfoProto, width: int | None) -> tuple[Input, ...]:
    """The matrix's columns by the model's own metadata; none where it has no such names."""
    text = metadata(model).get("feature_names")
    if text is None:
        return ()
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InputError("The ONNX model's metadata `feature_names` is to be a JSON list of column names.")
    if (width is not None and len(names) != width) or len(set(names)) != len(names):
        raise InputError(
            f"The ONNX model's metadata names {len(names)} features, {len(set(names))} different; it reads {width}."
        )
    return tuple(Input(name, tensor_type(value), takes_missing(value)) for name in names)


def find_classes(model: ModelProto, scores: str | None) -> tuple[str, ...]:
    """The classes in the order of the scores: by metadata, by the operators that name them, else by their number."""
    listed = metadata(model).get("classes")
    if listed is not None:
        try:
            values = json.loads(listed)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, list):
            raise InputError("The ONNX model's metadata `classes` is to be a JSON list.")
        return tuple(class_text(value) for value in values)
    if declared := declared_classes(model.graph):
        return declared
    width = next((declared_width(value) for value in model.graph.output if value.name == scores), None)
    return positions(width) if width is not None and 2 <= width <= 1000 else ()


def positions(count: int) -> tuple[str, ...]:
    return tuple(str(index) for index in range(count))


def declared_classes(graph: GraphProto) -> tuple[str, ...]:
    """The classes that a ZipMap, a classifier or the constant behind the labels names; the last operator wins."""
    for node in reversed(graph.node):
        for attribute in node.attribute:
            if attribute.name.startswith("classlabels") and (attribute.ints or attribute.strings):
                texts = [text.decode("utf-8", "replace") for text in attribute.strings]
                return tuple(texts or (class_text(value) for value in attribute.ints))
        if node.op_type == "ArrayFeatureExtractor" and (found := constant_classes(graph, node)):
            return found
    return ()


def constant_classes(graph: GraphProto, node: NodeProto) -> tuple[str, ...]:
    """skl2onnx picks labels out of a constant that is called classes."""
    import onnx.numpy_helper

    for tensor in graph.initializer:
        if tensor.name == node.input[0] and "classes" in tensor.name.lower():
            values = onnx.numpy_helper.to_array(tensor).ravel()
            return tuple(class_text(v.decode() if isinstance(v, bytes) else v) for v in values)
    return ()


def declared_width(value: ValueInfoProto) -> int | None:
    dims = value.type.tensor_type.shape.dim
    return dims[1].dim_value if len(dims) == 2 and dims[1].HasField("dim_value") else None


def metadata(model: ModelProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in model.metadata_props}


def type_name(value: ValueInfoProto) -> str | None:
    """FLOAT, INT64, STRING, ...; None for what is no tensor."""
    import onnx

    if not value.type.HasField("tensor_type"):
        return None
    return str(onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type))


def tensor_type(value: ValueInfoProto) -> InputType:
    kind = type_name(value)
    if kind not in TYPES:
        raise InputError(
            f"The input {value.name!r} of the ONNX model is {kind or 'no tensor'}; a table cannot give it."
        )
    return TYPES[kind]


def takes_missing(value: ValueInfoProto) -> bool:
    return type_name(value) in ("FLOAT", "DOUBLE", "FLOAT16")
