"""What runs, what failed, what is next: the first page, whose heading is the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from audits.models import Audit
from audits.templatetags.verdicts import worst
from models.accounts.models import Organisation
from models.accounts.templatetags.pages import words
from models.jobs.models import FINISHED, Job, State
from models.registry.models import Dataset

LATELY = timedelta(days=7)
MOST = 10


@dataclass(frozen=True, slots=True)
class Overview:
    """`latest` has the newest finished audit of each model (or of data without one), `failed` the jobs of a week."""

    running: list[Job]
    failed: list[Job]
    latest: list[Audit]
    has_data: bool

    @property
    def failing(self) -> list[Audit]:
        return [audit for audit in self.latest if worst(audit.outcomes) == "fail"]

    @property
    def open(self) -> list[Audit]:
        return [audit for audit in self.latest if worst(audit.outcomes) == "inconclusive"]

    @property
    def heading(self) -> str:
        if self.running:
            return f"{counted(len(self.running), 'job is', 'jobs are')} on the way"
        if self.failing:
            return f"{counted(len(self.failing), 'model fails', 'models fail')} a rule"
        if self.failed:
            return f"{counted(len(self.failed), 'job', 'jobs')} failed this week"
        if self.open:
            return (
                f"No rule fails; {counted(len(self.open), 'audit has', 'audits have').lower()} rules too close to call"
            )
        if self.latest:
            return "Nothing needs you now"
        return "Everything is ready for a first audit" if self.has_data else "Begin with data to audit on"

    @property
    def lede(self) -> str:
        if self.latest:
            judged = counted(len(self.latest), "model", "models").lower()
            return f"By the latest audit of {judged}." if len(self.latest) > 1 else "By the latest audit."
        if self.has_data:
            return "No audit is finished yet."
        return "An audit needs a table of people: what was decided or predicted for each, and what truly happened."


def overview(organisation: Organisation) -> Overview:
    jobs = Job.objects.of(organisation).defer("log", "params", "result")
    week = timezone.now() - LATELY
    audits = Audit.objects.of(organisation).exclude(evidence="").select_related("model__model", "dataset__dataset")
    audits = audits.defer("model__stored_signature", "dataset__stored_profile")
    return Overview(
        running=list(jobs.exclude(state__in=FINISHED).order_by("created_at")[:MOST]),
        failed=list(jobs.filter(state=State.FAILED, finished_at__gt=week)[:MOST]),
        latest=newest(audits[:200])[:MOST],
        has_data=Dataset.objects.of(organisation).exists(),
    )


def newest(audits: Iterable[Audit]) -> list[Audit]:
    """The first audit of each model; `audits` begin with the newest."""
    found: dict[object, Audit] = {}
    for audit in audits:
        found.setdefault(audit.model.model_id if audit.model else audit.dataset.dataset_id, audit)
    return list(found.values())


def counted(number: int, one: str, many: str) -> str:
    return f"{words(number).capitalize()} {one if number == 1 else many}"
