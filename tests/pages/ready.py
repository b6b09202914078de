"""What has to be so before some acts change anything; and what an act changed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from audits.models import Audit
from governance.assessments import signing
from governance.incidents import keeping as incidents
from governance.obligations.board import detach
from governance.risks import keeping as risks
from governance.risks.findings import proposed
from governance.systems.days import today
from governance.systems.register import remove_part
from tests.pages.conftest import World
from tests.pages.kept import everything

# what no act is kept in: the session, what stands in for one, and what was told to whom
NOT_ACTS = {"django_session", "accounts_signinfailure", "rest_remembered", "rest_spent"}
TRAIL = {"trail_entry", "trail_head"}


def soon() -> date:
    return today() + timedelta(days=1)


def now() -> str:
    """As a form takes a moment."""
    return f"{timezone.now():%Y-%m-%dT%H:%M:%S}"


def sent_back(world: World) -> None:
    signing.send_back(world.people["approver"], world.assessment, "Say more.")


def none_open(world: World) -> None:
    signing.approve(world.people["approver"], world.assessment, world.assessment.sha256)


def closed_risk(world: World) -> None:
    risks.close(world.people["officer"], world.risk, "Mended.")


def closed_incident(world: World) -> None:
    incidents.close(world.people["officer"], world.incident, "Mended.")


def without_evidence(world: World) -> None:
    detach(world.people["officer"], world.duty, world.evidence)


def without_part(world: World) -> None:
    remove_part(world.people["officer"], world.system.parts.get())


def asked_before(world: World) -> None:
    """The newest audit as one that the predictions of the model in the system were made for."""
    asked = world.done.parameters | {"model": True, "prediction": None}
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model, parameters=asked)


def finding(world: World) -> str:
    """Of the newest audit of the model in the system, not decided on yet."""
    Audit.unscoped.filter(pk=world.done.pk).update(model=world.model)
    return proposed(world.system)[0].finding


class Changes:
    """What changes in the database within: `tables`, but for the trail's and those that keep no act, and how many
    `entries` the trail has more; `newest` is its last."""

    def __enter__(self) -> Changes:
        self.before = everything()
        return self

    def __exit__(self, *failure: Any) -> None:
        after = everything()
        changed = {table for table in after if after[table] != self.before[table]}
        self.tables = changed - TRAIL - NOT_ACTS
        self.entries = len(after["trail_entry"]) - len(self.before["trail_entry"])
