"""Generated rows: three attributes of 5, 4 and 2 groups, a label and a prediction, all small whole numbers."""

from __future__ import annotations

from pathlib import Path

from tests.bench.row import FOLDER

ATTRIBUTES = ("region", "age", "sex")
LABEL, PREDICTION = "label", "prediction"
COLUMNS = (*ATTRIBUTES, LABEL, PREDICTION)


def generated(rows: int) -> Path:
    """A parquet file of so many rows, kept under var/bench. A hash of the row number stands in for chance, so that
    the file is the same everywhere."""
    import duckdb

    path = FOLDER / f"rows-{rows}.parquet"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    duckdb.connect().execute(
        f"""
        copy (
          select (hash(i) % 5)::tinyint as region, (hash(i + 1e12::bigint) % 4)::tinyint as age,
                 (hash(i + 2e12::bigint) % 2)::tinyint as sex,
                 (hash(i + 3e12::bigint) % 100 < 30)::tinyint as label,
                 (hash(i + 4e12::bigint) % 100 < 30 + hash(i) % 5)::tinyint as prediction
          from range({rows}) as numbers(i)
        ) to '{unfinished}' (format parquet)
        """
    )
    unfinished.rename(path)
    return path
