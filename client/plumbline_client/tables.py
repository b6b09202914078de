"""A table as the user has it, written as a file: by whichever library it comes from, which is loaded already.

Nothing is imported that the user did not bring: pandas writes pandas, polars polars, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from plumbline_client.errors import InvalidInput, NotInstalled, PlumblineError

HEAD = 1_000


def is_table(data: Any) -> bool:
    """Whether `data` is something that `write_table` takes."""
    return library_of(data) in ("pandas", "polars") or hasattr(data, "__arrow_c_stream__")


def write_table(data: Any, folder: Path, name: str) -> Path:
    """Write a table of pandas, polars or Arrow as parquet (CSV where the library at hand cannot write parquet).

    The names of a pandas index become columns, since they may be the groups; an index without a name is a count of
    rows and is left out.
    """
    path = folder / f"{safe(name)}.parquet"
    try:
        return written_by_its_library(data, path)
    except (PlumblineError, OSError):
        raise
    except Exception as error:  # each library has errors of its own for what no file can hold
        said = ". ".join(str(part).strip().rstrip(".") for part in error.args) or type(error).__name__
        raise InvalidInput(f"The table cannot be written as a file: {said}.") from error


def written_by_its_library(data: Any, path: Path) -> Path:
    """The file; raises what the library raises for a table that is none, such as one with a column twice."""
    library = library_of(data)
    if library == "pandas" and hasattr(data, "to_parquet"):
        return write_pandas(data, path)
    if library == "polars" and hasattr(data, "collect"):
        data = data.collect()
    if library == "polars" and hasattr(data, "write_parquet"):
        data.write_parquet(path)
        return path
    if hasattr(data, "__arrow_c_stream__"):
        return write_arrow(data, path)
    raise InvalidInput(
        f"A {type(data).__name__} is no table that can be sent. Give a path, or a table of pandas, polars or Arrow."
    )


def write_pandas(data: Any, path: Path) -> Path:
    named = [level for level in data.index.names if level is not None and level not in data.columns]
    if named:
        data = data.reset_index(level=named)
    text = [column for column in data.columns if not isinstance(column, str)]
    if text:
        data = data.rename(columns={column: str(column) for column in text})
    try:
        data.to_parquet(path, index=False)
    except ImportError:  # neither pyarrow nor fastparquet
        path = path.with_suffix(".csv")
        data.to_csv(path, index=False)
    return path


def write_arrow(data: Any, path: Path) -> Path:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        pass
    else:
        pyarrow.parquet.write_table(pyarrow.table(data), path)
        return path
    try:
        import polars
    except ImportError as error:
        raise NotInstalled("Sending an Arrow table", "pyarrow") from error
    polars.DataFrame(data).write_parquet(path)
    return path


def write_columns(columns: Mapping[str, Iterable[Any]], folder: Path, name: str) -> Path:
    """Plain lists of values as CSV, which needs no library."""
    import csv

    path = folder / f"{safe(name)}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def some_rows(data: Any, columns: Sequence[str]) -> Any:
    """Up to five whole rows of these columns, for pandas; None where the table, or this machine, does not have them."""
    if library_of(data) == "polars" and hasattr(data, "collect"):
        data = data.head(HEAD).collect()
    if library_of(data) != "pandas":
        try:
            import pyarrow

            data = pyarrow.table(data).slice(0, HEAD).to_pandas()
        except ImportError:
            return None
    if not hasattr(data, "columns") or not set(columns) <= set(data.columns):
        return None
    rows = data[list(columns)].head(HEAD).dropna().head(5)
    return rows if len(rows) else None


def library_of(data: Any) -> str:
    return type(data).__module__.partition(".")[0]


def safe(name: str) -> str:
    """A file's name made of a thing's name."""
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in name).strip("-.")
    return kept[:80] or "data"
