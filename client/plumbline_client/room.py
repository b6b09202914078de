"""What the rooms of governance share: things under an address, each changed only as it was seen."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import httpx

from plumbline_client.connection import Connection, as_json
from plumbline_client.records import Record, read_as
from plumbline_client.whole_files import written

T = TypeVar("T", bound=Record)
K = TypeVar("K", bound="Kept")


class Kept(Record):
    """A record that others may change too. `etag` is of the state that was seen; None where a list told it."""

    id: str
    _etag: str | None = None

    @property
    def etag(self) -> str | None:
        return self._etag


class Room:
    """Asks, and reads what is answered. A thing is named by its record or by its id."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _rows(self, kind: type[T], path: str, narrowed: Mapping[str, Any] | None = None) -> Iterator[T]:
        rows = self.connection.pages(path, {name: as_parameter(value) for name, value in (narrowed or {}).items()})
        return (read_as(kind, row) for row in rows)

    def _one(self, kind: type[T], path: str, **asked: Any) -> T:
        return read_as(kind, self.connection.get(path, plain(asked)))

    def _made(self, kind: type[T], path: str, said: Mapping[str, Any] | None = None) -> T:
        return read_as(kind, self.connection.post(path, None if said is None else plain(said)))

    def _seen(self, kind: type[K], path: str) -> K:
        return with_etag(kind, self.connection.send("GET", path))

    def _changed(self, kind: type[K], thing: K | str, path: str, said: Mapping[str, Any]) -> K:
        """Of the state that `thing` was seen in; of an id, of this moment's."""
        etag = (None if isinstance(thing, str) else thing.etag) or self.connection.etag(path)
        return with_etag(kind, self.connection.send("PATCH", path, json=plain(said), headers={"If-Match": etag}))

    def _saved(self, path: str, file: str | os.PathLike[str]) -> Path:
        with written(Path(file)) as into:
            self.connection.download(path, into.write)
        return Path(file)


class Register(Room, Generic[K]):
    """A room of one kind of thing: `path` is its address, `thing` the record of one."""

    path: ClassVar[str]
    thing: type[K]

    def get(self, thing: K | str) -> K:
        """As it is now, with its `etag`."""
        return self._seen(self.thing, self._at(thing))

    def change(self, thing: K | str, **said: Any) -> K:
        """Change what is given, of the state that `thing` was got in.

        Of an id, or of a thing that came in a list, it is the state of this moment. Problem "precondition-failed"
        where somebody was faster: get it again, and look.
        """
        return self._changed(self.thing, thing, self._at(thing), said)

    def _listed(self, **narrowed: Any) -> Iterator[K]:
        return self._rows(self.thing, self.path, narrowed)

    def _act(self, thing: K | str, what: str, **said: Any) -> K:
        return self._made(self.thing, f"{self._at(thing)}/{what}", said or None)

    def _at(self, thing: K | str) -> str:
        return f"{self.path}/{ident(thing)}"


def with_etag(kind: type[K], response: httpx.Response) -> K:
    found = read_as(kind, as_json(response))
    found._etag = response.headers.get("ETag")
    return found


def ident(thing: Any) -> str:
    """The id of a record, or the id itself."""
    return str(getattr(thing, "id", thing))


def plain(value: Any) -> Any:
    """For JSON: records by their ids, days and moments as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Record, UUID)):
        return ident(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple, set, frozenset)) else value


def as_parameter(value: Any) -> Any:
    """For an address: as JSON has it; None is not asked for."""
    return str(value).lower() if isinstance(value, bool) else plain(value)
