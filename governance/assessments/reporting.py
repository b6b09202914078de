"""An assessment as its report tells it: what is frozen, or what it would tell now, with the facts of its sign-off."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from audits.report.html import BODY, environment
from governance.assessments.models import Assessment
from governance.assessments.snapshot import snapshot_of
from governance.reports.document import attached, with_hash
from governance.reports.pieces import pieces
from models.registry.storage import store
from models.trail.models import Entry

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

MOST_BYTES = 1 << 26  # of audits' evidence in one report, 64 MiB


def told(assessment: Assessment) -> dict[str, Any]:
    """The snapshot: of a draft as it would be now, of any other as it was frozen."""
    return json.loads(assessment.snapshot) if assessment.snapshot else snapshot_of(assessment)


def report_of(assessment: Assessment, key: str | None = None) -> dict[str, Any]:
    """`key` is the fingerprint of the key that signs it, empty for none; where it is not given, of that which signed
    the PDF. Raises StorageError where the evidence of an audit cannot be read."""
    found = told(assessment)
    return attached(found, sign_off(assessment, assessment.signing_key if key is None else key), evidence_of(found))


def evidence_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON of its audits by its hash, in their order, as long as they are not too much together."""
    held, size = {}, 0
    for sha in (audit["sha256"] for audit in found["audits"]):
        file = store().path(sha)
        size += file.stat().st_size
        if size <= MOST_BYTES:
            held[sha] = json.loads(file.read_bytes())
    return held


def sign_off(assessment: Assessment, key: str) -> dict[str, Any]:
    """Who approved is told as the trail has it, by the name of then."""
    entry = approval(assessment)
    actor = json.loads(entry.body)["actor"] if entry else {"id": None, "name": ""}
    return {
        "state": assessment.state,
        "sha256": assessment.sha256,
        "approver": actor["id"],
        "approved_by": actor["name"],
        "approved_for": assessment.approved_for,
        "approved_at": assessment.approved_at.isoformat() if assessment.approved_at else None,
        "decision": assessment.decision,
        "trail": {"sequence": entry.sequence, "hash": assessment.trail_head, "entry": entry.body} if entry else None,
        "key": key or None,
        "pieces": pieces(json.loads(assessment.snapshot)) if assessment.snapshot else {},
    }


def approval(assessment: Assessment) -> Entry | None:
    """The trail's entry of it, whole: its hash is the head that is printed, so that it ties who signed to what."""
    if assessment.trail_sequence is None:
        return None
    return Entry.unscoped.get(organisation=assessment.organisation_id, sequence=assessment.trail_sequence)


def body(report: dict[str, Any]) -> Markup:
    """The report, as report_of() gives it, as a part of a page of ours."""
    from markupsafe import Markup

    return Markup(renderer().get_template(BODY).render(document=with_hash(report)))


@cache
def renderer() -> Environment:
    return environment()
