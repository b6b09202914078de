"""A large organisation's rows: one real dataset, model, audit and report, and as many copies as are asked for."""

from __future__ import annotations

import io
import json
import random
import secrets
from collections.abc import Iterable
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import uuid4

from django.utils import timezone

from audits.models import Audit, Measurement
from audits.run.parameters import Parameters
from audits.start import start_audit
from models.accounts.models import Membership, Organisation, User
from models.accounts.roles import Role
from models.jobs.models import Job, State
from models.jobs.perform import perform
from models.registry.models import Model, ModelVersion
from models.registry.register import register_dataset, register_model

MODELS, JOBS, MEASUREMENTS = 1_000, 5_000, 100_000
ROWS = 5_000
EMAIL, PASSWORD = "engineer@bench.example", secrets.token_urlsafe(18)


def seed() -> None:
    """Fill the database, and print what the load needs to know as one line of JSON."""
    user = User.objects.create_user(EMAIL, PASSWORD, "Engineer")
    bank = Organisation.objects.create(name="Bench Bank")
    Membership.unscoped.create(organisation=bank, user=user, role=Role.ADMINISTRATOR)
    audit = real_audit(user, bank)
    models = copies_of_model(audit.model, MODELS - 1)
    figures = list(Measurement.unscoped.filter(audit=audit))
    jobs = copies_of_job(audit.job, JOBS - 1)
    succeeded = [job for job in jobs if job.state == State.SUCCEEDED]
    audits = copies_of_audit(audit, [audit.model, *models], succeeded[: ceil(MEASUREMENTS / len(figures))])
    copies_of_figures(figures, audits)
    counts = f"{Measurement.unscoped.count():,} measurements, {Model.unscoped.count():,} models, "
    counts += f"{Job.unscoped.count():,} jobs"
    print(json.dumps({"email": EMAIL, "password": PASSWORD, "rows": counts, "pages": pages(audit)}))


def pages(audit: Audit) -> dict[str, str]:
    """The ten that people open most."""
    assert audit.model is not None
    return {
        "overview": "/",
        "models": "/models/",
        "models, searched": "/models/?q=17",
        "model": f"/models/{audit.model.model_id}/",
        "datasets": "/datasets/",
        "dataset": f"/datasets/{audit.dataset.dataset_id}/",
        "audits": "/audits/",
        "audit": f"/audits/{audit.pk}/",
        "jobs": "/jobs/",
        "job": f"/jobs/{audit.job_id}/",
    }


def real_audit(user: User, bank: Organisation) -> Audit:
    """Registered, audited and reported as the service does it."""
    table, scores = people()
    dataset = register_dataset(user, bank, name="People", source=io.BytesIO(table), file_name="people.csv").version
    model = register_model(user, bank, name="Model", source=io.BytesIO(scores), file_name="scores.csv").version
    begun = start_audit(user, dataset, Parameters(sensitive=("sex", "age"), label="label", model=True), model=model)
    perform(begun.job_id)
    audit = Audit.unscoped.select_related("model__model", "dataset", "job").get(pk=begun.pk)
    if not audit.is_done:
        raise RuntimeError(f"the audit came to nothing: {audit.job.error}")
    return audit


def people() -> tuple[bytes, bytes]:
    draw = random.Random(7)
    table, scores = ["label,sex,age"], ["score"]
    for _ in range(ROWS):
        label = int(draw.random() < 0.3)
        table.append(f"{label},{draw.choice(('female', 'male'))},{draw.choice(('18-30', '31-50', '51-'))}")
        scores.append(f"{min(1.0, max(0.0, draw.gauss(0.3 + 0.3 * label, 0.2))):.4f}")
    return "\n".join(table).encode(), "\n".join(scores).encode()


def copies_of_model(version: ModelVersion | None, number: int) -> list[ModelVersion]:
    assert version is not None
    things = [copy(version.model, name=f"Model {n}", id=uuid4()) for n in range(number)]
    Model.unscoped.bulk_create(things)
    versions = [copy(version, id=uuid4(), model=thing, sha256=secrets.token_hex(32)) for thing in things]
    return ModelVersion.unscoped.bulk_create(versions)


def copies_of_job(job: Job, number: int) -> list[Job]:
    draw, now = random.Random(8), timezone.now()
    jobs = []
    for each in range(number):
        state = State.FAILED if each and draw.random() < 0.05 else State.SUCCEEDED
        when = now - timedelta(minutes=10 * each)
        error = "its data have no column label" if state == State.FAILED else ""
        jobs.append(copy(job, id=uuid4(), state=state, error=error, created_at=when, finished_at=when))
    return Job.unscoped.bulk_create(jobs)


def copies_of_audit(audit: Audit, versions: list[ModelVersion | None], jobs: Iterable[Job]) -> list[Audit]:
    audits = [
        copy(audit, id=uuid4(), job=job, model=versions[n % len(versions)], created_at=job.created_at)
        for n, job in enumerate(jobs)
    ]
    return Audit.unscoped.bulk_create(audits)


def copies_of_figures(figures: list[Measurement], audits: list[Audit]) -> None:
    rows = [copy(figure, pk=None, audit=audit) for audit in audits for figure in figures]
    Measurement.unscoped.bulk_create(rows[: max(0, MEASUREMENTS - len(figures))], batch_size=5_000)


def copy(row: Any, **changed: Any) -> Any:
    """A row like this one that the database does not know yet."""
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    for name, value in changed.items():
        field = row._meta.pk if name == "pk" else row._meta.get_field(name)
        values[field.attname] = getattr(value, "pk", value)
    return type(row)(**values)
