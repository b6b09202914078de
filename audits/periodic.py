"""Results that a worker of the version before wrote, without rules and figures as rows, are completed."""

from __future__ import annotations

import json
from uuid import UUID

from django.db import transaction

from audits import results
from audits.models import Audit
from models.jobs.periodic import every
from models.registry.storage import store

AT_ONCE = 20


@every(60)
def complete_older_results() -> None:
    """A few at each call; an audit that is being completed elsewhere is left alone."""
    for pk in Audit.unscoped.exclude(evidence="").filter(rules__isnull=True).values_list("pk", flat=True)[:AT_ONCE]:
        complete(pk)


@transaction.atomic
def complete(pk: UUID) -> None:
    audit = Audit.unscoped.select_for_update().filter(pk=pk, rules__isnull=True).first()
    if audit is not None:
        results.fill_in(audit, json.loads(store().path(audit.evidence).read_bytes()))
