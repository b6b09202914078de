"""Two organisations with everything that a page can show, made by our own parts; files go to a folder of the test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from audits import results
from audits.models import Audit
from audits.report.document import build_document
from audits.report.evidence import canonical_bytes, sha256
from audits.report.html import drawings
from audits.run.audit import Material, run_audit
from audits.run.parameters import Parameters
from audits.start import start_audit
from governance.assessments.models import Assessment
from governance.assessments.models import State as Stage
from governance.assessments.signing import begin as begin_assessment
from governance.assessments.signing import comment
from governance.assessments.snapshot import snapshot_of
from governance.incidents import keeping
from governance.incidents.models import Incident
from governance.obligations.board import attach, move
from governance.obligations.evidence import About, bring_document
from governance.obligations.models import Duty, Evidence
from governance.reviews.keeping import plan
from governance.reviews.models import Notice, Review
from governance.reviews.notices import tell
from governance.risks import keeping as risks
from governance.risks.models import Risk
from governance.risks.statements import write
from governance.systems.answering import answer
from governance.systems.classifying import record_standing, today
from governance.systems.models import System
from governance.systems.register import add_part, begin
from models.accounts.delegation import give
from models.accounts.members import invite
from models.accounts.models import Delegation, Membership, OneTimeLink, Organisation, Token, User
from models.accounts.roles import Role
from models.accounts.secrets import seal
from models.accounts.tokens import issue
from models.jobs.models import Job, State
from models.registry.formats.discovery import recognised
from models.registry.intake.chosen import with_roles
from models.registry.intake.profile import profile
from models.registry.intake.read import open_table
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion
from models.registry.storage import store
from models.webhooks.announce import ping
from models.webhooks.endpoints import PURPOSE
from models.webhooks.models import Delivery, Endpoint
from models.webhooks.signing import new_secret
from tests.governance.systems.answered import answered
from tests.models.people import organisation, person
from tests.pages.kept import Kept, keep

ODD = '<script>alert(1)</script> & "quotes" {{ 7*7 }} \u202e'


@dataclass
class World:
    """One organisation: a person for each role, a dataset, a model (predictions), two audits that are done and one that
    waits, a job that failed, a token, an invitation, a webhook, an engineer for whom the officer will stand in, an AI
    system with the model in it, an incident that was told of, an obligation that a document supports, a risk with a
    measure, a statement in two versions, a risk assessment in review, and a review due in three days, of which the
    officer has a notice."""

    organisation: Organisation
    people: dict[str, User]
    dataset: DatasetVersion
    model: ModelVersion
    earlier: Audit
    done: Audit
    waiting: Audit
    failed: Job
    token: Token
    invitation: OneTimeLink
    hook: Endpoint
    delegation: Delegation
    system: System
    incident: Incident
    duty: Duty
    evidence: Evidence
    risk: Risk
    assessment: Assessment
    review: Review
    notice: Notice

    @property
    def member(self) -> Membership:
        return Membership.unscoped.get(user=self.people["officer"])


def table(rows: int = 240) -> str:
    """A table as CSV: label, sensitive column, a column of HTML, predictions."""
    lines = ["label,sex,note,prediction"]
    for i in range(rows):
        lines.append(f"{i % 2},{'female' if i % 3 else 'male'},<b>{i % 4}</b>,{int(i % 5 > 1)}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Made:
    """What is the same in every world, made once: the files, what is read off them, and a real audit's result."""

    data: bytes
    profile: dict
    predictions: bytes
    signature: dict
    audit: dict
    figures: bytes


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    data, predictions = folder / "people.csv", folder / "scores.csv"
    data.write_text(table())
    predictions.write_text("score\n" + "".join(f"{i / 240:.4f}\n" for i in range(240)))
    asked = Parameters(sensitive=("sex",), label="label", prediction="prediction")
    audit = run_audit(asked, Material(data=data, name=ODD, subject={"name": ODD, "purpose": ODD}))
    return Made(
        data.read_bytes(),
        with_roles(profile(open_table(data)), {"sex": "sensitive"}).to_json(),
        predictions.read_bytes(),
        recognised(predictions).inspect(predictions).to_json(),
        audit,
        json.dumps(drawings(build_document(audit, sha256(canonical_bytes(audit))))).encode(),
    )


@pytest.fixture
def files(settings, tmp_path) -> Path:
    settings.STORAGE_URL = (tmp_path / "blobs").as_uri()
    return tmp_path / "blobs"


@pytest.fixture(scope="session")
def kept(made, tmp_path_factory, django_db_setup, django_db_blocker) -> tuple[Kept, Kept]:
    """The two organisations, each in its own storage."""
    at = tmp_path_factory.mktemp("kept")
    with django_db_blocker.unblock():
        acme = keep(lambda: furnished(organisation("Acme Bank"), made), at / "acme")
        return acme, keep(lambda: furnished(organisation("Brick Bank"), made), at / "brick", after=acme)


@pytest.fixture
def world(db, files, kept) -> World:
    return kept[0].again(files)


@pytest.fixture
def elsewhere(db, files, kept) -> World:
    return kept[1].again(files)


def furnished(at: Organisation, made: Made) -> World:
    people = {role.value: person(role, at) for role in Role}
    mine = {"organisation": at, "created_by": people["engineer"]}
    dataset = DatasetVersion.unscoped.create(
        dataset=Dataset.unscoped.create(name=f"People of {at} {ODD}", owner=ODD, description=ODD, **mine),
        kind="csv", rows=240, stored_profile=made.profile, **version_of(made.data), **mine,
    )  # fmt: skip
    model = ModelVersion.unscoped.create(
        model=Model.unscoped.create(name=f"Model of {at} {ODD}", purpose=ODD, licence=ODD, **mine),
        format=made.signature["format"], stored_signature=made.signature, trained_on=dataset,
        **version_of(made.predictions), **mine,
    )  # fmt: skip
    asked = Parameters(sensitive=("sex",), label="label", prediction="prediction")
    earlier, done, waiting, failed = (start_audit(mine["created_by"], dataset, asked) for _ in range(4))
    finish(earlier, made)
    finish(done, made)
    Job.unscoped.filter(pk=failed.job_id).update(
        state=State.FAILED, error=ODD, log=ODD, suspicious=True, started_at=timezone.now(), finished_at=timezone.now()
    )
    token, _ = issue(people["engineer"], at, ODD.replace("\u202e", ""), ["read"])
    invitation, _ = invite(people["administrator"], at, f"new.{at.pk}@example.org", "auditor", ODD)
    soon = timezone.now().date() + timedelta(days=7)
    later = give(people["engineer"], at, people["officer"], soon, soon)
    failed_job = Job.unscoped.get(pk=failed.job_id)
    system = governed(at, people, model)
    return World(
        at, people, dataset, model, earlier, done, waiting, failed_job, token, invitation, hooked(at, people), later,
        system, wrong(people, system), *asked_and_proven(people, system),
        judged(people, system),
        in_review(people, system),
        *nearing(people, system),
    )  # fmt: skip


def in_review(people: dict[str, User], system: System) -> Assessment:
    """What `submit` leaves, without its job, and with a stand-in for the PDF's bytes."""
    text = ODD.replace("\u202e", "")
    made = begin_assessment(people["officer"], system)
    comment(people["engineer"], made, text)
    made.summary = made.not_assessed = text
    made.state, made.submitted_by, made.submitted_at = Stage.IN_REVIEW, people["officer"], timezone.now()
    told = snapshot_of(made)
    content = canonical_bytes(told)
    made.snapshot, made.sha256 = content.decode("ascii"), sha256(content)
    made.authors = [author["id"] for author in told["authors"]]
    made.report = store().put(BytesIO(b"%PDF-1.7"), settings.UPLOAD_BYTES)
    made.save()
    return made


def asked_and_proven(people: dict[str, User], system: System) -> tuple[Duty, Evidence]:
    """One obligation of the system, evidenced, for which the officer brought a document."""
    duty = Duty.unscoped.select_related("organisation").get(system=system, requirement="art-10-2-f")
    text = ODD.replace("\u202e", "")
    officer, content = people["officer"], b"<script>alert(1)</script>"
    about = About(title=text, type="fairness-audit")
    evidence = bring_document(officer, system, BytesIO(content), len(content), f"{text}.html", about)
    attach(officer, duty, evidence)
    return move(officer, duty, {"state": "evidenced", "reason": text}), evidence


def nearing(people: dict[str, User], system: System) -> tuple[Review, Notice]:
    """A review that comes again, and what the beat tells of it."""
    said = {"what": ODD.replace("\u202e", ""), "due_on": timezone.now().date() + timedelta(days=3), "every_months": 6}
    review = plan(people["officer"], system, said | {"owner": people["officer"]})
    tell(system.organisation)
    return review, Notice.unscoped.get(thing=f"review:{review.pk}")


def judged(people: dict[str, User], system: System) -> Risk:
    """A risk of the system with a measure, judged before and after, and two versions of a statement."""
    text = ODD.replace("\u202e", "")
    officer = people["officer"]
    said = {"hazard": text, "cause": text, "affected": text, "rights": ["charter-21"], "owner": officer,
            "likelihood": 4, "severity": 4, "likelihood_after": 2, "severity_after": 4}  # fmt: skip
    risk = risks.begin(officer, system, said)
    risks.add_measure(officer, risk, {"text": text, "owner": officer, "due_on": today()})
    for number in range(2):
        write(officer, system, "oversight", {"art-14-4-a": f"{text} {number}"}, number)
    risk.refresh_from_db()
    return risk


def wrong(people: dict[str, User], system: System) -> Incident:
    """A serious incident of the system, of which an authority was told."""
    now = timezone.now()
    text = ODD.replace("\u202e", "")
    said = {"title": text, "kinds": ["death"], "aware_at": now, "known": text, "corrective": text, "place": text}
    incident = keeping.begin(people["officer"], system, said)
    keeping.tell(people["officer"], incident, "initial", "authority", text, now)
    return incident


def governed(at: Organisation, people: dict[str, User], model: ModelVersion) -> System:
    """An AI system that is high-risk, whose owner is the officer."""
    said = {"name": f"System of {at} {ODD}", "purpose": ODD, "owner": people["officer"], "roles": ["provider"]}
    said["name"] = said["name"].replace("\u202e", "")
    system = begin(people["officer"], at, said)
    add_part(people["officer"], system, model)
    answer(people["officer"], system, {name: (said, ODD) for name, said in answered("HIGH_RISK_ANNEX_III").items()})
    record_standing(people["officer"], system, today())
    system.refresh_from_db()
    return system


def hooked(at: Organisation, people: dict[str, User]) -> Endpoint:
    """A webhook whose one message was not taken."""
    hook = Endpoint.unscoped.create(
        organisation=at, url="https://hooks.example.org/key", description=ODD, events=["job.finished"],
        sealed_secret=seal(new_secret(), PURPOSE), created_by=people["administrator"], failing_since=timezone.now(),
    )  # fmt: skip
    attempt = {"at": "2026-11-21T12:00:00.000Z", "status": 500, "seconds": 0.1, "note": ODD}
    Delivery.unscoped.filter(pk=ping(hook).pk).update(log=[attempt], tries=1)
    return hook


def version_of(content: bytes) -> dict:
    name = store().put(BytesIO(content), settings.UPLOAD_BYTES)
    return {"number": 1, "sha256": name, "size": len(content), "file_name": ODD}


def finish(audit: Audit, made: Made) -> None:
    """What the job would leave, with a stand-in for the PDF's bytes, which no page reads."""
    contents = (canonical_bytes(made.audit), b"%PDF-1.7", made.figures)
    kept = [store().put(BytesIO(content), settings.UPLOAD_BYTES) for content in contents]
    audit.evidence, audit.report = kept[:2]
    audit.save()
    results.fill_in(audit, made.audit)
    Job.unscoped.filter(pk=audit.job_id).update(
        state=State.SUCCEEDED, result={"audit": str(audit.pk), "figures": kept[2]}, started_at=timezone.now(),
        finished_at=timezone.now(), progress=1.0,
    )  # fmt: skip
    audit.refresh_from_db()
