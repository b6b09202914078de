"""Models: a file, or an estimator that becomes one on the way; and predictions, which need no model at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from plumbline_client.connection import Connection
from plumbline_client.datasets import send_file
from plumbline_client.errors import InvalidInput
from plumbline_client.jobs import Jobs
from plumbline_client.model_files.discovery import write_model
from plumbline_client.model_files.kind import Asked
from plumbline_client.progress import Shown
from plumbline_client.records import DatasetVersion, Job, Model, ModelVersion, read_as
from plumbline_client.registered import start, version_of, warn_of_another
from plumbline_client.tables import is_table, write_columns, write_table
from plumbline_client.uploads import Uploads

VERSIONS = "/model-versions"
SCORE, PREDICTION = "score", "prediction"


class Models:
    """`client.models`."""

    def __init__(self, connection: Connection, jobs: Jobs, uploads: Uploads) -> None:
        self.connection, self.jobs, self.uploads = connection, jobs, uploads

    def list(self, *, name: str | None = None, q: str | None = None, owner: str | None = None) -> Iterator[Model]:
        rows = self.connection.pages("/models", {"name": name, "q": q, "owner": owner})
        return (read_as(Model, row) for row in rows)

    def get(self, model: str) -> Model:
        return read_as(Model, self.connection.get(f"/models/{model}"))

    def version(self, version: str) -> ModelVersion:
        """A version by its own id."""
        return read_as(ModelVersion, self.connection.get(f"{VERSIONS}/{version}"))

    def versions(self, model: str) -> Iterator[ModelVersion]:
        return (read_as(ModelVersion, row) for row in self.connection.pages(f"/models/{model}/versions"))

    def register(
        self,
        name: str,
        model: Any,
        *,
        to: str | None = None,
        example: Any = None,
        trained_on: DatasetVersion | str | None = None,
        derived_from: ModelVersion | str | None = None,
        card: str | None = None,
        resume: str | None = None,
        progress: bool | Shown = False,
        timeout: float | None = None,
        **words: str | None,
    ) -> ModelVersion:
        """A new version of the model `name`, which is made if it is not there. The same bytes are the same version.

        Args:
            model: a path, a fitted scikit-learn estimator (sent as skops, or ONNX), a LightGBM or XGBoost model.
            to: "skops" or "onnx", where the choice should not be left to us.
            example: a few rows of the inputs; needed for ONNX where columns hold text.
            trained_on, derived_from: the versions that it comes from.
            card: a model card (the text of a README.md).
            resume: the id of an upload that broke off.
            progress: True for a bar where somebody looks on, or a function of (share, sentence).
            words: purpose, role, owner, licence, description, for a model that is made.
        """
        with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
            written = write_model(model, Asked(Path(folder), name, to, example))
            upload = send_file(self.uploads, written.path, resume, progress)
        body = {
            "name": name,
            "upload": upload,
            "trained_on": ident(trained_on),
            "derived_from": ident(derived_from),
            "card": card or written.card,
        }
        job = start(self.connection, VERSIONS, {**written.words, **words, **body})
        done = self.jobs.wait(job, progress=progress, timeout=timeout)
        found = self.version(version_of(done, "model"))
        warn_of_another(name, found.model.name, done)
        return found

    def registered(self, job: Job, **wait: Any) -> ModelVersion:
        """The version that a registration made, or found, once it is finished."""
        return self.version(version_of(self.jobs.wait(job, **wait), "model"))


class Predictions:
    """`client.predictions`: what a model said of the rows of a dataset, in their order, instead of the model."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def register(
        self,
        name: str,
        predictions: Any,
        *,
        kind: Literal["score", "prediction"] | None = None,
        progress: bool | Shown = False,
        timeout: float | None = None,
        **words: str | None,
    ) -> ModelVersion:
        """Register predictions as a version of the model `name`.

        Args:
            predictions: a path, a table with a column `score` or `prediction`, or an array or list with a value for
                each row of the dataset.
            kind: what an array holds; without it fractions are scores, anything else predicted values.
        """
        with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
            file = predictions_file(predictions, kind, Path(folder), name)
            return self.models.register(name, file, progress=progress, timeout=timeout, **words)


def predictions_file(predictions: Any, kind: str | None, folder: Path, name: str) -> Any:
    """The file that predictions become. InvalidInput where they are none."""
    if isinstance(predictions, (str, Path)):
        return predictions
    if is_table(predictions) and hasattr(predictions, "columns"):
        return write_table(predictions, folder, name)
    values = plain_list(predictions)
    if kind not in (None, SCORE, PREDICTION):
        raise InvalidInput(f"kind is 'score' or 'prediction', not {kind!r}.")
    return write_columns({kind or kind_of(values): values}, folder, name)


def plain_list(predictions: Any) -> list[Any]:
    """The values of an array, a series or a list; one for each row."""
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(predictions, method):
            predictions = getattr(predictions, method)()
            break
    if not isinstance(predictions, (list, tuple)) or not predictions:
        raise InvalidInput("Predictions are a table, or an array or list with a value for each row.")
    if any(isinstance(value, (list, tuple, dict)) for value in predictions):
        raise InvalidInput(
            "The predictions have several columns. Give the one of the positive class: model.predict_proba(X)[:, 1]."
        )
    return list(predictions)


def kind_of(values: list[Any]) -> str:
    return SCORE if any(isinstance(v, float) and not v.is_integer() for v in values) else PREDICTION


def ident(thing: Any) -> str | None:
    """The id of a record, or the id itself."""
    return getattr(thing, "id", thing)
