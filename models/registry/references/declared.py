"""Places whose data may be read where they lie: declared by the operator in one file, named by everybody else.

Nobody but the operator ever says an address, so no request can lead the service anywhere else.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from models.errors import InputError
from models.registry.blobs.bucket import Bucket
from models.registry.blobs.store import StorageError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
VARIABLE = re.compile(r"\$\{(\w+)\}")
KINDS = {"s3": "s3", "postgres": "postgresql", "postgresql": "postgresql", "duckdb": "duckdb"}
KEYS = frozenset({"url", "organisations", "schemas", "seconds", "access_key", "secret_key"})
LONGEST = 1_000
SYSTEM = re.compile(r"(?i)pg_.*|information_schema")


class SourceError(StorageError):
    """A place that was declared cannot be reached or used, through no fault of whoever named it."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Data where they lie: the name of a declared place, and in it a table (schema.table) or a file."""

    source: str
    table: str = ""
    path: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.table or self.path}"

    @property
    def name(self) -> str:
        """What the data are called."""
        return self.table or self.path.rsplit("/", 1)[-1]

    def to_json(self) -> dict[str, str]:
        return {name: text for name, text in asdict(self).items() if text}


@dataclass(frozen=True, slots=True)
class Source:
    """A declared place. `organisations` may name it (None: all); `schemas` are those whose tables may be read (empty:
    every one that is not the database's own); `seconds` is the longest that one statement may take."""

    name: str
    kind: str
    url: str = field(repr=False)
    organisations: frozenset[str] | None = None
    schemas: frozenset[str] = frozenset()
    seconds: int = 600
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    @property
    def is_database(self) -> bool:
        return self.kind != "s3"

    def bucket(self) -> Bucket:
        found = Bucket.at(self.url)
        if self.key:
            found.key, found.secret, found.session = self.key, self.secret, ""
        return found

    def check(self, reference: Reference) -> None:
        """Raises InputError where the reference is not of this place's kind, or leads where it may not."""
        if self.is_database:
            if reference.path or not reference.table:
                raise InputError(f"{self.name} is a database: name a table in it, as schema.table.")
            self.parts(reference.table)
        elif reference.table or not reference.path:
            raise InputError(f"{self.name} holds files: name the path of one in it.")
        else:
            plain_path(reference.path)

    def parts(self, table: str) -> tuple[str, str]:
        """Schema and table; raises InputError."""
        schema, _, name = table.partition(".")
        if not schema or not name or len(table) > LONGEST:
            raise InputError("Name the table as schema.table, for example public.clients.")
        if schema not in self.schemas and (self.schemas or SYSTEM.fullmatch(schema)):
            raise InputError(f"{self.name} has no table {table[:200]!r} that may be read here.")
        return schema, name


def plain_path(path: str) -> str:
    """A path below the declared prefix; raises InputError for one that could lead out of it."""
    steps = path.split("/")
    if len(path) > LONGEST or "\\" in path or not path.isprintable() or any(step in ("", ".", "..") for step in steps):
        raise InputError("Name the file by its plain path below the declared place, for example 2026/clients.parquet.")
    return path


def read_sources(path: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Source]:
    """What a file declares, by name. ${NAME} in a value stands for a variable of the environment.

    Raises:
        SourceError: the file is missing or wrong; the message says where, and never shows a value.
    """
    try:
        declared = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"The list of data sources cannot be read ({type(error).__name__}).") from error
    return {name: read_source(name, said, environment) for name, said in declared.items()}


def read_source(name: str, said: Any, environment: Mapping[str, str]) -> Source:
    if not NAME.fullmatch(name):
        raise SourceError(f"The data source {name[:60]!r}: a name has small letters, digits, - and _.")
    if not isinstance(said, dict) or "url" not in said or set(said) - KEYS:
        raise SourceError(f"The data source {name} takes url and, if need be, {', '.join(sorted(KEYS - {'url'}))}.")
    url = filled(name, said["url"], environment, quote_as="url")
    kind = KINDS.get(urlsplit(url).scheme)
    if kind is None:
        raise SourceError(f"The data source {name}: its url begins with {', '.join(sorted(KINDS))}, each with ://.")
    organisations, schemas = (texts(name, key, said.get(key)) for key in ("organisations", "schemas"))
    seconds = said.get("seconds", 600)
    if not isinstance(seconds, int) or seconds < 1:
        raise SourceError(f"The data source {name}: seconds is a whole number, 1 or more.")
    key, secret = (filled(name, said.get(each, ""), environment) for each in ("access_key", "secret_key"))
    found = Source(name, kind, url, organisations, schemas or frozenset(), seconds, key, secret)
    if kind == "s3":
        try:
            found.bucket()
        except ValueError as error:
            raise SourceError(f"The data source {name}: {error}.") from None
    return found


def texts(name: str, key: str, value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SourceError(f'The data source {name}: {key} is a list of texts, ["like", "this"].')
    return frozenset(value)


def filled(name: str, value: Any, environment: Mapping[str, str], quote_as: str = "") -> str:
    """The value with its variables; in an address they are written as addresses need it."""
    if not isinstance(value, str):
        raise SourceError(f"The data source {name}: url, access_key and secret_key are texts.")

    def of(found: re.Match[str]) -> str:
        if found[1] not in environment:
            raise SourceError(f"The data source {name} needs the variable {found[1]} in the environment.")
        return quote(environment[found[1]], safe="") if quote_as else environment[found[1]]

    return VARIABLE.sub(of, value)
