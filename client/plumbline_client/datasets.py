"""Datasets: a file, a table in memory, or a table that stays where it is."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plumbline_client.errors import InvalidInput
from plumbline_client.progress import Shown, progress_of
from plumbline_client.records import Dataset, DatasetVersion, Source, read_as
from plumbline_client.registered import version_of, warn_of_another
from plumbline_client.tables import is_table, write_table
from plumbline_client.things import Things, called
from plumbline_client.uploads import Uploads


class Datasets(Things[Dataset, DatasetVersion]):
    """`client.datasets`."""

    kind, thing, of = "dataset", Dataset, DatasetVersion

    def sources(self) -> tuple[Source, ...]:
        """The places that data may be referenced in, as whoever runs the server declared them."""
        return tuple(read_as(Source, row) for row in self.connection.pages("/sources"))

    def register(
        self,
        name: str | Dataset,
        data: Any = None,
        *,
        source: str | None = None,
        table: str | None = None,
        path: str | None = None,
        roles: Mapping[str, str] | None = None,
        derived_from: str | None = None,
        resume: str | None = None,
        progress: bool | Shown = False,
        timeout: float | None = None,
        **words: str | None,
    ) -> DatasetVersion:
        """A new version of the dataset `name`, which is made if it is not there. The same bytes are the same version.

        Args:
            name: or the dataset itself, whatever it is called.
            data: a path or an open file (parquet, CSV, Arrow), or a table of pandas, polars or Arrow.
            source: instead of data, the name of a declared source, with `table` (of a database) or `path` (in a store).
            roles: what columns are: label, sensitive, feature, weight, ...
            resume: the id of an upload that broke off.
            progress: True for a bar where somebody looks on, or a function of (share, sentence).
            words: description, owner, licence and so on, for a dataset that is made.
        """
        if (data is None) == (source is None):
            raise InvalidInput("Give the data (a path or a table), or source= with table= or path=; one of the two.")
        body: dict[str, Any] = {"roles": dict(roles) if roles else None, "derived_from": derived_from}
        if source is not None:
            if (table is None) == (path is None):
                raise InvalidInput("A reference names source= with either table= or path=.")
            known = [found.name for found in self.sources()]
            if source not in known:
                declared = ", ".join(known) or "none is declared"
                raise InvalidInput(f"The server has no source {source!r} for you: {declared}.")
            place = {"table": table} if table is not None else {"path": path}
            body["reference"] = {"source": source, **place}
        else:
            body["upload"] = self._upload(called(name), data, resume, progress)
        job = self._start(name, words, body)
        done = self.jobs.wait(job, progress=progress, timeout=timeout)
        found = self.version(version_of(done, "dataset"))
        warn_of_another(called(name), found.dataset.name, done)
        return found

    def _upload(self, name: str, data: Any, resume: str | None, progress: bool | Shown) -> str:
        with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
            file = write_table(data, Path(folder), name) if is_table(data) else data
            return send_file(self.uploads, file, resume, progress)


def send_file(uploads: Uploads, file: Any, resume: str | None, progress: bool | Shown) -> str:
    """Send a file, and give the upload's id."""
    if not (hasattr(file, "read") or hasattr(file, "__fspath__") or isinstance(file, str)):
        raise InvalidInput(
            f"A {type(file).__name__} is nothing that can be sent. Give a path, or a table of pandas, polars or Arrow."
        )
    with progress_of(progress, "Sending") as shown:
        return uploads.send(file, resume=resume, sent=lambda done, size: shown(done / size, "Sending")).id
