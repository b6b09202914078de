"""What datasets and models have in common: found, made, described, and their versions side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

from plumbline_client.connection import Connection
from plumbline_client.errors import InvalidInput
from plumbline_client.jobs import Jobs
from plumbline_client.records import Job, Record, VersionComparison, read_as
from plumbline_client.registered import start, version_of
from plumbline_client.uploads import Uploads

T = TypeVar("T", bound=Record)
V = TypeVar("V", bound=Record)


class Things(Generic[T, V]):
    """`kind` is the API's word, `thing` and `of` the records of one and of its versions."""

    kind: ClassVar[str]
    thing: type[T]
    of: type[V]

    def __init__(self, connection: Connection, jobs: Jobs, uploads: Uploads) -> None:
        self.connection, self.jobs, self.uploads = connection, jobs, uploads

    def list(self, *, name: str | None = None, q: str | None = None, owner: str | None = None) -> Iterator[T]:
        """The newest first. `name` and `owner` are exact, `q` are words in what is said of it."""
        rows = self.connection.pages(f"/{self.kind}s", {"name": name, "q": q, "owner": owner})
        return (read_as(self.thing, row) for row in rows)

    def get(self, ident: str) -> T:
        return read_as(self.thing, self.connection.get(self._path(ident)))

    def create(self, name: str, **words: str) -> T:
        """A new one, without a version yet. Problem "conflict" where the name is taken."""
        return read_as(self.thing, self.connection.post(f"/{self.kind}s", {"name": name, **words}))

    def change(self, ident: str, **words: str) -> T:
        """Change what is said of it (name, owner, licence, ...); its versions stay as they are."""
        return read_as(self.thing, self.connection.change(self._path(ident), words))

    def version(self, ident: str, number: int | None = None) -> V:
        """A version by its own id; or by the id of what it is a version of, and its number."""
        path = f"/{self.kind}-versions/{ident}" if number is None else f"{self._path(ident)}/versions/{number}"
        return read_as(self.of, self.connection.get(path))

    def versions(self, ident: str) -> Iterator[V]:
        """The newest first."""
        return (read_as(self.of, row) for row in self.connection.pages(f"{self._path(ident)}/versions"))

    def compare(self, ident: str, before: int, after: int) -> VersionComparison:
        """What is different between two versions, by their numbers; whether that matters, an audit says."""
        found = self.connection.get(f"{self._path(ident)}/comparison", {"from": before, "to": after})
        return read_as(VersionComparison, found)

    def registered(self, job: Job, **wait: Any) -> V:
        """The version that a registration made, or found, once it is finished."""
        return self.version(version_of(self.jobs.wait(job, **wait), self.kind))

    def _path(self, ident: str) -> str:
        return f"/{self.kind}s/{ident}"

    def _start(self, name: str | T, words: dict[str, Any], body: dict[str, Any]) -> Job:
        """A registration under a name, or as the next version of one that is known, which keeps what is said of it."""
        if isinstance(name, str):
            return start(self.connection, f"/{self.kind}-versions", {**words, "name": name, **body})
        if any(words.values()):
            raise InvalidInput(f"The {self.kind} keeps what is said of it; change() changes that.")
        return start(self.connection, f"{self._path(called(name, 'id'))}/versions", body)


def called(name: Any, field: str = "name") -> str:
    """The name, or another field, of a record; the name itself."""
    return name if isinstance(name, str) else str(getattr(name, field))
