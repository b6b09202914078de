"""The job of the report's PDF: asked for here, in the transaction of what it prints; done by job_kinds.py."""

from __future__ import annotations

from typing import Any

from governance.assessments.models import Assessment
from models.jobs.models import Job
from models.jobs.submit import submit

KIND = "risk-report"


def asked(assessment: Assessment) -> Job:
    """The job; it prints nothing once the assessment is no longer what it was then. The service asks, not a person:
    whoever may send into review or approve need not be one who runs jobs."""
    params = {
        "assessment": str(assessment.pk),
        "sha256": assessment.sha256,
        "state": assessment.state,
        "edition": assessment.edition,
    }
    title = f"Report of {assessment}"
    return submit(KIND, organisation=assessment.organisation, user=None, params=params, title=title)


def again(job: Job, user: Any) -> Job:
    """The same report once more, after its job failed."""
    found = Assessment.unscoped.select_related("organisation", "system").get(pk=job.params["assessment"])
    made = submit(KIND, organisation=job.organisation, user=user, params=job.params, title=job.title)
    if found.job_id == job.pk:
        Assessment.unscoped.filter(pk=found.pk).update(job=made)
    return made
