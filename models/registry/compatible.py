"""Whether a model can score a dataset, told from what is stored, before a job is accepted."""

from __future__ import annotations

from collections.abc import Collection

from models.errors import InputError
from models.registry.formats.matching import matched_columns
from models.registry.models import DatasetVersion, ModelVersion


def check_compatible(model: ModelVersion, dataset: DatasetVersion, exclude: Collection[str] = ()) -> list[str]:
    """The dataset's columns that the model reads, in the model's order.

    Args:
        exclude: columns that are no inputs (label, weight, ...), for a model whose inputs have no names.

    Raises:
        InputError: the dataset lacks a column, has one of the wrong type, or the numbers of rows differ; the message
            names them and says how to mend it.
    """
    signature = model.signature
    if signature.rows is not None and dataset.reference is not None and dataset.reference.table:
        raise InputError(
            f"{model} has predictions row by row, and the rows of a table in a database have no order. Write the "
            "predictions into a column of the table, and audit that."
        )
    if signature.rows is not None and signature.rows != dataset.rows:
        raise InputError(
            f"{model} has predictions for {signature.rows:,} rows; {dataset} has {dataset.rows:,}. "
            "They belong together row by row."
        )
    columns = matched_columns(signature, dataset.profile.column_infos(), exclude)
    return [column.name for column in columns.values()]
