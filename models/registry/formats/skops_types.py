"""What a skops file may be made of: a reviewed list of scikit-learn's own types, and none that runs what it is given.

skops calls a constructor or __setstate__ of every type in the file, so a type is on the list only if these do nothing
but keep values. Left out on purpose: functions of Python (a FunctionTransformer may hold NumPy's and SciPy's ufuncs
alone), bound methods, partial objects and operator functions, which call what they are given; neighbour trees
(KDTree, BallTree), whose raw indices nothing checks. Tree and TreePredictor hold raw indices too; skops_trees.py
checks those before the first prediction.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from models.errors import InputError

ENTRIES, UNPACKED, EXPANSION, SCHEMA, SMALL = 100_000, 8 << 30, 200, 512 << 20, 64 << 20

LOADERS = frozenset(
    f"{name}Node"
    for name in (
        *("Dict", "List", "Tuple", "Set", "Json", "Slice", "Type", "DType", "NdArray", "MaskedArray", "SparseMatrix"),
        *("RandomState", "RandomGenerator", "Object", "Loss", "Tree", "Cached", "Function"),
    )
)
VALUES = frozenset(
    {
        f"builtins.{name}"
        for name in ("dict", "list", "tuple", "set", "slice", "str", "int", "float", "bool", "NoneType")
    }
    | {"collections.OrderedDict", "numpy.ndarray", "numpy.dtype", "numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"}
    | {f"scipy.sparse._{kind}.{kind}_{form}" for kind in ("csr", "csc", "coo") for form in ("matrix", "array")}
    | {"numpy.random.mtrand.RandomState", "numpy.random._generator.Generator"}
)
# scikit-learn's types that are no public estimators: each read in version 1.9.
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


def check_types(path: Path) -> None:
    """Read the list of what the file is made of, without making any of it.

    Raises:
        InputError: it is no skops file, unpacks to too much, or holds a type that is not on the list, which is named.
    """
    for node in nodes(read_schema(path)):
        name, loader = f"{node.get('__module__')}.{node.get('__class__')}", node.get("__loader__")
        if loader not in LOADERS or name not in allowed(function=loader == "FunctionNode"):
            raise InputError(
                f"{path.name} holds {name!r} (read by {str(loader)[:60]}), which is not among the scikit-learn types "
                "that are read. Build the model of scikit-learn's own estimators, or export it to ONNX with skl2onnx."
            )


@cache
def allowed(function: bool) -> frozenset[str]:
    """The names of the types that may be made, or of the functions that may be referred to."""
    from skops.io import _trusted_types as known

    if function:
        return frozenset({*known.NUMPY_UFUNC_TYPE_NAMES, *known.SCIPY_UFUNC_TYPE_NAMES})
    from skops.io._sklearn import ALLOWED_LOSSES

    losses = {f"{each.__module__}.{each.__name__}" for each in ALLOWED_LOSSES}
    internal = {*known.SKLEARN_ESTIMATOR_TYPE_NAMES, *known.SKLEARN_INTERNAL_TYPE_NAMES, *losses}
    return frozenset({*VALUES, *REVIEWED, *internal, *known.NUMPY_DTYPE_TYPE_NAMES})


def read_schema(path: Path) -> dict[str, Any]:
    """The tree of types, from an archive whose sizes were looked at first."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(path, archive)
            schema = json.loads(archive.read("schema.json"))
    except InputError:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, RecursionError, NotImplementedError, EOFError) as error:
        raise InputError(f"{path.name} is no skops file, or is cut short ({type(error).__name__}).") from error
    if not isinstance(schema, dict):
        raise InputError(f"{path.name} is no skops file: its schema is no object.")
    return schema


def check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    unpacked, packed = sum(entry.file_size for entry in entries), max(path.stat().st_size, 1)
    if len(entries) > ENTRIES or unpacked > UNPACKED or (unpacked > SMALL and unpacked > EXPANSION * packed):
        raise InputError(
            f"{path.name} has {len(entries):,} entries that declare to unpack to {unpacked:,} bytes, "
            f"{unpacked // packed:,} times its size; that is beyond the limit."
        )
    if archive.getinfo("schema.json").file_size > SCHEMA:
        raise InputError(f"{path.name} has a schema of more than {SCHEMA:,} bytes.")


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of the tree that names a type; without recursion, since the depth is the file's choice."""
    waiting: list[Any] = [schema]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, dict):
            if "__loader__" in found or "__class__" in found:
                yield found
            waiting.extend(found.values())
