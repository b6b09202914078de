"""The additive structure of an ONNX model, with exactly what stands before its trees or weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa

from audits.explain.onnx_graph import LINEAR, Sources, attributes, core_of, sources
from audits.explain.onnx_trees import classifier_core, ensemble_core, linear_core, regressor_core
from audits.explain.structure import Link, NotAdditive, Structure
from audits.explain.trees import Floats, LinearSum, TreeSum
from models.errors import InputError

Feeds = Callable[[pa.Table], dict[str, Any]]
"""Makes of a table what onnxruntime takes: each input's name with its array."""


def read_onnx(path: Path, inputs: Sequence[str], feeds: Feeds, positive: int) -> Structure:
    """The structure behind the score of class number `positive`.

    Parameters
    ----------
    inputs: the model's inputs in order, by the names that the graph has for them unless it reads one matrix.
    feeds: makes of a table the arrays of the graph's inputs.

    Raises
    ------
    NotAdditive
        Where the model is no sum of trees or weights over columns that each come from one input.
    """
    model = onnx.load(str(path), load_external_data=False)
    node = core_of(model.graph)
    wanted = node.input[0]
    players = sources(model.graph, wanted, _places(model.graph, inputs)).reshape(-1)
    core, link = _core(node, positive)
    kind = "a linear model" if isinstance(core, LinearSum) else "a sum of trees"
    return Structure(
        title=f"{kind} in ONNX",
        inputs=len(inputs),
        players=tuple(int(place) for place in players),
        core=core,
        link=link,
        design=_design(model, wanted, feeds),
    )


def _core(node: onnx.NodeProto, positive: int) -> tuple[TreeSum | LinearSum, Link]:
    found = attributes(node)
    if node.op_type in LINEAR:
        return linear_core(found, positive, classifier=node.op_type == "LinearClassifier")
    if node.op_type == "TreeEnsembleClassifier":
        return classifier_core(found, positive)
    return regressor_core(found) if node.op_type == "TreeEnsembleRegressor" else ensemble_core(found)


def _places(graph: onnx.GraphProto, inputs: Sequence[str]) -> dict[str, Sources]:
    """Which of the model's inputs each column of each graph input is."""
    constants = {tensor.name for tensor in graph.initializer}
    named = [value.name for value in graph.input if value.name not in constants]
    if len(named) == 1:
        return {named[0]: np.arange(len(inputs), dtype=np.intp)}
    if set(named) != set(inputs):
        raise NotAdditive("its graph's inputs are not the table's columns")
    return {name: np.array([list(inputs).index(name)], dtype=np.intp) for name in named}


def _design(model: onnx.ModelProto, wanted: str, feeds: Feeds) -> Callable[[pa.Table], Floats]:
    """The derived columns: the graph run up to its core, or the input itself where nothing stands before the core."""
    if wanted in {value.name for value in model.graph.input}:
        return lambda table: np.asarray(feeds(table)[wanted]).astype(np.float64)
    import onnxruntime

    before = onnx.ModelProto()
    before.CopyFrom(model)
    del before.graph.output[:]
    before.graph.output.append(onnx.ValueInfoProto(name=wanted))

    def derived(table: pa.Table) -> Floats:
        try:
            session = onnxruntime.InferenceSession(before.SerializeToString(), providers=["CPUExecutionProvider"])
            return _flat(session.run([wanted], feeds(table))[0])
        except (MemoryError, InputError):
            raise
        # the runtime raises a dozen types of its own, for a graph that was made for a fixed number of rows, say
        except Exception as error:
            raise NotAdditive("what stands before its trees or weights cannot be computed by itself") from error

    return derived


def _flat(found: Any) -> Floats:
    result: Floats = np.asarray(found).astype(np.float64)
    return result.reshape(len(result), -1)
