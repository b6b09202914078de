"""An assessment as its report tells it: what is frozen, or what it would tell now, with the facts of its sign-off."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from audits.report.html import BODY, environment
from governance.assessments.models import Assessment
from governance.assessments.snapshot import snapshot_of
from governance.reports.document import attached, with_hash
from governance.reports.pieces import pieces
from models.accounts.models import User
from models.trail.models import Entry

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def told(assessment: Assessment) -> dict[str, Any]:
    """The snapshot: of a draft as it would be now, of any other as it was frozen."""
    return json.loads(assessment.snapshot) if assessment.snapshot else snapshot_of(assessment)


def report_of(assessment: Assessment) -> dict[str, Any]:
    return attached(told(assessment), sign_off(assessment))


def sign_off(assessment: Assessment) -> dict[str, Any]:
    """Who approved is told as the trail has it, by the name of then."""
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=assessment.authors)}
    entry = approval(assessment)
    actor = json.loads(entry.body)["actor"] if entry else {"id": None, "name": ""}
    return {
        "state": assessment.state,
        "sha256": assessment.sha256,
        "authors": [{"id": key, "name": people[key]} for key in assessment.authors if key in people],
        "submitted_by": str(assessment.submitted_by) if assessment.submitted_by else "",
        "submitted_at": assessment.submitted_at.isoformat() if assessment.submitted_at else None,
        "approver": actor["id"],
        "approved_by": actor["name"],
        "approved_for": assessment.approved_for,
        "approved_at": assessment.approved_at.isoformat() if assessment.approved_at else None,
        "decision": assessment.decision,
        "trail": {"sequence": entry.sequence, "hash": assessment.trail_head, "entry": entry.body} if entry else None,
        "pieces": pieces(json.loads(assessment.snapshot)) if assessment.snapshot else {},
    }


def approval(assessment: Assessment) -> Entry | None:
    """The trail's entry of it, whole: its hash is the head that is printed, so that it ties who signed to what."""
    if assessment.trail_sequence is None:
        return None
    return Entry.unscoped.get(organisation=assessment.organisation_id, sequence=assessment.trail_sequence)


def body(assessment: Assessment) -> Markup:
    """The report as a part of a page of ours."""
    from markupsafe import Markup

    return Markup(renderer().get_template(BODY).render(document=with_hash(report_of(assessment))))


@cache
def renderer() -> Environment:
    return environment()
