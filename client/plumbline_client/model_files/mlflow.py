"""A model that MLflow keeps: `models:/name/3`, `models:/name@alias` or `runs:/RUN/path`, fetched and sent as it is.

Its file is taken where its format runs no code when it is read. A pickle is not opened here either: whoever trusts it
loads it with MLflow and hands over the estimator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plumbline_client.errors import InvalidInput, NotInstalled
from plumbline_client.model_files.kind import Asked, Kind, Written

ADDRESS = re.compile(r"(models|runs):/\S")
# flavours in the order of preference; each says in MLmodel, under `data` or `pickled_model`, which file is the model
FLAVOURS = ("onnx", "lightgbm", "xgboost", "sklearn")
SAFE = (".onnx", ".skops", ".lgb", ".txt", ".json", ".ubj", ".xgb", ".bst")
REGISTERED = re.compile(r"models:/(?P<name>[^/@]+)[/@](?P<which>[^/]+)$")


class Tracked(Kind):
    rank = 20
    title = "addresses of MLflow (models:/name/version, runs:/run/path)"

    def takes(self, model: Any) -> bool:
        return isinstance(model, str) and ADDRESS.match(model) is not None

    def write(self, model: Any, asked: Asked) -> Written:
        if asked.to:
            raise InvalidInput(f"{model} is sent in the format that MLflow keeps it in; leave out to={asked.to!r}.")
        folder = fetched(model, asked.folder)
        return Written(model_file(folder, model), described(model))


def fetched(address: str, folder: Path) -> Path:
    """The model's folder. InvalidInput where MLflow does not have it."""
    try:
        import mlflow
    except ImportError as error:
        raise NotInstalled("Reading a model from MLflow", "mlflow-skinny") from error
    try:
        return Path(mlflow.artifacts.download_artifacts(artifact_uri=address, dst_path=str(folder)))
    except (mlflow.MlflowException, OSError) as error:
        raise InvalidInput(f"MLflow does not give {address}: {' '.join(str(error).split())[:300]}") from error


def model_file(folder: Path, address: str) -> Path:
    """The file of the first flavour that we read. InvalidInput where there is none, or where it runs code."""
    flavours = declared(folder, address)
    found = [(name, flavours[name]) for name in FLAVOURS if name in flavours]
    if not found:
        known = ", ".join(sorted(set(flavours) - {"python_function"})) or "none"
        raise InvalidInput(
            f"{address} has the flavours {known}; read are {', '.join(FLAVOURS)}. Of any other model, register its "
            "predictions: client.predictions.register(name, scores)."
        )
    paths = [inside(folder, flavour) for _, flavour in found]
    safe = next((path for path in paths if path is not None and path.suffix in SAFE), None)
    if safe is None:
        raise InvalidInput(
            f"{address} is kept as a pickle, and opening one runs whatever is in it. Log it with "
            "serialization_format='skops'; or, if you trust it, load it with mlflow.sklearn.load_model and register "
            "the estimator itself."
        )
    return safe


def declared(folder: Path, address: str) -> Mapping[str, Any]:
    from mlflow.exceptions import MlflowException
    from mlflow.models import Model

    try:
        return dict(Model.load(str(folder)).flavors)
    except (MlflowException, OSError, TypeError, ValueError) as error:
        raise InvalidInput(f"{address} is no model: it has no readable MLmodel file.") from error


def inside(folder: Path, flavour: Mapping[str, Any]) -> Path | None:
    """The file that a flavour names, if it lies in the model's folder."""
    name = flavour.get("data") or flavour.get("pickled_model")
    path = (folder / str(name)).resolve() if name else None
    there = path is not None and path.is_file() and path.is_relative_to(folder.resolve())
    return path if there else None


def described(address: str) -> dict[str, str]:
    """What MLflow's registry says of a registered version."""
    version = registered_version(address)
    return {"description": version.description[:10_000]} if version is not None and version.description else {}


def registered_version(address: str) -> Any:
    """MLflow's own record of a registered model's version; None for a run's model, or where it cannot be asked."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    match = REGISTERED.match(address)
    if match is None:
        return None
    client = MlflowClient()
    try:
        if "@" in address:
            return client.get_model_version_by_alias(match["name"], match["which"])
        if match["which"].lower() == "latest":
            return max(client.search_model_versions(f"name='{match['name']}'"), key=lambda v: int(v.version))
        return client.get_model_version(match["name"], match["which"])
    except (MlflowException, ValueError):
        return None


KIND = Tracked()
