"""Audits: started, waited for, and what they found."""

from __future__ import annotations

import datetime
import os
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline_client.connection import Connection
from plumbline_client.errors import InvalidInput, NotInstalled, NotPlumbline
from plumbline_client.gate.judged import WORDS, Judged, judged
from plumbline_client.jobs import Jobs
from plumbline_client.progress import Shown
from plumbline_client.records import AuditRecord, Check, Comparison, Figure, Job, Metric, read_as
from plumbline_client.whole_files import written

if TYPE_CHECKING:
    from rich.console import RenderableType


class Audits:
    """`client.audits`."""

    def __init__(self, connection: Connection, jobs: Jobs) -> None:
        self.connection, self.jobs = connection, jobs

    def get(self, audit: str) -> Audit:
        return Audit(self, read_as(AuditRecord, self.connection.get(f"/audits/{audit}")))

    def list(
        self,
        *,
        dataset: str | None = None,
        model: str | None = None,
        state: str | None = None,
        verdict: str | None = None,
    ) -> Iterator[Audit]:
        """The newest first. `dataset` and `model` are ids, of a version or of all of them."""
        asked = {"dataset": dataset, "model": model, "state": state, "verdict": verdict}
        return (Audit(self, read_as(AuditRecord, row)) for row in self.connection.pages("/audits", asked))

    def start(
        self,
        *,
        dataset: str,
        model: str | None = None,
        parameters: Mapping[str, Any],
        policy: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    ) -> Audit:
        """Start an audit of registered versions. See Client.audit for the parameters."""
        body: dict[str, Any] = {
            "dataset": dataset,
            "parameters": {name: value for name, value in parameters.items() if value is not None},
        }
        if model is not None:
            body["model"] = model
        if policy is not None:
            body["policy"] = policy_body(policy)
        return Audit(self, read_as(AuditRecord, self.connection.post("/audits", body)))

    def metrics(self) -> tuple[Metric, ...]:
        """What can be measured: what each metric means, its formula, and who defines it otherwise."""
        return tuple(read_as(Metric, row) for row in self.connection.pages("/metrics"))

    def checks(self) -> tuple[Check, ...]:
        """The questions that an audit puts, each with the options that it takes."""
        return tuple(read_as(Check, row) for row in self.connection.pages("/checks"))

    def default_policy(self) -> dict[str, Any]:
        """The rules of an audit that names none; change them, and give them as policy=."""
        found: dict[str, Any] = self.connection.get("/policies/default")
        return found


class Audit:
    """One audit on the server. What it found is fetched when it is asked for, once."""

    def __init__(self, audits: Audits, record: AuditRecord) -> None:
        self._audits, self.record = audits, record

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def state(self) -> str:
        return self.record.state

    @property
    def verdict(self) -> str | None:
        """The worst outcome of its rules; None until it is finished."""
        return self.record.verdict

    @property
    def page(self) -> str:
        """The address of its page for people."""
        path = self.record.page or (self.record.report.page if self.record.report else f"/audits/{self.id}/")
        return self._connection.page(path)

    @property
    def _connection(self) -> Connection:
        return self._audits.connection

    def refresh(self) -> Audit:
        self.record = self._audits.get(self.id).record
        return self

    def job(self) -> Job:
        if self.record.job is None:
            raise NotPlumbline("The server does not say which job the audit is.")
        return self._audits.jobs.get(self.record.job)

    def wait(self, progress: bool | Shown = True, timeout: float | None = None) -> Audit:
        """Wait until it is finished; with a progress bar where somebody looks on.

        Raises:
            JobFailed: it ended without a result. StillRunning: not finished within `timeout` seconds.
        """
        self._audits.jobs.wait(self.job(), progress=progress, timeout=timeout)
        return self.refresh()

    @cached_property
    def result(self) -> dict[str, Any]:
        """The whole audit as JSON (schema plumbline.audit/1), as its report carries it."""
        found = self._connection.get(f"/audits/{self.id}/evidence")
        if not isinstance(found, dict):
            raise NotPlumbline("The server's answer is no audit.")
        return found

    @property
    def verdicts(self) -> tuple[Judged, ...]:
        """Every rule with its outcome, its figure, its limit and its reason."""
        return judged(self.result)

    def rows(self) -> list[dict[str, Any]]:
        """Every figure as a flat row: what it is of, value, interval, n, and why where it has no value."""
        return [flat(m) for m in self.result["measurements"]]

    def measurements(self, polars: bool = False) -> Any:
        """Every figure, as a DataFrame of pandas or of polars. NotInstalled without them; `rows()` needs neither."""
        if polars:
            try:
                import polars as library
            except ImportError as error:
                raise NotInstalled("measurements(polars=True)", "polars") from error
            return library.DataFrame(self.rows(), infer_schema_length=None)
        try:
            import pandas
        except ImportError as error:
            raise NotInstalled("measurements()", "pandas") from error
        return pandas.DataFrame(self.rows(), columns=list(COLUMNS))

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """Every chart as SVG, with the rows that it draws."""
        return tuple(read_as(Figure, row) for row in self._connection.pages(f"/audits/{self.id}/figures"))

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Save the report as PDF; `plumbline verify` checks it."""
        return self._save("report.pdf", Path(path))

    def evidence(self, path: str | os.PathLike[str]) -> Path:
        """Save the audit's JSON, byte for byte as the report carries it."""
        return self._save("evidence", Path(path))

    def card(self, path: str | os.PathLike[str]) -> Path:
        """Save the audit as a Hugging Face model card: a README.md whose YAML holds the figures."""
        return self._save("card", Path(path))

    def _save(self, what: str, path: Path) -> Path:
        with written(path) as file:
            self._connection.download(f"/audits/{self.id}/{what}", file.write)
        return path

    def compare(self, baseline: Audit | str) -> Comparison:
        """This audit beside an earlier one: what got worse or better, beyond its uncertainty."""
        asked = {"baseline": baseline.id if isinstance(baseline, Audit) else baseline}
        return read_as(Comparison, self._connection.get(f"/audits/{self.id}/comparison", asked))

    def __repr__(self) -> str:
        return f"Audit({self.id!r}, state={self.state!r}, verdict={self.verdict!r})"

    def __str__(self) -> str:
        if self.state != "succeeded":
            return f"{self.record.title or 'Audit'} ({self.id}): {self.state}"
        lines = [f"{self.record.title} ({self.id})"]
        lines += [f"  {v.rule} {WORDS[v.outcome]}: {v.figure()}" for v in self.verdicts]
        return "\n".join(lines)

    def __rich__(self) -> RenderableType:
        from plumbline_client.notebook import audit_rich

        return audit_rich(self)

    def _repr_html_(self) -> str:
        from plumbline_client.notebook import audit_html

        return audit_html(self)


COLUMNS = (
    *("id", "check", "metric", "attribute", "group", "feature", "value", "low", "high", "level", "method", "n"),
    "reason",
)


def flat(measurement: Mapping[str, Any]) -> dict[str, Any]:
    interval = measurement.get("interval") or {}
    row = {name: measurement.get(name) for name in COLUMNS}
    group = measurement.get("group") or {}
    row["group"] = ", ".join(f"{column}={value}" for column, value in group.items()) or None
    row["attribute"] = measurement.get("attribute") or "*".join(group) or None
    return row | {name: interval.get(name) for name in ("low", "high", "level", "method")}


def policy_body(policy: Mapping[str, Any] | str | os.PathLike[str]) -> dict[str, Any]:
    """The policy as the API takes it. InvalidInput where the file is none."""
    if isinstance(policy, Mapping):
        return {key: plain(value) for key, value in policy.items()}
    path = Path(policy)
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"The policy {path.name} cannot be read: {error}.") from error
    return {"name": path.stem, **{key: plain(value) for key, value in data.items()}}


def plain(value: Any) -> Any:
    """TOML's dates as text, for JSON."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value
