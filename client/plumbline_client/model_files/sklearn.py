"""A fitted scikit-learn estimator: as skops where all its types are read, else as ONNX."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plumbline_client.errors import InvalidInput, NotInstalled
from plumbline_client.model_files.kind import Asked, Kind, Written, origins
from plumbline_client.tables import safe

# types of scikit-learn that skops asks to be trusted and that a server reads: its list of reviewed types, word for word
REVIEWED = frozenset(
    {
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.compose._column_transformer._RemainderColsList",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
# of NumPy's and SciPy's types those that skops asks about and a server reads too
VALUES = frozenset(
    {"collections.OrderedDict", "numpy.dtype", "numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"}
    | {f"scipy.sparse._{kind}.{kind}_{form}" for kind in ("csr", "csc", "coo") for form in ("matrix", "array")}
)
# what calls what it is given, or is looked up by a name: no server reads it
CALLING = frozenset({"MethodNode", "PartialNode", "OperatorFuncNode"})
TOLERANCE = 1e-4


class Estimator(Kind):
    rank = 30
    title = "fitted scikit-learn estimators"

    def takes(self, model: Any) -> bool:
        return "sklearn" in origins(model) and callable(getattr(model, "predict", None))

    def write(self, model: Any, asked: Asked) -> Written:
        if asked.to not in (None, "skops", "onnx"):
            raise InvalidInput(f"A scikit-learn estimator is sent as 'skops' or 'onnx', not as {asked.to!r}.")
        refuse_unfitted(model)
        if asked.to == "onnx":
            return Written(write_onnx(model, asked))
        path = write_skops(model, asked)
        refused = sorted(refused_types(path))
        if not refused:
            return Written(path)
        if asked.to == "skops":
            raise InvalidInput(f"The model holds {refused[0]}, which a server does not read from skops. Try to='onnx'.")
        path.unlink()
        try:
            return Written(write_onnx(model, asked))
        except InvalidInput as error:
            raise InvalidInput(
                f"The model holds {refused[0]}, which a server does not read from skops, and as ONNX: {error}"
            ) from error


def refuse_unfitted(model: Any) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise InvalidInput(f"The {type(model).__name__} is not fitted yet.") from error


def write_skops(model: Any, asked: Asked) -> Path:
    try:
        import skops.io
    except ImportError as error:
        raise NotInstalled("Sending a scikit-learn estimator", "skops") from error
    path = asked.folder / f"{safe(asked.name)}.skops"
    try:
        skops.io.dump(model, path)
    except Exception as error:  # whatever an estimator's own state raises
        raise InvalidInput(f"skops cannot write the model: {error}") from error
    return path


def refused_types(path: Path) -> set[str]:
    """The names of what the file holds that a server would refuse."""
    import skops.io

    unknown = set(skops.io.get_untrusted_types(file=path)) - REVIEWED - VALUES
    with zipfile.ZipFile(path) as archive:
        schema = json.loads(archive.read("schema.json"))
    return unknown | {f"a {node['__loader__'].removesuffix('Node')}" for node in nodes(schema) if calls(node)}


def calls(node: dict[str, Any]) -> bool:
    return node.get("__loader__") in CALLING


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    waiting = [schema]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, dict):
            yield found
            waiting.extend(found.values())


def write_onnx(model: Any, asked: Asked) -> Path:
    """ONNX by skl2onnx: one matrix of numbers with the names of its columns, or an input for each column of `example`.

    A table of rows with text needs an example, since the estimator does not know the types it was fitted with.
    """
    try:
        import numpy
        import onnx
        from skl2onnx import to_onnx
    except ImportError as error:
        raise NotInstalled("Converting to ONNX", "skl2onnx") from error
    refuse_categories(model)
    width = getattr(model, "n_features_in_", None)
    names = [str(name) for name in getattr(model, "feature_names_in_", ())]
    options = {id(model): {"zipmap": False}} if hasattr(model, "classes_") else None
    by_column = asked.example is not None and not all_numbers(asked.example)
    rows = single(asked.example[:1]) if by_column else numpy.zeros((1, width or 1), numpy.float32)
    try:
        converted = to_onnx(model, rows, options=options)
    except Exception as error:  # skl2onnx raises many kinds, all of them about this model
        told = " ".join(str(error).split())[:300]
        hint = "" if asked.example is not None else " Where columns hold text, give a few rows: example=X[:5]."
        raise InvalidInput(f"skl2onnx cannot convert the model: {told}{hint}") from error
    if names and not by_column:
        onnx.helper.set_model_props(converted, {"feature_names": json.dumps(names)})
    path = asked.folder / f"{safe(asked.name)}.onnx"
    path.write_bytes(converted.SerializeToString())
    if asked.example is not None:
        tell_differences(model, path, asked.example, by_column)
    return path


def refuse_categories(model: Any) -> None:
    """skl2onnx takes the categories of gradient boosting for numbers, and says nothing: it would be another model."""
    for part in parts(model):
        categorical = getattr(part, "is_categorical_", None)
        if categorical is not None and any(categorical):
            raise InvalidInput(
                f"{type(part).__name__} with categorical_features cannot be converted faithfully: skl2onnx would take "
                "the categories for numbers. Encode them before it (OneHotEncoder, or OrdinalEncoder with "
                "categorical_features=None), or register the predictions: client.predictions.register(name, scores)."
            )


def parts(model: Any) -> Iterator[Any]:
    """The estimator, and every estimator of scikit-learn within it, fitted ones too."""
    waiting, seen = [model], set()
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, (list, tuple, set)):
            waiting.extend(found)
        elif isinstance(found, dict):
            waiting.extend(found.values())
        elif "sklearn" in origins(found):
            yield found
            waiting.extend(vars(found).values() if hasattr(found, "__dict__") else ())


def tell_differences(model: Any, path: Path, example: Any, by_column: bool) -> None:
    """Warn where the converted model scores the example otherwise: what is audited is the file."""
    try:
        import numpy
        import onnxruntime
    except ImportError:
        return
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    if by_column:
        rows = single(example)
        given = {name: rows[[name]].to_numpy() for name in names}
    else:
        given = {names[0]: numpy.asarray(example, dtype=numpy.float32)}
    found = session.run(None, given)[-1]
    meant = (model.predict_proba if hasattr(model, "predict_proba") else model.predict)(example)
    if numpy.issubdtype(numpy.asarray(meant).dtype, numpy.number):
        furthest = float(numpy.abs(numpy.asarray(found).reshape(numpy.shape(meant)) - meant).max())
        if furthest > TOLERANCE:
            warnings.warn(
                f"Converted to ONNX, which computes in single precision, the model scores up to {furthest:.3g} "
                "otherwise on the example. What is audited is the converted model.",
                stacklevel=2,
            )


def single(rows: Any) -> Any:
    """A table's fractions in single precision, in which ONNX's models compute."""
    rows = rows.to_pandas() if hasattr(rows, "to_pandas") else rows
    return rows.astype({name: "float32" for name, kind in rows.dtypes.items() if getattr(kind, "kind", "") == "f"})


def all_numbers(example: Any) -> bool:
    """Whether every column of the example is of numbers."""
    kinds = getattr(example, "dtypes", None)
    if kinds is None or not hasattr(kinds, "tolist"):
        kinds = [getattr(example, "dtype", None)]
    return all(getattr(kind, "kind", "O") in "biuf" for kind in kinds)


KIND = Estimator()
