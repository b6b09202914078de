"""The client of a server: what a notebook, a script and the network commands use."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from plumbline_client.assessments import Assessments
from plumbline_client.audits import Audit, Audits
from plumbline_client.connection import Connection
from plumbline_client.datasets import Datasets
from plumbline_client.errors import InvalidInput
from plumbline_client.incidents import Incidents
from plumbline_client.jobs import Jobs
from plumbline_client.law import Law
from plumbline_client.models import Models, Predictions
from plumbline_client.obligations import Obligations, Proofs
from plumbline_client.organisation import Organisation
from plumbline_client.progress import Shown
from plumbline_client.records import Me, read_as
from plumbline_client.reviews import Reviews
from plumbline_client.risks import Risks, Statements
from plumbline_client.systems import Systems
from plumbline_client.tokens import Tokens
from plumbline_client.trail import Trail
from plumbline_client.uploads import Uploads
from plumbline_client.webhooks import Webhooks

URL, TOKEN = "PLUMBLINE_URL", "PLUMBLINE_TOKEN"


class Client:
    """One server and one token: `Client()` takes them from PLUMBLINE_URL and PLUMBLINE_TOKEN.

    Example:
        client = Client("https://plumbline.example.org", token="plb_...")
        audit = client.audit(dataset=frame, model=estimator, label="default", sensitive=["sex"])
        audit.wait()
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, retries: int = 5, patience: float = 120.0
    ) -> None:
        """`retries`: how often a request is repeated; `patience`: seconds of pauses between them at most."""
        url, token = url or os.environ.get(URL), token or os.environ.get(TOKEN)
        if not url:
            raise InvalidInput(f"Which server? Give its address as url=, or in {URL}.")
        if not token or not token.isascii() or any(sign.isspace() for sign in token.strip()):
            raise InvalidInput(
                f"{'The token is none' if token else 'A token is needed'}: give it as token=, or in {TOKEN}. "
                "Your profile on the server makes one."
            )
        self.connection = Connection(url, token.strip(), retries=retries, patience=patience)
        self.jobs = Jobs(self.connection)
        self.uploads = Uploads(self.connection)
        self.datasets = Datasets(self.connection, self.jobs, self.uploads)
        self.models = Models(self.connection, self.jobs, self.uploads)
        self.predictions = Predictions(self.models)
        self.audits = Audits(self.connection, self.jobs)
        self.organisation = Organisation(self.connection)
        self.tokens = Tokens(self.connection)
        self.webhooks = Webhooks(self.connection)
        self.trail = Trail(self.connection, self.jobs)
        self.law = Law(self.connection)
        self.systems = Systems(self.connection)
        self.obligations = Obligations(self.connection)
        self.evidence = Proofs(self.connection, self.uploads)
        self.risks = Risks(self.connection)
        self.statements = Statements(self.connection)
        self.incidents = Incidents(self.connection)
        self.reviews = Reviews(self.connection)
        self.assessments = Assessments(self.connection)

    def me(self) -> Me:
        """Who the token speaks for, and what it may."""
        return read_as(Me, self.connection.get("/me"))

    def audit(
        self,
        *,
        dataset: Any,
        sensitive: Iterable[str] | str,
        model: Any = None,
        name: str | None = None,
        policy: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        progress: bool | Shown = False,
        **parameters: Any,
    ) -> Audit:
        """Start an audit, and give it at once; `.wait()` waits for it.

        Args:
            dataset: a registered version or its id; or a path or a table, which is registered on the way.
            model: a registered version or its id; or a path or an estimator, registered on the way. Without one the
                dataset has a column with predictions or scores: prediction= or score=.
            sensitive: the columns with groups of people.
            name: the name that data and a model are registered under, where they are not registered yet.
            policy: rules to judge by instead of the default ones: a TOML file's path, or its content.
            parameters: label, prediction, score, positive, favourable, threshold, reference, weight, frequency,
                intersections, drop_missing, suppress, seed, cross_check, options.
        """
        columns = [sensitive] if isinstance(sensitive, str) else list(sensitive)
        version = self._dataset(dataset, name, progress)
        return self.audits.start(
            dataset=version,
            model=None if model is None else self._model(model, name, progress, rows_for(model, dataset)),
            policy=policy,
            parameters={"sensitive": columns, **parameters},
        )

    def _dataset(self, dataset: Any, name: str | None, progress: bool | Shown) -> str:
        found = registered_id(dataset)
        if found is None:
            named = name or stem(dataset) or "data"
            found = self.datasets.register(named, dataset, progress=progress).id
        return found

    def _model(self, model: Any, name: str | None, progress: bool | Shown, example: Any) -> str:
        found = registered_id(model)
        if found is None:
            named = name or stem(model) or type(model).__name__
            found = self.models.register(named, model, example=example, progress=progress).id
        return found

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.connection.address!r})"


def registered_id(thing: Any) -> str | None:
    """The id of something registered; None where it is something to register."""
    from uuid import UUID

    from plumbline_client.records import DatasetVersion, ModelVersion

    if isinstance(thing, (DatasetVersion, ModelVersion)):
        return thing.id
    if isinstance(thing, UUID):
        return str(thing)
    if isinstance(thing, str):
        try:
            return str(UUID(thing))
        except ValueError:
            return None
    return None


def rows_for(model: Any, data: Any) -> Any:
    """A few rows of a table in memory as the model reads them: what ONNX needs where columns hold text. Else None."""
    from plumbline_client.tables import is_table, some_rows

    names = [str(name) for name in getattr(model, "feature_names_in_", ())]
    return some_rows(data, names) if names and is_table(data) else None


def stem(thing: Any) -> str | None:
    from pathlib import Path

    return Path(thing).stem if isinstance(thing, (str, os.PathLike)) else None
