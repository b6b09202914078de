"""Models: a file, or an estimator that becomes one on the way; and predictions, which need no model at all."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal

from plumbline_client.datasets import send_file
from plumbline_client.errors import InvalidInput
from plumbline_client.model_files.discovery import write_model
from plumbline_client.model_files.kind import Asked
from plumbline_client.progress import Shown
from plumbline_client.records import DatasetVersion, Format, Model, ModelVersion, read_as
from plumbline_client.registered import version_of, warn_of_another
from plumbline_client.tables import is_table, write_columns, write_table
from plumbline_client.things import Things, called

SCORE, PREDICTION = "score", "prediction"


class Models(Things[Model, ModelVersion]):
    """`client.models`."""

    kind, thing, of = "model", Model, ModelVersion

    def formats(self) -> tuple[Format, ...]:
        """The formats of models and of data that the server reads."""
        return tuple(read_as(Format, row) for row in self.connection.pages("/formats"))

    def register(
        self,
        name: str | Model,
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
            name: or the model itself, whatever it is called.
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
            written = write_model(model, Asked(Path(folder), called(name), to, example))
            upload = send_file(self.uploads, written.path, resume, progress)
        body = {
            "upload": upload,
            "trained_on": ident(trained_on),
            "derived_from": ident(derived_from),
            "card": card or written.card,
        }
        said = {**written.words, **words} if isinstance(name, str) else words
        job = self._start(name, said, body)
        done = self.jobs.wait(job, progress=progress, timeout=timeout)
        found = self.version(version_of(done, "model"))
        warn_of_another(called(name), found.model.name, done)
        return found


class Predictions:
    """`client.predictions`: what a model said of the rows of a dataset, in their order, instead of the model."""

    def __init__(self, models: Models) -> None:
        self.models = models

    def register(
        self,
        name: str | Model,
        predictions: Any,
        *,
        kind: Literal["score", "prediction"] | None = None,
        progress: bool | Shown = False,
        timeout: float | None = None,
        **words: str | None,
    ) -> ModelVersion:
        """Register predictions as a version of the model `name`, or of the model itself.

        Args:
            predictions: a path, a table with a column `score` or `prediction`, or an array or list with a value for
                each row of the dataset.
            kind: what an array holds; without it fractions are scores, anything else predicted values.
        """
        with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
            file = predictions_file(predictions, kind, Path(folder), called(name))
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
