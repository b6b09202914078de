"""The identity of a table that lies in a database: a SHA-256 over its columns and all of its values, whatever the order
of its rows, computed where it lies.

Every row is written as one text: for each column in the table's order `N;` where it has no value, else the length of
the value's text, a colon, the text and a semicolon. The SHA-256 of that text (UTF-8) is cut into eight numbers of 32
bits, and each of the eight is summed over all rows. Equal rows count as often as they stand there. The identity is the
SHA-256 of a JSON text with the columns' names and types, the number of rows and the eight sums.

It shows every accidental change, and every change by who does not set out to forge it. Who may write to the table and
has the computing power could look for other rows with the same sums; against them the table's owner has the rights of
the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from models.registry.intake.read import ColumnInfo
from models.registry.intake.sql import identifier

SCHEMA = "plumbline.rows/1"
WORDS = 8
# functions take no more arguments than this everywhere
ARGUMENTS = 90
DIGEST = {"postgresql": "encode(sha256(convert_to({row}, 'UTF8')), 'hex')", "duckdb": "sha256({row})"}
NUMBER = {"postgresql": "('x' || {digits})::bit(32)::bigint", "duckdb": "('0x' || {digits})::BIGINT"}


def identity(connection: Any, kind: str, schema: str, name: str, columns: Sequence[ColumnInfo]) -> str:
    """The identity of schema.name, by one statement on an Ibis connection to a database of that kind."""
    sums = ", ".join(f"sum({NUMBER[kind].format(digits=f'substr(h, {1 + 8 * i}, 8)')})::text" for i in range(WORDS))
    digest = DIGEST[kind].format(row=joined([text_of(column.name) for column in columns]))
    table = f"{identifier(schema)}.{identifier(name)}"
    statement = f"SELECT count(*), {sums} FROM (SELECT {digest} AS h FROM {table} OFFSET 0) AS hashed"
    rows, *words = connection.raw_sql(statement).fetchone()
    said = {
        "schema": SCHEMA,
        "columns": [[column.name, column.type] for column in columns],
        "rows": int(rows),
        "sums": [str(word) for word in words],
    }
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def text_of(column: str) -> str:
    text = f"{identifier(column)}::text"
    return f"CASE WHEN {identifier(column)} IS NULL THEN 'N;' ELSE concat(length({text}), ':', {text}, ';') END"


def joined(texts: Sequence[str]) -> str:
    """Any number of texts as one."""
    while len(texts) > 1:
        groups = [texts[start : start + ARGUMENTS] for start in range(0, len(texts), ARGUMENTS)]
        texts = [f"concat({', '.join(group)})" for group in groups]
    return texts[0]
