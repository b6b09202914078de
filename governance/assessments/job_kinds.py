"""The job that makes a risk report's PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from audits.report.evidence import canonical_bytes
from audits.report.limits import DrawingLimits
from audits.report.signature import SIGNATURE, fingerprint, sign
from governance.assessments.models import Assessment, State
from governance.assessments.printing import KIND, again
from governance.assessments.reporting import report_of
from governance.reports.document import SIGNED
from models.jobs.context import JobContext
from models.jobs.kinds import JobKind, register
from models.jobs.models import Job
from models.registry.storage import store
from models.trail import keys
from models.trail.record import record

MOST_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Done:
    """The stored PDF, empty where there is nothing to print any more, and the fingerprint of the key that signed it."""

    report: str = ""
    key: str = ""


def run(context: JobContext) -> Done:
    found = of(context.params)
    if found is None:
        return Done()
    key = keys.for_reports() if found.state in SIGNED else None
    signer = fingerprint(key.public_key()) if key else ""
    evidence = canonical_bytes(report_of(found, signer))
    inputs = {"report": context.workdir / "report.json"}
    inputs["report"].write_bytes(evidence)
    if key:
        inputs["signature"] = context.workdir / SIGNATURE
        inputs["signature"].write_bytes(sign(evidence, key))
    output = context.workdir / "report"
    made = context.run_sandboxed(
        "governance.reports.task:render_task",
        {},
        inputs=inputs,
        output=output,
        limits=DrawingLimits(seconds=context.limits.seconds, memory=context.limits.memory),
    )
    with (output / made["report"]).open("rb") as source:
        return Done(store().put(source, MOST_BYTES), signer)


def save(job: Job, outcome: Done) -> dict[str, Any]:
    """Only where the assessment is still what was printed: one that was sent back meanwhile has no report."""
    found = of(job.params, locked=True)
    if found is None or found.job_id != job.pk or not outcome.report:
        return {"report": None}
    found.report, found.signing_key = outcome.report, outcome.key
    found.save(update_fields=["report", "signing_key"])
    facts = {"report": outcome.report, "state": found.state} | ({"key": outcome.key} if outcome.key else {})
    record(found.organisation, None, "reported", found, facts)
    return {"assessment": str(found.pk), **facts}


def of(params: dict[str, Any], locked: bool = False) -> Assessment | None:
    """The assessment as long as it is what the job was asked to print: a draft until somebody writes in it."""
    rows = Assessment.unscoped.select_related("organisation", "system__organisation")
    rows = rows.select_for_update(of=("self",)) if locked else rows
    asked = params["state"]
    states = (State.APPROVED, State.SUPERSEDED) if asked == State.APPROVED else (asked,)
    wanted = {"sha256": params["sha256"], "edition": params["edition"], "state__in": states}
    return rows.filter(pk=params["assessment"], **wanted).first()


def page(job: Job) -> str:
    return reverse("assessment", args=[job.params["assessment"]])


register(JobKind(name=KIND, run=run, save=save, title="Risk report", page=page, retry=again))
