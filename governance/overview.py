"""What is overdue, what fails, what runs, what changed and what is next: the first page, whose heading answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Subquery
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
from governance.waiting import Need, Step, about_systems, counted, first_steps, number_of, unclassified, waiting
from models.accounts.models import Organisation, User
from models.accounts.permission import may
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
    """`cut` says that there are more needs than are shown; `systems_first` that its reader looks at systems first."""

    needs: list[Need]
    cut: bool
    running: list[Job]
    latest: list[Audit]
    changes: list[Change]
    reclassified: list[Reclassified]
    coming: list[Due]
    steps: list[Step]
    audited: int
    holdings: dict[str, Any]
    systems_first: bool

    @property
    def heading(self) -> str:
        if self.needs:
            number = f"More than {words(len(self.needs))}" if self.cut else words(len(self.needs)).capitalize()
            return f"{number} thing{'' if len(self.needs) == 1 else 's'} {need(len(self.needs))} somebody"
        if self.running:
            return f"{counted(len(self.running), 'job is', 'jobs are')} on the way"
        begun = not self.steps or self.steps[0].done
        if self.latest or (self.systems_first and begun):
            return "Nothing needs anybody now"
        if self.systems_first:
            return "Begin with an AI system"
        return "Everything is ready for a first audit" if begun else "Begin with data to audit on"

    @property
    def lede(self) -> str:
        if self.needs:
            return f"{sums(self.needs)}."
        if self.latest:
            judged = counted(self.audited, "model", "models").lower()
            return f"By the latest audit of {judged}." if self.audited > 1 else "By the latest audit."
        if self.running:
            return "It goes on when you close this page."
        if self.systems_first:
            return "A system is what the law speaks of: a purpose, a role of yours, and the models in it."
        return "An audit needs a table of people: what was decided or predicted for each, and what truly happened."


def overview(organisation: Organisation, reader: User | None = None, systems_first: bool = False) -> Overview:
    """`systems_first`: what is overdue about systems before what is wrong with models and jobs. What waits for the
    `reader` is left out where there is none."""
    now = timezone.now()
    there = holdings(organisation, systems_first)
    near = collected(organisation, Span(None, (now + MONTH).date(), MOST + 1))
    late = [*(waiting(reader, organisation) if reader else ()), *(overdue(e) for e in near if e.is_overdue(now))]
    newest = newest_audits(organisation)
    audited = newest[0].subjects if newest else 0
    pairs = compared(newest)
    shown = audits_with(organisation, newest, pairs)
    failed, running = jobs(organisation)
    found = [*failing(newest, shown), *broken(failed), *undecided(newest, shown)]
    if reader is None or may(reader, "run", organisation):
        found += unaudited(organisation, systems_first)
    if systems_first:
        late += unclassified(there)
    return Overview(
        needs=shared(late, found) if systems_first else shared(found, late),
        cut=len(found) + len(late) > MOST,
        running=running,
        latest=[shown[each.key] for each in newest[:FEW] if each.key in shown],
        changes=changes(pairs, shown),
        reclassified=reclassified(organisation),
        coming=[each for each in near if not each.is_overdue(now)][:FEW],
        steps=first_steps(there) if systems_first else steps(there, newest),
        audited=audited,
        holdings=there,
        systems_first=systems_first,
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


def compared(newest: list[Newest]) -> list[tuple[Any, Any]]:
    """The audits of this month, each with the one before it, by their keys."""
    since = timezone.now() - MONTH
    return [(each.key, each.before) for each in newest if each.before and each.at > since][:MOST_CHANGES]


def audits_with(organisation: Organisation, newest: list[Newest], pairs: list[tuple[Any, Any]]) -> dict[Any, Audit]:
    """The audits that rows are made of, by their keys."""
    wanted = [each.key for each in newest[:FEW]] + [key for pair in pairs for key in pair]
    for verdict in ("fail", "inconclusive"):
        wanted += [each.key for each in newest if each.verdict == verdict][: MOST + 1]
    found = Audit.objects.of(organisation).filter(pk__in=set(wanted)).select_related("model__model", "dataset__dataset")
    return {audit.pk: audit for audit in found.defer(*LARGE[1:])}  # what changed is told by the titles of the policy


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


def jobs(organisation: Organisation) -> tuple[list[Job], list[Job]]:
    """Those that failed this week and were not tried again, and those that are not finished. One query."""
    mine = Job.objects.of(organisation).defer("log", "params", "result")
    failed = mine.filter(state=State.FAILED, finished_at__gt=timezone.now() - WEEK, retries=None)
    running = mine.exclude(state__in=FINISHED).order_by("created_at")[:FEW]
    wanted = Q(pk__in=failed.order_by("-finished_at").values("pk")[: MOST + 1]) | Q(pk__in=running.values("pk"))
    found = list(mine.filter(wanted).order_by("-finished_at", "created_at"))
    return [job for job in found if job.finished_at], [job for job in found if not job.finished_at]


def broken(failed: list[Job]) -> Iterable[Need]:
    for job in failed:
        why = job.error[:160] + ("…" if len(job.error) > 160 else "")
        at = job.finished_at or job.created_at
        yield Need("bad", "Job failed", at, str(job), reverse("job", args=[job.pk]), sentence(why))


def unaudited(organisation: Organisation, models_only: bool) -> Iterable[Need]:
    """Versions of this month that are the newest of theirs and were not audited; data only where those before were."""
    since = timezone.now() - MONTH
    own = ModelVersion.objects.of(organisation).filter(created_at__gt=since)
    later = ModelVersion.unscoped.filter(model=OuterRef("model"), number__gt=OuterRef("number"))
    fresh = own.exclude(Exists(Audit.unscoped.filter(model=OuterRef("pk")))).exclude(Exists(later))
    for version in fresh.select_related("model").defer("stored_signature").order_by("-created_at")[: MOST + 1]:
        yield not_audited(version, "model", "No audit of this version was started.")
    if models_only:
        return
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


def changes(pairs: list[tuple[Any, Any]], audits: dict[Any, Audit]) -> list[Change]:
    """Of these audits those of which a rule is judged otherwise than in the audit before."""
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


def steps(there: dict[str, Any], newest: list[Newest]) -> list[Step]:
    """What somebody new does first; nothing once two audits are done."""
    if there["audits"] > 1:
        return []
    has_data, has_model, few = there["datasets"] > 0, there["models"] > 0, [each.key for each in newest]
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
        ("To approve", "assessment waits to be approved", "assessments wait to be approved"),
        ("To accept", "thing waits to be accepted", "things wait to be accepted"),
        ("Draft", "assessment is a draft", "assessments are drafts"),
        ("Overdue", "thing is overdue", "things are overdue"),
        (OUTCOMES["fail"], "model fails a rule", "models fail a rule"),
        ("Job failed", "job failed this week", "jobs failed this week"),
        (OUTCOMES["inconclusive"], "model is too close to call", "models are too close to call"),
        ("Not audited", "new version is not audited", "new versions are not audited"),
        ("No class yet", "system has no class", "systems have no class"),
    ):
        if number := sum(each.of for each in needs if each.label == label):
            said.append(f"{words(number)} {one if number == 1 else many}")
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def need(number: int) -> str:
    return "needs" if number == 1 else "need"


def holdings(organisation: Organisation, systems_first: bool) -> dict[str, Any]:
    """How much there is, in one query; with what a reader of systems is told beside it."""
    counted_rows = {
        "systems": System.unscoped.filter(is_archived=False),
        "incidents": Incident.unscoped.filter(closed_at=None),
        "models": Model.unscoped.all(),
        "datasets": Dataset.unscoped.all(),
        "audits": Audit.unscoped.exclude(verdict=""),
    }
    asked = {name: Coalesce(Subquery(number_of(rows)), 0) for name, rows in counted_rows.items()}
    found: Any = Organisation.objects.filter(pk=organisation.pk)
    return dict(found.values(**asked, **(about_systems() if systems_first else {})).get())
