"""Audits of data that stay where they lie: the figures are those of the same rows in a file."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from audits.measure.policy import load_policy
from audits.models import Audit
from audits.run.audit import Material, quiet, run_audit
from audits.run.parameters import Parameters
from audits.run.sandboxed import Request, audit_in_sandbox
from audits.start import SMALLEST_COUNT, start_audit
from models.accounts.permission import NotFound
from models.errors import InputError
from models.jobs.models import Job, State
from models.jobs.perform import perform
from models.registry.models import DatasetVersion, ModelVersion
from models.registry.references.database import opened
from models.registry.references.declared import Reference
from models.registry.register import register_model
from models.registry.storage import store
from models.registry.submit import submit_dataset
from tests.databases import Database, frame
from tests.models.people import organisation, person
from tests.models.registry.formats.examples import lightgbm_example
from tests.s3 import S3Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]
DECISIONS = Parameters(sensitive=("sex", "member"), label="label", prediction="prediction", intersections=True)
SCORES = Parameters(sensitive=("sex",), label="label", score="score", suppress=1)
WEIGHTS = Parameters(
    sensitive=("member",), label="label", score="score", weight="income", drop_missing=True, threshold=0.4
)
AS_STARTED = replace(DECISIONS, cross_check=True, suppress=SMALLEST_COUNT)  # what start_audit makes of it
QUESTIONS = [DECISIONS, SCORES, WEIGHTS]


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGE_URL = f"file://{tmp_path / 'blobs'}"
    return tmp_path / "blobs"


@pytest.fixture
def declared(settings: Any, tmp_path: Path, database: Database) -> Database:
    """The database as the source "warehouse", for Acme Bank alone."""
    settings.DATA_SOURCES = str(tmp_path / "sources.toml")
    url = json.dumps(database.source.url)
    (tmp_path / "sources.toml").write_text(f'[warehouse]\nurl = {url}\norganisations = ["Acme Bank"]\n')
    return database


def done(job: Job) -> Job:
    assert perform(job.pk)
    job.refresh_from_db()
    return job


def referenced(user: Any, reference: Reference, **more: Any) -> DatasetVersion:
    at = user.memberships.get().organisation
    job = done(submit_dataset(user, at, name="Clients by reference", reference=reference, **more))
    assert job.state == State.SUCCEEDED, job.error
    return DatasetVersion.unscoped.get(pk=job.result["dataset_version"])


def in_a_file(rows: pd.DataFrame, asked: Parameters, folder: Path, model: Path | None = None) -> dict[str, Any]:
    """What an audit of the same rows in a file finds, by the way that a job takes, without its report."""
    folder.mkdir()
    rows.to_parquet(folder / "clients.parquet", index=False)
    request = Request(asked, folder / "clients.parquet", load_policy(None), model=model)
    return audit_in_sandbox(request, folder, quiet)


def evidence(user: Any, data: DatasetVersion, asked: Parameters, model: ModelVersion | None = None) -> dict[str, Any]:
    audit = start_audit(user, data, asked, model=model)
    job = done(audit.job)
    assert job.state == State.SUCCEEDED, f"{job.error}\n{job.log}"
    return json.loads(store().path(Audit.unscoped.get(pk=audit.pk).evidence).read_bytes())


@pytest.mark.parametrize("asked", QUESTIONS, ids=["decisions", "scores", "weights"])
def test_the_figures_of_a_table_in_a_database_are_those_of_the_same_rows_in_a_file(
    engine: Database, tmp_path: Path, asked: Parameters
) -> None:
    rows = frame()
    rows.to_parquet(tmp_path / "clients.parquet", index=False)
    local = run_audit(asked, Material(data=tmp_path / "clients.parquet"))
    with opened(engine.source, Reference("warehouse", engine.add(rows))) as table:
        remote = run_audit(asked, Material(data=table))
    for part in ("measurements", "verdicts", "cube", "warnings"):
        assert remote[part] == local[part], part
    assert {**remote["data"], "columns": 0, "name": 0} == {**local["data"], "columns": 0, "name": 0}


def test_only_counts_come_over_and_the_report_says_from_where(declared: Database, tmp_path: Path) -> None:
    user, rows = person(), frame()
    there = referenced(user, Reference("warehouse", declared.add(rows)), roles={"sex": "sensitive"})
    assert list(store().names()) == []
    assert {column.name: column.role for column in there.profile.columns}["sex"] == "sensitive"
    remote, local = evidence(user, there, DECISIONS), in_a_file(rows, AS_STARTED, tmp_path / "local")
    for part in ("measurements", "verdicts", "cube", "warnings"):
        assert remote[part] == local[part], part
    assert remote["cross_check"] is None, "that would need rows"
    [read] = remote["inputs"]
    assert (read["sha256"], read["from"]) == (there.sha256, f"warehouse: {declared.schema}.clients")
    assert declared.source.url not in json.dumps(remote)


def test_a_model_is_run_on_the_columns_it_needs(declared: Database, tmp_path: Path) -> None:
    user = person()
    example = lightgbm_example(tmp_path)
    rows = example.frame.assign(sex=frame(400).sex, label=[i % 3 == 0 for i in range(400)], secret="x")
    with example.path.open("rb") as source:
        at = user.memberships.get().organisation
        model = register_model(user, at, name="Scoring", source=source, file_name="model.txt").version
    asked = Parameters(sensitive=("sex",), label="label", positive="true", model=True, suppress=1)
    there = referenced(user, Reference("warehouse", declared.add(rows)))
    remote, local = evidence(user, there, asked, model), in_a_file(rows, asked, tmp_path / "local", example.path)
    assert remote["cube"] == local["cube"]
    assert remote["verdicts"] == local["verdicts"]
    assert remote["data"]["all_columns"] == 5, "income, years, home, sex and label; not the secret"
    assert remote["inputs"][0]["sha256"] == there.sha256


def test_data_that_changed_are_not_audited_as_what_they_were(declared: Database) -> None:
    user = person()
    there = referenced(user, Reference("warehouse", declared.add(frame())))
    declared.execute("UPDATE {schema}.clients SET label = 1 - label WHERE age = 30")
    job = done(start_audit(user, there, DECISIONS).job)
    assert job.state == State.FAILED
    assert "has changed since Clients by reference version 1 was registered" in job.error
    again = referenced(user, Reference("warehouse", f"{declared.schema}.clients"))
    assert (again.number, again.dataset_id) == (2, there.dataset_id)


def test_predictions_by_row_do_not_belong_to_a_table_without_an_order(declared: Database) -> None:
    user = person()
    there = referenced(user, Reference("warehouse", declared.add(frame(50))))
    at = user.memberships.get().organisation
    scores = io.BytesIO(("score\n" + "0.5\n" * 50).encode())
    model = register_model(user, at, name="Scores", source=scores, file_name="scores.csv").version
    asked = Parameters(sensitive=("sex",), label="label", model=True)
    with pytest.raises(InputError, match="have no order"):
        start_audit(user, there, asked, model=model)


def test_another_organisation_does_not_see_the_source(declared: Database) -> None:
    stranger = person(at=organisation("Other Bank"))
    for name in ("warehouse", "nowhere"):
        with pytest.raises(NotFound):
            referenced(stranger, Reference(name, "a.b"))
    assert not Job.unscoped.exists()


def test_a_source_that_is_withdrawn_or_away_fails_the_job_clearly(
    declared: Database, settings: Any, tmp_path: Path
) -> None:
    user = person()
    there = referenced(user, Reference("warehouse", declared.add(frame())))
    asked = start_audit(user, there, DECISIONS)
    list_of_sources = tmp_path / "sources.toml"
    list_of_sources.write_text('[warehouse]\nurl = "postgres://nobody:secret@127.0.0.1:1/x"\n')
    job = done(asked.job)
    assert job.state == State.FAILED
    assert "The data source warehouse cannot be read now" in job.error
    assert "secret" not in job.error + job.log
    asked = start_audit(user, there, DECISIONS)
    list_of_sources.write_text("")
    job = done(asked.job)
    assert (job.state, job.error) == (State.FAILED, "There is no such data source.")


def test_a_file_in_object_storage_is_read_again_and_compared(
    s3: S3Server, settings: Any, tmp_path: Path, files: Path
) -> None:
    user, rows, bucket = person(), frame(), s3.bucket()
    place = s3.folder / bucket / "lake" / "2026"
    place.mkdir(parents=True)
    rows.to_parquet(place / "clients.parquet", index=False)
    settings.DATA_SOURCES = str(tmp_path / "sources.toml")
    (tmp_path / "sources.toml").write_text(f'[lake]\nurl = "{s3.url(bucket, "lake")}"\n')
    there = referenced(user, Reference("lake", path="2026/clients.parquet"))
    assert list(store().names()) == []
    remote = evidence(user, there, DECISIONS)
    (place / "clients.parquet").rename(place / "moved.parquet")
    assert "There is no file lake: 2026/clients.parquet." in done(start_audit(user, there, DECISIONS).job).error
    rows[:-1].to_parquet(place / "clients.parquet", index=False)
    assert "has changed since" in done(start_audit(user, there, DECISIONS).job).error
    local = in_a_file(rows, AS_STARTED, tmp_path / "local")
    for part in ("measurements", "verdicts", "cube", "warnings", "cross_check"):
        assert remote[part] == local[part], part
    assert remote["inputs"][0]["from"] == "lake: 2026/clients.parquet"
