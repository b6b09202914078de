"""A trained network as ONNX: it reads the table's own columns by name, so its file is all that scoring needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privacy.dp.features import Feature, Levels, Number
from privacy.dp.network import Network

if TYPE_CHECKING:
    import onnx

OPSET, ML_OPSET = 18, 3


def to_onnx(network: Network, features: Sequence[Feature], classes: Sequence[str], told: Mapping[str, str]) -> bytes:
    """The same bytes for the same network. Inputs (n, 1) named as the columns; output `probabilities` (n, classes).

    `told` becomes metadata beside the classes.
    """
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    parts = [graph.number(each) if isinstance(each, Number) else graph.levels(each) for each in features]
    at = graph.node("Concat", parts, axis=1)
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        at = graph.node("Relu", [graph.gemm(at, weight, bias)])
    graph.node("Softmax", [graph.gemm(at, network.weights[-1], network.biases[-1])], out="probabilities", axis=1)
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(classes)])
    made = helper.make_graph(graph.nodes, "plumbline", graph.inputs, [output], graph.constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=9, producer_name="plumbline")
    helper.set_model_props(model, {"classes": json.dumps(list(classes)), **told})
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


class _Graph:
    """Nodes, inputs and constants as they are added; each value has a name of its own."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, kind: str, given: list[str], out: str | None = None, domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = out or f"value {len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, given, [name], domain=domain, **attributes))
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        from onnx import numpy_helper

        name = f"constant {len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def read(self, name: str, kind: int) -> str:
        from onnx import helper

        self.inputs.append(helper.make_tensor_value_info(name, kind, ["n", 1]))
        return name

    def gemm(self, at: str, weight: Any, bias: Any) -> str:
        given = [at, self.constant(weight.cpu().numpy()), self.constant(bias.cpu().numpy())]
        return self.node("Gemm", given, transB=1)

    def number(self, feature: Number) -> str:
        """As Number.encode: cut and scaled, and whether it is missing. In double precision, as there."""
        from onnx import TensorProto

        given = self.read(feature.name, TensorProto.DOUBLE)
        finite = [self.node("IsNaN", [given]), self.node("IsInf", [self.node("Cast", [given], to=TensorProto.FLOAT)])]
        missing = self.node("Or", finite)
        filled = self.node("Where", [missing, self.constant([[feature.middle]], np.float64), given])
        low, high = self.constant(feature.low, np.float64), self.constant(feature.high, np.float64)
        moved = self.node("Sub", [self.node("Clip", [filled, low, high]), self.constant([feature.middle], np.float64)])
        scaled = self.node("Div", [moved, self.constant([feature.half], np.float64)])
        both = [self.node("Cast", [each], to=TensorProto.FLOAT) for each in (scaled, missing)]
        return self.node("Concat", both, axis=1)

    def levels(self, feature: Levels) -> str:
        """As Levels.encode: one feature each, all 0 for an unknown level."""
        from onnx import TensorProto

        given = self.read(feature.name, TensorProto.INT64 if feature.of_numbers else TensorProto.STRING)
        levels: dict[str, Any] = {"cats_int64s" if feature.of_numbers else "cats_strings": list(feature.values)}
        encoded = self.node("OneHotEncoder", [given], domain="ai.onnx.ml", zeros=1, **levels)
        return self.node("Reshape", [encoded, self.constant([-1, feature.width], np.int64)])
