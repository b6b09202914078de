"""Many of everything, written straight into the database: what lists, searches and counts of queries are tried on."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from audits.models import Audit
from governance.incidents.models import Incident
from governance.reviews.models import Notice, Review
from governance.systems.models import Answers, Standing, System, SystemPart
from models.jobs.models import Job, State
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion
from models.webhooks.models import Delivery, Endpoint, Event
from tests.pages.conftest import World

VERDICTS = ("pass", "fail", "inconclusive")
STATES = (State.SUCCEEDED, State.FAILED, State.QUEUED)


def crowd(world: World, numbers: range) -> None:
    """For each number a dataset, a model, an AI system, a class and a part of the world's system, another version of
    the world's model, three jobs, an audit of each, a message of the world's webhook, and a review, a serious incident
    and a notice to each person. The newest number's model is the one registered and audited last."""
    mine = {"organisation": world.organisation, "created_by": world.people["engineer"]}
    datasets_and_models(world, numbers, mine)
    systems(world, numbers, mine)
    days(world, numbers)
    limits = {"time_limit": 60, "memory_limit": 1, "organisation": world.organisation}
    now = timezone.now()
    jobs = Job.unscoped.bulk_create(
        Job(kind="audit", title=f"Audit {i:04}", created_by=world.people["engineer"], state=state, finished_at=now,
            error="broken" if state == State.FAILED else "", created_at=now - timedelta(minutes=i), **limits)
        for i in numbers for state in STATES
    )  # fmt: skip
    versions = ModelVersion.unscoped.filter(model__name__startswith="Scoring").order_by("-model__name")
    audited = list(versions[: len(numbers)])
    Audit.unscoped.bulk_create(
        Audit(job=job, model=audited[i // 3], dataset=world.dataset, verdict=VERDICTS[i % 3],
              rules={"four-fifths[sex]": VERDICTS[i % 3]}, outcomes={VERDICTS[i % 3]: 1}, evidence="e" * 64,
              parameters=world.done.parameters, policy=world.done.policy, created_at=now + timedelta(seconds=i), **mine)
        for i, job in enumerate(jobs)
    )  # fmt: skip
    Endpoint.unscoped.bulk_create(
        Endpoint(url=f"https://hooks.example.org/{i}", events=["job.finished"], sealed_secret="x", **mine)
        for i in numbers
    )
    events = Event.unscoped.bulk_create(
        Event(organisation=world.organisation, type="ping", body='{"type":"ping"}') for i in numbers
    )
    Delivery.unscoped.bulk_create(
        Delivery(organisation=world.organisation, event=each, endpoint=world.hook, state="delivered") for each in events
    )


def systems(world: World, numbers: range, mine: dict) -> None:
    """Each with an owner; the world's gets a revision of its answers, a class recorded from it, and a model."""
    officer, at = world.people["officer"], world.organisation
    System.unscoped.bulk_create(System(name=f"System {i:04}", owner=officer, **mine) for i in numbers)
    last, answers = world.system.standing, world.system.answered
    assert last is not None
    assert answers is not None
    of = {"organisation": at, "system": world.system, "author": officer}
    said = {"answers": answers.answers, "facts": answers.facts}
    revisions = Answers.unscoped.bulk_create(Answers(number=answers.number + i + 1, **said, **of) for i in numbers)
    told = {"as_of": last.as_of, "outcome": last.outcome, "result": last.result, "law_version": last.law_version}
    Standing.unscoped.bulk_create(
        Standing(number=last.number + i + 1, answers=each, **told, **of)
        for i, each in zip(numbers, revisions, strict=True)
    )
    versions = ModelVersion.unscoped.filter(organisation=at, systems=None).order_by("-created_at")[: len(numbers)]
    SystemPart.unscoped.bulk_create(
        SystemPart(organisation=at, system=world.system, version=version, added_by=officer) for version in versions
    )


def days(world: World, numbers: range) -> None:
    """Of the world's system, one half past and the other to come."""
    of = {"organisation": world.organisation, "system": world.system}
    now = timezone.now()
    Review.unscoped.bulk_create(
        Review(what=f"Review {i:04}", due_on=(now + timedelta(days=i % 40 - 20)).date(), **of) for i in numbers
    )
    Incident.unscoped.bulk_create(
        Incident(number=i + 2, title=f"Incident {i:04}", kinds=["death"], aware_at=now - timedelta(days=i % 20), **of)
        for i in numbers
    )
    Notice.unscoped.bulk_create(
        Notice(organisation=world.organisation, user=user, thing=f"review:{i}", threshold=7, kind="Review",
               text=f"Review {i:04}", address="/calendar/", day=now.date())
        for i in numbers for user in world.people.values()
    )  # fmt: skip


def datasets_and_models(world: World, numbers: range, mine: dict) -> None:
    now = timezone.now()
    datasets = Dataset.unscoped.bulk_create(
        Dataset(name=f"Applicants {i:04}", owner=f"Team {i % 7}", **mine) for i in numbers
    )
    DatasetVersion.unscoped.bulk_create(
        DatasetVersion(dataset=each, number=1, sha256=f"{i:064x}", size=1000, file_name="a.csv", kind="csv", rows=10,
                       stored_profile=world.dataset.stored_profile, derived_from=world.dataset, **mine)
        for i, each in zip(numbers, datasets, strict=True)
    )  # fmt: skip
    models = Model.unscoped.bulk_create(
        Model(name=f"Scoring {i:04}", owner=f"Team {i % 7}", purpose="lending" if i % 2 else "", **mine)
        for i in numbers
    )
    common = {"size": 1000, "file_name": "m.onnx", "format": "onnx", "trained_on": world.dataset, **mine}
    common["stored_signature"] = world.model.stored_signature
    ModelVersion.unscoped.bulk_create(
        ModelVersion(model=each, number=1, sha256=f"a{i:063x}", created_at=now + timedelta(seconds=i), **common)
        for i, each in zip(numbers, models, strict=True)
    )
    ModelVersion.unscoped.bulk_create(
        ModelVersion(model=world.model.model, number=i + 2, sha256=f"b{i:063x}", derived_from=world.model, **common)
        for i in numbers
    )
