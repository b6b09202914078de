"""A table in memory that no file can hold is refused by us, in words, whichever library it is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import polars
import pytest

from plumbline_client.errors import InvalidInput
from plumbline_client.tables import write_table

TABLES: dict[str, tuple[Any, str]] = {
    "a column twice": (pandas.DataFrame([[1, 2]], columns=["sex", "sex"]), "Duplicate column names"),
    "a column twice once names are text": (pandas.DataFrame([[1, 2]], columns=[1, "1"]), "Duplicate column names"),
    "numbers among texts": (pandas.DataFrame({"a": [1, "x"]}), "column a"),
    "objects": (polars.DataFrame({"a": [object()]}), "Object"),
    "no table": ([1, 2], "no table that can be sent"),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_table_that_no_file_can_hold_is_refused(what: str, tmp_path: Path) -> None:
    table, said = TABLES[what]
    with pytest.raises(InvalidInput, match=said):
        write_table(table, tmp_path, "people")
