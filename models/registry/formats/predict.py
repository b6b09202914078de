"""Inspect a model and predict with it, in the sandbox: one entry for every format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import InputError
from models.jobs.sandbox.run import Limits, run_sandboxed
from models.registry.formats.classes import positive_score
from models.registry.formats.discovery import formats, recognised
from models.registry.formats.format import BATCH, Predictions, Progress, Signature
from models.registry.formats.matching import assumed_order, matched_columns
from models.registry.intake.limits import DataLimits
from models.registry.intake.read import ColumnInfo, TableFile, open_table, reading
from models.registry.intake.shown import shown_as
from models.registry.intake.sql import identifier

if TYPE_CHECKING:
    import pyarrow

FILE = "predictions.arrow"


@dataclass(frozen=True, slots=True)
class PredictionFile:
    """Predictions on disk: an Arrow file with one row per data row and the columns `score` and `prediction`, or one.

    `score` is float64, missing where the model gave no number; `prediction` is the model's own class, as text.
    `assumed_order` names the table's columns as they were taken, where the model has no names for several inputs.
    """

    path: Path
    rows: int
    columns: tuple[str, ...]
    signature: Signature
    assumed_order: tuple[str, ...] = ()


def inspect_in_sandbox(
    model: Path,
    scratch: Path,
    *,
    name: str | None = None,
    limits: Limits = Limits(seconds=120),
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Signature:
    """A model file's signature; `scratch` is an empty folder for the sandbox, `name` what messages call the file.

    Raises:
        InputError: the file is refused. SandboxError: reading it crossed a limit, crashed or tried what it may not.
    """
    with shown_as({"model": model}, {"model": name or model.name}) as inputs:
        result = run_sandboxed(
            "models.registry.formats.predict:inspect_task",
            {},
            inputs=inputs,
            output=scratch,
            limits=limits,
            on_progress=on_progress,
            cancelled=cancelled,
        )
    return Signature.from_json(result)


def predict_in_sandbox(
    model: Path,
    data: Path,
    output: Path,
    *,
    positive: str,
    exclude: Sequence[str] = (),
    names: dict[str, str] | None = None,
    data_limits: DataLimits = DataLimits(),
    limits: Limits = Limits(),
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> PredictionFile:
    """Predict every row of a table with a model; writes output/predictions.arrow.

    Args:
        model, data: files of any format that is read.
        output: a folder for the sandbox to write to.
        positive: the class whose probability is the score.
        exclude: columns that are no inputs (label, weight), for a model whose inputs have no names.
        names: what messages call the files, under "model" and "data".

    Raises:
        InputError: model and table do not fit, or a file is refused; the message says how to mend it.
        SandboxError: the model ran too long, took too much memory, crashed, or tried what it may not.
    """
    payload = {
        "positive": positive,
        "exclude": list(exclude),
        "limits": data_limits.to_json(),
    }
    with shown_as({"model": model, "data": data}, names or {}) as inputs:
        result = run_sandboxed(
            "models.registry.formats.predict:predict_task",
            payload,
            inputs=inputs,
            output=output,
            limits=limits,
            on_progress=on_progress,
            cancelled=cancelled,
        )
    signature = Signature.from_json(result["signature"])
    order = tuple(result["assumed_order"])
    return PredictionFile(output / FILE, int(result["rows"]), tuple(result["columns"]), signature, order)


def inspect_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """In the sandbox: the signature of inputs["model"], as JSON."""
    model = inputs["model"]
    return recognised(model).inspect(model).to_json()


def predict_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Progress) -> dict[str, Any]:
    """In the sandbox: predict inputs["data"] with inputs["model"] into output/predictions.arrow."""
    model, data = inputs["model"], inputs["data"]
    progress(0.0, "Reading the model")
    signature = recognised(model).inspect(model)
    progress(0.02, "Reading the table")
    table = open_table(data, DataLimits.from_json(payload["limits"]))
    if signature.rows not in (None, table.rows):
        raise InputError(f"{model.name} has predictions for {signature.rows:,} rows; {data.name} has {table.rows:,}.")
    matched = matched_columns(signature, table.columns, payload["exclude"])
    batches = predicted(model, table, signature, matched, payload, progress)
    columns = write_predictions(batches, output / FILE)
    return {
        "signature": signature.to_json(),
        "rows": table.rows,
        "columns": columns,
        "assumed_order": assumed_order(signature, matched),
    }


def predicted(
    model: Path,
    table: TableFile,
    signature: Signature,
    columns: dict[str, ColumnInfo],
    payload: dict[str, Any],
    progress: Progress,
) -> Iterator[pyarrow.RecordBatch]:
    """The predictions, batch by batch, as Arrow; no more than one batch of rows is in memory."""
    inputs = {name: column.name for name, column in columns.items()}
    texts = [columns[each.name].name for each in signature.inputs if each.type == "text"]
    scorer, done = formats()[signature.format].load(model, signature), 0
    for rows in input_batches(table, inputs, texts):
        predictions = scorer(rows)
        if predictions.rows != rows.num_rows:
            raise InputError(f"The model gives {predictions.rows:,} predictions for {rows.num_rows:,} rows.")
        yield as_batch(predictions, signature, payload["positive"])
        done += rows.num_rows
        progress(0.05 + 0.95 * done / table.rows, f"Predicted {done:,} of {table.rows:,} rows")


def input_batches(table: TableFile, inputs: dict[str, str], texts: Sequence[str]) -> Iterator[pyarrow.Table]:
    """The input columns of the table under the model's names for them, in the order of the rows."""
    import duckdb
    import pyarrow

    chosen = ", ".join(f"{identifier(column)} AS c{place}" for place, column in enumerate(inputs.values())) or "1 AS c0"
    with duckdb.connect() as connection, reading(table.path):
        query = f"SELECT {chosen} FROM {table.relation(connection, texts)}"
        for batch in connection.execute(query).to_arrow_reader(BATCH):
            yield pyarrow.Table.from_batches([batch]).rename_columns(list(inputs) or ["row"])


def as_batch(predictions: Predictions, signature: Signature, positive: str) -> pyarrow.RecordBatch:
    """Score of the positive class and the model's own class, as Arrow; NaN is a missing score."""
    import pyarrow

    columns = {}
    score = positive_score(predictions, signature, positive)
    if score is not None:
        columns["score"] = pyarrow.array(score, pyarrow.float64(), from_pandas=True)
    if predictions.labels is not None:
        columns["prediction"] = pyarrow.array(predictions.labels, pyarrow.string())
    return pyarrow.RecordBatch.from_pydict(columns)


def write_predictions(batches: Iterator[pyarrow.RecordBatch], path: Path) -> list[str]:
    """Write an Arrow file as the batches come; the names of its columns."""
    import pyarrow

    first = next(batches)
    with pyarrow.OSFile(str(path), "wb") as sink, pyarrow.ipc.new_file(sink, first.schema) as writer:
        writer.write_batch(first)
        for batch in batches:
            writer.write_batch(batch)
    return list(first.schema.names)
