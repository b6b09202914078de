"""The job that does an audit: predict, count, explain, write the report; then one transaction for what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.urls import reverse

from audits import results
from audits.models import Audit
from audits.report.evidence import canonical_bytes
from audits.report.limits import DrawingLimits
from audits.report.signature import SIGNATURE, sign
from audits.run.sandboxed import Request, audit_in_sandbox
from audits.start import KIND, start_again
from models.jobs.context import JobContext
from models.jobs.kinds import JobKind, register
from models.jobs.models import Job
from models.registry.compatible import check_compatible
from models.registry.references.database import DatabaseTable
from models.registry.sources import data_of
from models.registry.storage import store
from models.trail import keys
from models.trail.models import Head
from models.trail.record import record

# no report is larger, and none is worth a full disk
MOST_BYTES = 1 << 30
REPORT_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Done:
    """What an audit left in the store, and its result, of which the rows are made."""

    evidence: str
    report: str
    figures: str
    result: dict[str, Any]


def run(context: JobContext) -> Done:
    """The long part: nothing of it is seen until `save` commits (stored files have no name that anybody knows yet)."""
    audit = Audit.unscoped.select_related("model__model", "dataset__dataset").get(pk=context.params["audit"])
    rows = data_of(audit.dataset, context.workdir / "data", columns=_needed(audit), cancelled=context.cancelled)
    with rows as (data, origin):
        result = audit_in_sandbox(
            _request(audit, data, origin),
            context.workdir,
            lambda share, sentence: context.progress(share * REPORT_SHARE, sentence),
            limits=context.limits,
            cancelled=context.cancelled,
            on_log=lambda text: context.log(text) if text else None,
        )
    inputs = {"audit": context.workdir / "audit.json"}
    inputs["audit"].write_text(json.dumps(result, ensure_ascii=False, allow_nan=False), "utf-8")
    if key := keys.for_reports():
        inputs["signature"] = context.workdir / SIGNATURE
        inputs["signature"].write_bytes(sign(canonical_bytes(result), key))
    output = context.workdir / "report"
    made = context.run_sandboxed(
        "audits.report.task:render_task",
        {},
        inputs=inputs,
        output=output,
        limits=DrawingLimits(seconds=context.limits.seconds, memory=context.limits.memory),
        share=(REPORT_SHARE, 1.0),
    )
    evidence, report, figures = (_keep(output / made[name]) for name in ("evidence", "report", "figures"))
    return Done(evidence, report, figures, result)


def _needed(audit: Audit) -> list[str] | None:
    """The columns that have to come here where the data lie in a database: those that a model reads, and those that the
    audit asks for. Without a model none: the counting is done there."""
    if audit.model is None:
        return None
    asked = audit.asked
    own = [c for c in (asked.label, asked.weight, asked.frequency) if c]
    read = check_compatible(audit.model, audit.dataset, exclude=own)
    return list(dict.fromkeys([*read, *asked.sensitive, *own]))


def _request(audit: Audit, data: Path | DatabaseTable, origin: Mapping[str, str] | None) -> Request:
    head = Head.objects.filter(organisation_id=audit.organisation_id).first()
    return Request(
        parameters=audit.asked,
        data=data,
        origin=origin,
        policy=audit.judged_by,
        name=audit.dataset.file_name,
        model=audit.model.path if audit.model else None,
        model_name=audit.model.file_name if audit.model else None,
        subject=audit.subject(),
        trail={"sequence": head.sequence, "hash": head.hash} if head else None,
        started=audit.created_at,
    )


def _keep(file: Path) -> str:
    with file.open("rb") as source:
        return store().put(source, MOST_BYTES)


def save(job: Job, outcome: Done) -> dict[str, Any]:
    """In the job's last transaction: the audit's result with every figure, the report in the trail, and the news."""
    audit = Audit.unscoped.select_for_update(of=("self",)).select_related("model", "dataset").get(job=job)
    audit.evidence, audit.report = outcome.evidence, outcome.report
    audit.save(update_fields=["evidence", "report"])
    results.fill_in(audit, outcome.result)
    facts = {"evidence": outcome.evidence, "report": outcome.report, "outcomes": audit.outcomes}
    record(job.organisation, None, "reported", audit, facts)
    results.tell(audit)
    return {"audit": str(audit.pk), "figures": outcome.figures, **facts}


def page(job: Job) -> str:
    return reverse("audit", args=[job.params["audit"]])


register(JobKind(name=KIND, run=run, save=save, title="Audit", page=page, retry=start_again))
