"""What is overdue, what fails, what runs, what changed and what is next: the first page, whose heading answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from audits.models import Audit
from audits.report.words import OUTCOMES
from audits.results import changed
from audits.templatetags.verdicts import tally
from governance.incidents.models import Incident
from governance.systems.days import Due, Span, collected
from governance.systems.models import Standing, System
from governance.systems.words import class_name
from models.accounts.models import Organisation
from models.accounts.templatetags.pages import sentence, words
from models.jobs.models import FINISHED, Job, State
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
MOST = 10  # rows of what needs somebody
FEW = 5  # rows of the other sorts
MOST_CHANGES = 30  # audits whose verdicts are held against those before
# Of each verdict, with an audit before it and without, no more than any part of the page shows; the first of all are
# among them. One pass in the database, since an organisation may have thousands of models.
NEWEST = """
WITH judged AS (
    SELECT audit.id, audit.verdict, audit.created_at, row_number() OVER subject AS place,
        lead(audit.id) OVER subject AS before_pk, lead(audit.verdict) OVER subject AS before_verdict
    FROM audits_audit audit
    JOIN registry_datasetversion data ON data.id = audit.dataset_id
    LEFT JOIN registry_modelversion model ON model.id = audit.model_id
    WHERE audit.organisation_id = %(organisation)s AND audit.verdict <> ''
    WINDOW subject AS (
        PARTITION BY model.model_id, CASE WHEN audit.model_id IS NULL THEN data.dataset_id END
        ORDER BY audit.created_at DESC
    )
), newest AS (
    SELECT judged.*, count(*) OVER () AS subjects,
        row_number() OVER (PARTITION BY verdict, before_pk IS NULL ORDER BY created_at DESC) AS number
    FROM judged WHERE place = 1
)
SELECT id, verdict, created_at, before_pk, before_verdict, subjects
FROM newest WHERE number <= %(most)s ORDER BY created_at DESC
"""
LARGE = ("policy", "parameters", "dataset__stored_profile", "model__stored_signature")


@dataclass(frozen=True, slots=True)
class Need:
    """One row that says what to do, why now, and what is known. `tone` is a verdict's, or bad for what broke."""

    tone: str
    label: str
    at: datetime
    title: str
    address: str
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """Verdicts of an audit that are not what they were in the audit before."""

    audit: Audit
    rules: tuple[tuple[str, str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class Reclassified:
    """A system that was found to be of another class than before."""

    standing: Standing
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps of somebody new."""

    title: str
    why: str
    address: str
    done: bool


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest finished audit of a model (or of data without one), and the one before it; `subjects` counts all."""

    key: Any
    verdict: str
    at: datetime
    before: Any = None
    verdict_before: str = ""
    subjects: int = 1


@dataclass(frozen=True, slots=True)
class Overview:
    """`cut` says that there are more needs than are shown."""

    needs: list[Need]
    cut: bool
    running: list[Job]
    latest: list[Audit]
    changes: list[Change]
    reclassified: list[Reclassified]
    coming: list[Due]
    steps: list[Step]
    audited: int

    @property
    def heading(self) -> str:
        if self.needs:
            number = f"More than {words(len(self.needs))}" if self.cut else words(len(self.needs)).capitalize()
            return f"{number} thing{'' if len(self.needs) == 1 else 's'} {need(len(self.needs))} somebody"
        if self.running:
            return f"{counted(len(self.running), 'job is', 'jobs are')} on the way"
        if self.latest:
            return "Nothing needs anybody now"
        done = [step.done for step in self.steps]
        return "Everything is ready for a first audit" if done and done[0] else "Begin with data to audit on"

    @property
    def lede(self) -> str:
        if self.needs:
            return f"{sums(self.needs)}."
        if self.latest:
            judged = counted(self.audited, "model", "models").lower()
            return f"By the latest audit of {judged}." if self.audited > 1 else "By the latest audit."
        if self.running:
            return "It goes on when you close this page."
        return "An audit needs a table of people: what was decided or predicted for each, and what truly happened."


def overview(organisation: Organisation, systems_first: bool = False) -> Overview:
    """`systems_first`: what is overdue about systems before what is wrong with models and jobs."""
    now = timezone.now()
    near = collected(organisation, Span(None, (now + MONTH).date(), MOST + 1))
    late = [overdue(each) for each in near if each.is_overdue(now)]
    newest = newest_audits(organisation)
    audited = newest[0].subjects if newest else 0
    shown = audits_with(organisation, newest)
    found = [*failing(newest, shown), *broken(organisation), *undecided(newest, shown), *unaudited(organisation)]
    jobs = Job.objects.of(organisation).defer("log", "params", "result")
    return Overview(
        needs=shared(late, found) if systems_first else shared(found, late),
        cut=len(found) + len(late) > MOST,
        running=list(jobs.exclude(state__in=FINISHED).order_by("created_at")[:FEW]),
        latest=[shown[each.key] for each in newest[:FEW] if each.key in shown],
        changes=changes(organisation, newest),
        reclassified=reclassified(organisation),
        coming=[each for each in near if not each.is_overdue(now)][:FEW],
        steps=steps(organisation, audited),
        audited=audited,
    )


def overdue(each: Due) -> Need:
    at = each.at or datetime.combine(each.day, time(), UTC)
    return Need("bad", "Overdue", at, each.title, each.address, f"{each.kind}, {each.system}")


def shared(first: list[Need], second: list[Need]) -> list[Need]:
    """As many as are shown: the first before the second, which have half of the places if they need them."""
    begin = first[: MOST - min(len(second), MOST // 2)]
    return [*begin, *second[: MOST - len(begin)]]


def reclassified(organisation: Organisation) -> list[Reclassified]:
    """Of this month, the newest first."""
    before = Standing.unscoped.filter(system=OuterRef("system"), number=OuterRef("number") - 1)
    fresh = Standing.objects.of(organisation).filter(number__gt=1, created_at__gt=timezone.now() - MONTH)
    told = fresh.annotate(before=Subquery(before.values("outcome")[:1])).exclude(before=F("outcome"))
    rows: Any = told.select_related("system").defer("result", "assessment").order_by("-created_at")[:FEW]
    return [Reclassified(each, class_name(each.before), class_name(each.outcome)) for each in rows]


def newest_audits(organisation: Organisation) -> list[Newest]:
    """Of every model, and of all data audited without one; the newest first, and of many as many as are shown."""
    found: Any = Audit.unscoped.raw(NEWEST, {"organisation": organisation.pk, "most": MOST_CHANGES})
    return [
        Newest(
            each.pk,
            each.verdict,
            each.created_at,
            UUID(str(each.before_pk)) if each.before_pk else None,
            each.before_verdict or "",
            each.subjects,
        )
        for each in found
    ]


def audits_with(organisation: Organisation, newest: list[Newest]) -> dict[Any, Audit]:
    """The audits that rows are made of, by their keys."""
    wanted = [each.key for each in newest[:FEW]]
    for verdict in ("fail", "inconclusive"):
        wanted += [each.key for each in newest if each.verdict == verdict][: MOST + 1]
    found = Audit.objects.of(organisation).filter(pk__in=wanted).select_related("model__model", "dataset__dataset")
    return {audit.pk: audit for audit in found.defer(*LARGE)}


def failing(newest: list[Newest], shown: dict[Any, Audit]) -> Iterable[Need]:
    passed = {each.key for each in newest if each.verdict_before == "pass"}
    for audit in picked(newest, shown, "fail"):
        why = f"{tally(audit.outcomes).capitalize()}.{' The audit before passed.' if audit.pk in passed else ''}"
        yield Need("fail", OUTCOMES["fail"], audit.created_at, subject(audit), reverse("audit", args=[audit.pk]), why)


def undecided(newest: list[Newest], shown: dict[Any, Audit]) -> Iterable[Need]:
    for audit in picked(newest, shown, "inconclusive"):
        why = f"{tally(audit.outcomes).capitalize()}. The result says what would settle it."
        label = OUTCOMES["inconclusive"]
        yield Need("inconclusive", label, audit.created_at, subject(audit), reverse("audit", args=[audit.pk]), why)


def picked(newest: list[Newest], shown: dict[Any, Audit], verdict: str) -> list[Audit]:
    return [shown[each.key] for each in newest if each.verdict == verdict and each.key in shown][: MOST + 1]


def broken(organisation: Organisation) -> Iterable[Need]:
    """Jobs that failed this week and were not tried again."""
    failed = Job.objects.of(organisation).filter(state=State.FAILED, finished_at__gt=timezone.now() - WEEK)
    failed = failed.filter(retries=None).order_by("-finished_at").defer("log", "params", "result")
    for job in failed[: MOST + 1]:
        why = job.error[:160] + ("…" if len(job.error) > 160 else "")
        at = job.finished_at or job.created_at
        yield Need("bad", "Job failed", at, str(job), reverse("job", args=[job.pk]), sentence(why))


def unaudited(organisation: Organisation) -> Iterable[Need]:
    """Versions of this month that are the newest of theirs and were not audited; data only where those before were."""
    since = timezone.now() - MONTH
    own = ModelVersion.objects.of(organisation).filter(created_at__gt=since)
    later = ModelVersion.unscoped.filter(model=OuterRef("model"), number__gt=OuterRef("number"))
    fresh = own.exclude(Exists(Audit.unscoped.filter(model=OuterRef("pk")))).exclude(Exists(later))
    for version in fresh.select_related("model").defer("stored_signature").order_by("-created_at")[: MOST + 1]:
        yield not_audited(version, "model", "No audit of this version was started.")
    rows = DatasetVersion.objects.of(organisation).filter(created_at__gt=since, number__gt=1)
    newer = DatasetVersion.unscoped.filter(dataset=OuterRef("dataset"), number__gt=OuterRef("number"))
    used = Audit.unscoped.filter(dataset__dataset=OuterRef("dataset"))
    changed_data = rows.filter(Exists(used)).exclude(Exists(Audit.unscoped.filter(dataset=OuterRef("pk"))))
    changed_data = changed_data.exclude(Exists(newer)).select_related("dataset").defer("stored_profile")
    for data in changed_data.order_by("-created_at")[: MOST + 1]:
        yield not_audited(data, "dataset", "Earlier versions were audited on; this one was not.")


def not_audited(version: Any, one: str, why: str) -> Need:
    address = f"{reverse('start-audit')}?{one}={version.pk}"
    return Need("", "Not audited", version.created_at, f"Audit {version}", address, why)


def changes(organisation: Organisation, newest: list[Newest]) -> list[Change]:
    """Of the audits of this month, those of which a rule is judged otherwise than in the audit before."""
    since = timezone.now() - MONTH
    pairs = [(each.key, each.before) for each in newest if each.before and each.at > since][:MOST_CHANGES]
    wanted = [key for pair in pairs for key in pair]
    found = Audit.objects.of(organisation).filter(pk__in=wanted).select_related("model__model", "dataset__dataset")
    audits = {audit.pk: audit for audit in found.defer("parameters", *LARGE[2:])}
    told = [change(audits[key], audits[before]) for key, before in pairs if key in audits and before in audits]
    return [each for each in told if each.rules][:FEW]


def change(audit: Audit, earlier: Audit) -> Change:
    titles = {rule["id"]: rule.get("title") or rule["id"] for rule in audit.policy.get("rules") or []}
    rules = [
        (each["title"] + about(each["rule"]), each["from"], each["to"]) for each in changed(audit, earlier, titles)
    ]
    return Change(audit, tuple(rules[:3]), max(0, len(rules) - 3))


def about(rule: str) -> str:
    """` (sex)` of `four-fifths[sex]`."""
    inside = rule.partition("[")[2].rstrip("]")
    return f" ({inside})" if inside else ""


def steps(organisation: Organisation, audited: int) -> list[Step]:
    """What somebody new does first; nothing once two audits are done."""
    if audited > 1:
        return []
    has_data = DatasetVersion.objects.of(organisation).exists()
    has_model = ModelVersion.objects.of(organisation).exists()
    finished = Audit.objects.of(organisation).exclude(verdict="").order_by("created_at").values_list("pk", flat=True)
    few = list(finished[:2])
    if len(few) > 1:
        return []
    result = reverse("audit", args=few) if few else ""
    register = reverse("register-dataset")
    return [
        Step("Register data", "A table of people, with what truly happened to each.", register, has_data),
        Step(
            "Register a model, or its predictions",
            "Not needed where the predictions stand in a column of the data.",
            reverse("register-model"),
            has_model or bool(few),
        ),
        Step("Audit it", "The form asks which columns say who people are.", reverse("start-audit"), bool(few)),
        Step("Read the result and pass the report on", "Whoever has the PDF can recompute it.", result, False),
    ]


def subject(audit: Audit) -> str:
    return str(audit.model or audit.dataset)


def sums(needs: list[Need]) -> str:
    """`Two models fail a rule, one job failed`."""
    said = []
    for label, one, many in (
        ("Overdue", "thing is overdue", "things are overdue"),
        (OUTCOMES["fail"], "model fails a rule", "models fail a rule"),
        ("Job failed", "job failed this week", "jobs failed this week"),
        (OUTCOMES["inconclusive"], "model is too close to call", "models are too close to call"),
        ("Not audited", "new version is not audited", "new versions are not audited"),
    ):
        if number := sum(each.label == label for each in needs):
            said.append(f"{words(number)} {one if number == 1 else many}")
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def need(number: int) -> str:
    return "needs" if number == 1 else "need"


def counted(number: int, one: str, many: str) -> str:
    return f"{words(number).capitalize()} {one if number == 1 else many}"


def holdings(organisation: Organisation) -> dict[str, int]:
    """How much there is, in one query."""
    counted_rows = {
        "systems": System.unscoped.filter(is_archived=False),
        "incidents": Incident.unscoped.filter(closed_at=None),
        "models": Model.unscoped.all(),
        "datasets": Dataset.unscoped.all(),
        "audits": Audit.unscoped.exclude(verdict=""),
    }
    numbers = {name: Coalesce(Subquery(number_of(rows)), 0) for name, rows in counted_rows.items()}
    found: Any = Organisation.objects.filter(pk=organisation.pk).values(**numbers)
    return dict(found.get())


def number_of(rows: Any) -> Any:
    """Of those of the organisation that the query around it is about."""
    mine = rows.filter(organisation=OuterRef("pk")).order_by().values("organisation")
    return mine.annotate(number=Count("pk")).values("number")
