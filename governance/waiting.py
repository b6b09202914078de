"""The first page's rows about AI systems: what waits for its reader, what has no class yet, and an officer's first
steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from audits.models import Audit
from governance.assessments.lists import waiting_for
from governance.assessments.models import SIGNED, Assessment
from governance.assessments.models import State as Signing
from governance.obligations.models import Duty, Evidence
from governance.obligations.models import State as Proof
from governance.risks.models import Risk
from governance.systems.lists import UNCLASSIFIED
from governance.systems.models import Standing, System, SystemPart
from models.accounts.models import Organisation, User
from models.accounts.permission import may
from models.accounts.templatetags.pages import words

MOST_SYSTEMS = 3  # with more of them nobody needs the first steps any more
MOST_TO_ACCEPT = 5


@dataclass(frozen=True, slots=True)
class Need:
    """One row that says what to do, why now, and what is known. `tone` is a verdict's, or bad for what broke; `at`
    since when, where that is known; `of`: how many things it stands for."""

    tone: str
    label: str
    at: datetime | None
    title: str
    address: str
    why: str
    of: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps of somebody new."""

    title: str
    why: str
    address: str
    done: bool


def waiting(reader: User, organisation: Organisation) -> Iterator[Need]:
    """What this reader can move on; without a question to the database where that can be nothing."""
    approves = may(reader, "approve", organisation)
    if not approves and not may(reader, "govern", organisation):
        return
    for each in waiting_for(reader, organisation):
        address = reverse("assessment", args=[each.pk])
        if each.state == Signing.IN_REVIEW:
            why = "Somebody else wrote it. Read it and what changed, then approve it or send it back."
            yield Need("", "To approve", each.submitted_at, f"{each}", address, why)
        else:
            why = "You wrote in it. Send it into review, so that a second person can approve it."
            yield Need("", "Draft", each.created_at, f"{each}", address, why)
    if approves:
        yield from to_accept(reader, organisation)


def to_accept(reader: User, organisation: Organisation) -> Iterator[Need]:
    """Of each system the risks that were judged after their measures, and the obligations that are evidenced; without
    those that the reader owns. One query."""
    here: dict[str, Any] = {"system__is_archived": False}
    judged: dict[str, Any] = {"likelihood_after__isnull": False, "severity_after__isnull": False}
    risks = Risk.objects.of(organisation).filter(state=Risk.State.OPEN, **judged, **here).exclude(created_by=reader)
    duties = Duty.objects.of(organisation).filter(state=Proof.EVIDENCED, is_asked=True, **here)
    rows = [
        rows.exclude(owner=reader)
        .order_by()
        .values("system", "system__name")
        .annotate(what=Value(what), of=Count("pk"))
        for what, rows in (("risk", risks), ("obligation", duties))
    ]
    found: Any = rows[0].union(rows[1], all=True).order_by("system__name", "what")
    for row in found[:MOST_TO_ACCEPT]:
        address = f"{reverse('system-risks', args=[row['system']])}?state={Risk.State.OPEN}"
        if row["what"] == "obligation":
            address = f"{reverse('system-obligations', args=[row['system']])}?state={Proof.EVIDENCED}"
        why = f"{counted(row['of'], row['what'], row['what'] + 's')} to look at: does what is shown suffice?"
        yield Need("", "To accept", None, row["system__name"], address, why, row["of"])


def about_systems() -> dict[str, Any]:
    """What is asked of an organisation's row, beside its holdings, to tell what has no class and how far somebody new
    is."""
    mine: dict[str, Any] = {"organisation": OuterRef("pk")}
    systems = System.unscoped.filter(is_archived=False, **mine)
    of_system = Standing.unscoped.filter(system=OuterRef("pk"))
    unclassified = systems.exclude(Exists(of_system)).order_by("created_at")
    parts = SystemPart.unscoped.filter(organisation=OuterRef("organisation"))  # of the audit
    audited = Audit.unscoped.filter(model__in=parts.values("version"), **mine)
    return {
        "first": Subquery(systems.order_by("created_at").values("pk")[:1]),
        "unclassified": Coalesce(Subquery(number_of(unclassified)), 0),
        "open": Subquery(unclassified.values("pk")[:1]),
        "open_name": Subquery(unclassified.values("name")[:1]),
        "open_since": Subquery(unclassified.values("created_at")[:1]),
        "classified": Exists(Standing.unscoped.filter(**mine)),
        "audited": Exists(audited.exclude(verdict="")),
        "proven": Exists(Evidence.unscoped.filter(**mine)),
        "judged": Exists(Risk.unscoped.filter(**mine)),
        "signed": Exists(Assessment.unscoped.filter(state__in=SIGNED, **mine)),
    }


def number_of(rows: Any) -> Any:
    """Of those of the organisation that the query around it is about."""
    mine = rows.filter(organisation=OuterRef("pk")).order_by().values("organisation")
    return mine.annotate(number=Count("pk")).values("number")


def unclassified(there: dict[str, Any]) -> Iterator[Need]:
    """One row for all systems whose class nobody recorded; `there` has what about_systems asks for."""
    if not there["unclassified"]:
        return
    title, address = there["open_name"], reverse("system-questions", args=[there["open"]])
    if there["unclassified"] > 1:
        title, address = f"{there['unclassified']} systems", f"{reverse('systems')}?outcome={UNCLASSIFIED}"
    why = "What the law asks is not known yet. Plain questions lead to it."
    yield Need("", "No class yet", there["open_since"], title, address, why, there["unclassified"])


def counted(number: int, one: str, many: str) -> str:
    return f"{words(number).capitalize()} {one if number == 1 else many}"


def first_steps(there: dict[str, Any]) -> list[Step]:
    """What an officer does first; nothing once an assessment was approved or there are many systems."""
    if there["signed"] or there["systems"] > MOST_SYSTEMS:
        return []
    key = there["first"]
    questions, system = (reverse(name, args=[key]) if key else "" for name in ("system-questions", "system"))
    return [
        Step("Register an AI system", "Its name is enough to begin with.", reverse("new-system"), bool(key)),
        Step("Answer plain questions about it", "They lead to its class in law.", questions, there["classified"]),
        Step(
            "Say which model works in it, and audit that",
            "The result is evidence, and what it finds may be risks.",
            f"{system}#parts" if system else "",
            there["audited"],
        ),
        Step(
            "Bring evidence and judge the risks",
            "For each obligation a page says what would satisfy it.",
            f"{system}#obligations" if system else "",
            there["proven"] and there["judged"],
        ),
        Step(
            "Have the risk assessment approved",
            "A second person signs it, and whoever has the PDF can check it.",
            f"{system}#sign-off" if system else "",
            False,
        ),
    ]
