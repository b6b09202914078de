"""An ONNX file checked before anything runs it: no files beside it, no operators of strangers, sizes that add up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import InputError

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto

DOMAINS = {"": "", "ai.onnx": "", "ai.onnx.ml": "ai.onnx.ml"}
NODE_LIMIT = 200_000
DEPTH_LIMIT = 32
# A graph may declare constants without holding their bytes (ConstantOfShape); more than this is no model of ours.
VALUE_LIMIT = 1 << 31


def read_checked(path: Path) -> ModelProto:
    """The model, after every check.

    Raises:
        InputError: it is no ONNX, refers to other files, uses operators that are not ONNX's own, or its sizes lie.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_model(str(path), load_external_data=False)
    except (DecodeError, ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is no ONNX model, or is cut short ({str(error)[:100]}).") from error
    if not model.graph.node:
        raise InputError(f"{path.name} is no ONNX model: it has no operators.")
    check_tensors(model)
    check_operators(model)
    check_structure(model, path)
    return model


def check_structure(model: ModelProto, path: Path) -> None:
    """ONNX's own checker: every value comes from somewhere, every operator has its inputs and attributes."""
    import onnx

    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else "its structure is damaged"
        raise InputError(f"{path.name} is not a valid ONNX model: {reason}") from error


def check_tensors(model: ModelProto) -> None:
    import onnx

    for tensor in tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            where = next((entry.value for entry in tensor.external_data if entry.key == "location"), "another file")
            raise InputError(
                f"The ONNX model keeps {tensor.name!r} in {where!r}, outside the file, which is not read. Save it as "
                "one file: onnx.save_model(model, path, save_as_external_data=False)."
            )
        if any(size < 0 for size in tensor.dims) or math.prod(tensor.dims) > VALUE_LIMIT:
            raise InputError(f"The ONNX model declares {tensor.name!r} with impossible sizes: {list(tensor.dims)[:8]}.")


def check_operators(model: ModelProto) -> None:
    """Every operator is one of ONNX's own, of a version that exists, or a function that the model defines itself."""
    versions = {DOMAINS.get(opset.domain, opset.domain): opset.version for opset in model.opset_import}
    own = {(function.domain, function.name) for function in model.functions}
    for count, node in enumerate(nodes(model)):
        if count > NODE_LIMIT:
            raise InputError(f"The ONNX model has more than {NODE_LIMIT:,} operators.")
        if (node.domain, node.op_type) not in own:
            check_operator(node, versions)


def check_operator(node: NodeProto, versions: dict[str, int]) -> None:
    import onnx

    if node.domain not in DOMAINS:
        raise InputError(
            f"The ONNX model uses the operator {node.op_type!r} of the domain {node.domain!r}, which is not one of "
            "ONNX's own and is not run. Export the model with standard operators only."
        )
    domain = DOMAINS[node.domain]
    try:
        onnx.defs.get_schema(node.op_type, versions.get(domain, 1), domain)
    except Exception:
        raise InputError(
            f"The ONNX model uses the operator {node.op_type!r}, which ONNX does not have (in version "
            f"{versions.get(domain, 1)} of {domain or 'ai.onnx'}). Export the model with standard operators only."
        ) from None


def nodes(model: ModelProto) -> Iterator[NodeProto]:
    """Every operator: of the graph, of graphs within it, and of the functions that the model defines."""
    yield from graph_nodes(model.graph, 0)
    for function in model.functions:
        for node in function.node:
            yield node
            yield from inner_nodes(node, 0)


def graph_nodes(graph: GraphProto, depth: int) -> Iterator[NodeProto]:
    if depth > DEPTH_LIMIT:
        raise InputError(f"The ONNX model nests graphs more than {DEPTH_LIMIT} deep.")
    for node in graph.node:
        yield node
        yield from inner_nodes(node, depth)


def inner_nodes(node: NodeProto, depth: int) -> Iterator[NodeProto]:
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            yield from graph_nodes(graph, depth + 1)


def tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Every constant of the model."""
    yield from graph_tensors(model.graph)
    for node in nodes(model):
        for attribute in node.attribute:
            yield from attribute_tensors(attribute)
    for training in model.training_info:
        yield from graph_tensors(training.initialization)
        yield from graph_tensors(training.algorithm)


def attribute_tensors(attribute: AttributeProto) -> Iterator[TensorProto]:
    for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
        yield from (sparse.values, sparse.indices)
    yield from (attribute.t, *attribute.tensors)
    for graph in (attribute.g, *attribute.graphs):
        yield from graph_tensors(graph)


def graph_tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
