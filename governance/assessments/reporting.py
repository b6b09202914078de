"""An assessment as its report tells it: what is frozen, or what it would tell now, with the facts of its sign-off."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from audits.report.html import BODY, environment
from governance.assessments.models import Assessment
from governance.assessments.snapshot import snapshot_of
from governance.reports.document import attached, with_hash
from models.accounts.models import User

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def told(assessment: Assessment) -> dict[str, Any]:
    """The snapshot: of a draft as it would be now, of any other as it was frozen."""
    return json.loads(assessment.snapshot) if assessment.snapshot else snapshot_of(assessment)


def report_of(assessment: Assessment) -> dict[str, Any]:
    return attached(told(assessment), sign_off(assessment))


def sign_off(assessment: Assessment) -> dict[str, Any]:
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=assessment.authors)}
    approved = assessment.approved_at
    return {
        "state": assessment.state,
        "sha256": assessment.sha256,
        "authors": [{"id": key, "name": people[key]} for key in assessment.authors if key in people],
        "submitted_by": str(assessment.submitted_by) if assessment.submitted_by else "",
        "submitted_at": assessment.submitted_at.isoformat() if assessment.submitted_at else None,
        "approver": assessment.approved_by_id,
        "approved_by": str(assessment.approved_by) if assessment.approved_by else "",
        "approved_for": assessment.approved_for,
        "approved_at": approved.isoformat() if approved else None,
        "decision": assessment.decision,
        "trail": {"sequence": assessment.trail_sequence, "hash": assessment.trail_head} if approved else None,
    }


def body(assessment: Assessment) -> Markup:
    """The report as a part of a page of ours."""
    from markupsafe import Markup

    return Markup(renderer().get_template(BODY).render(document=with_hash(report_of(assessment))))


@cache
def renderer() -> Environment:
    return environment()
