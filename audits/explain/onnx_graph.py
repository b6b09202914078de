"""Finding the additive core of an ONNX graph, and what comes before it.

A column that reaches the core counts as exact only if it can be traced to a single input: through casts, scaling,
imputing, encoding, selecting and joining of columns, but not through anything that mixes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from audits.explain.structure import NotAdditive

Sources = NDArray[np.intp]
"""For each column of a tensor (its shape without the rows), the place of the input that it is made of."""

TREES = ("TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble")
LINEAR = ("LinearClassifier", "LinearRegressor")

BY_COLUMN = frozenset({"Identity", "Cast", "Scaler", "Imputer", "Binarizer", "LabelEncoder", "CategoryMapper"})
BY_ELEMENT = frozenset(
    {"Add", "Sub", "Mul", "Div", "Neg", "Abs", "Exp", "Log", "Sqrt", "Pow", "Clip", "Max", "Min", "Where", "IsNaN"}
    | {
        "Equal",
        "Less",
        "LessOrEqual",
        "Greater",
        "GreaterOrEqual",
        "Not",
        "And",
        "Or",
        "Floor",
        "Ceil",
        "Round",
        "Sign",
    }
)


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as Python values; tensors as arrays, texts as str."""
    return {attribute.name: _plain(onnx.helper.get_attribute_value(attribute)) for attribute in node.attribute}


def _plain(value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list | tuple) and value and isinstance(value[0], bytes):
        return [item.decode() for item in value]
    return value


def core_of(graph: onnx.GraphProto) -> onnx.NodeProto:
    """The one node that holds the trees or the weights.

    Raises
    ------
    NotAdditive
        Where there is none, or more than one.
    """
    found = [node for node in graph.node if node.op_type in TREES + LINEAR]
    if len(found) != 1:
        raise NotAdditive(
            f"it holds {len(found)} sets of trees or weights, whose outputs are combined"
            if found
            else "it holds neither trees nor a linear model"
        )
    return found[0]


def sources(graph: onnx.GraphProto, wanted: str, inputs: Mapping[str, Sources]) -> Sources:
    """For each column of the tensor `wanted`, the place of the input that it is made of.

    Raises
    ------
    NotAdditive
        Where a column is made of more than one input, or by an operator that we cannot trace.
    """
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    constants |= {
        node.output[0]: attributes(node).get("value", np.zeros(())) for node in graph.node if node.op_type == "Constant"
    }
    maker = {name: node for node in graph.node for name in node.output}
    known: dict[str, Sources] = dict(inputs)

    def trace(name: str) -> Sources:
        if name not in known:
            if name not in maker:
                raise NotAdditive("its graph cannot be traced back to its inputs")
            node = maker[name]
            parts = [trace(part) for part in node.input if part and part not in constants]
            known[name] = _through(node, parts, constants)
        return known[name]

    return trace(wanted)


def _through(node: onnx.NodeProto, parts: list[Sources], constants: Mapping[str, NDArray[Any]]) -> Sources:
    """The sources of a node's output, given those of its inputs that are no constants."""
    rule: Callable[..., Sources] | None = _RULES.get(node.op_type)
    if node.op_type in BY_COLUMN and len(parts) == 1:
        return parts[0]
    if node.op_type in BY_ELEMENT and parts:
        return _by_element(node, parts, constants)
    if rule is None or not parts:
        raise NotAdditive(f"its operator {node.op_type} may mix inputs")
    return rule(node, parts, constants)


def _by_element(node: onnx.NodeProto, parts: list[Sources], constants: Mapping[str, NDArray[Any]]) -> Sources:
    """The same place of tensors of one shape; constants must not stretch it."""
    shape = parts[0].shape
    for part in parts[1:]:
        if not np.array_equal(part, parts[0]):
            raise NotAdditive(f"its operator {node.op_type} combines different inputs")
    for name in node.input:
        constant = constants.get(name)
        if constant is not None and np.broadcast_shapes((1, *shape), constant.shape) != (1, *shape):
            raise NotAdditive(f"its operator {node.op_type} stretches a column")
    return parts[0]


def _concat(node: onnx.NodeProto, parts: list[Sources], constants: Mapping[str, NDArray[Any]]) -> Sources:
    axis = attributes(node).get("axis", 1)
    rank = parts[0].ndim + 1
    axis = axis + rank if axis < 0 else axis
    if axis == 0 or len(parts) != len(node.input):
        raise NotAdditive("its operator Concat joins rows or constants")
    return np.concatenate(parts, axis=axis - 1)


def _one_hot(node: onnx.NodeProto, parts: list[Sources], constants: Mapping[str, NDArray[Any]]) -> Sources:
    found = attributes(node)
    width = len(found.get("cats_int64s") or found.get("cats_strings") or ())
    return np.repeat(parts[0][..., None], width, axis=-1)


def _reshape(node: onnx.NodeProto, parts: list[Sources], constants: Mapping[str, NDArray[Any]]) -> Sources:
    shape = constants.get(node.input[1])
    if (
        shape is None
        or len(shape) < 2
        or shape[0] not in (0, -1)
        or (shape[1:] < 1).any()
        or np.prod(shape[1:]) != parts[0].size
    ):
        raise NotAdditive("its operator Reshape moves values between rows")
    return parts[0].reshape(tuple(int(size) for size in shape[1:]))


def _flatten(node: onnx.NodeProto, parts: list[Sources], constants: Mapping[str, NDArray[Any]]) -> Sources:
    if attributes(node).get("axis", 1) != 1:
        raise NotAdditive("its operator Flatten moves values between rows")
    return parts[0].reshape(-1)


def _select(node: onnx.NodeProto, parts: list[Sources], constants: Mapping[str, NDArray[Any]]) -> Sources:
    places = constants.get(node.input[1])
    axis = attributes(node).get("axis", 0) if node.op_type == "Gather" else -1
    if places is None or axis not in (1, -1) or parts[0].ndim != 1 or places.ndim == 0:
        raise NotAdditive(f"its operator {node.op_type} selects more than columns")
    return parts[0][places.astype(np.intp).reshape(-1)]


_RULES: dict[str, Callable[[onnx.NodeProto, list[Sources], Mapping[str, NDArray[Any]]], Sources]] = {
    "Concat": _concat,
    "FeatureVectorizer": lambda node, parts, constants: np.concatenate(parts),
    "OneHotEncoder": _one_hot,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Gather": _select,
    "ArrayFeatureExtractor": _select,
}
