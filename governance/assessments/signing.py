"""The way of an assessment: written, sent into review, sent back or approved by a second person, superseded.

Each act is one transaction with its trail entry. What is signed is the snapshot's hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from audits.report.evidence import canonical_bytes, sha256
from governance.assessments.models import Assessment, Comment, State
from governance.assessments.printing import asked
from governance.assessments.snapshot import snapshot_of
from governance.frameworks.load import as_of as checked_day
from governance.systems.models import System
from governance.systems.stale import Stale, refuse_stale
from models.accounts.delegation import acting, acts_for
from models.accounts.models import Organisation
from models.accounts.permission import Forbidden, authorize, may
from models.errors import InputError
from models.registry.register import words
from models.trail.record import record

LONGEST = 20_000
LONGEST_COMMENT = 10_000
OWN_WORK = (
    "You, or somebody you stand in for, had a part in this assessment or in what it tells. Somebody else approves it."
)
FIELDS = ("as_of", "summary", "not_assessed")
UNDER_WAY = (State.DRAFT, State.IN_REVIEW)


def begin(user: Any, system: System, day: date | None = None) -> Assessment:
    """A draft, after the last approved one where there is one: its texts are taken over, and so are its authors.

    Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", system)
    day = checked_day(day or timezone.now().date())
    with transaction.atomic():
        System.unscoped.select_for_update().get(pk=system.pk)
        mine = Assessment.unscoped.filter(system=system)
        if mine.filter(state__in=UNDER_WAY).exists():
            raise InputError("An assessment of this system is under way. Finish that one.")
        last = mine.filter(state=State.APPROVED).order_by("-number").first()
        number = (mine.aggregate(last=Max("number"))["last"] or 0) + 1
        made = Assessment.unscoped.create(
            organisation_id=system.organisation_id,
            system=system,
            number=number,
            as_of=day,
            summary=last.summary if last else "",
            not_assessed=last.not_assessed if last else "",
            authors=together(last.authors if last else (), hands_of(user, system.organisation)),
            created_by=user,
        )
        record(system.organisation, user, "assessment begun", made, {"as_of": day.isoformat(), "number": number})
    return made


def write(user: Any, assessment: Assessment, said: Mapping[str, Any], edition: int | None = None) -> Assessment:
    """Change a draft. Raises Forbidden, NotFound, InputError, and Stale for an older edition."""
    authorize(user, "govern", assessment)
    if unknown := set(said) - set(FIELDS):
        raise InputError(f"An assessment has no {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        current = locked(assessment, edition, State.DRAFT)
        before = plain(current)
        if "as_of" in said:
            current.as_of = checked_day(said["as_of"])
        for name in ("summary", "not_assessed"):
            if name in said:
                setattr(current, name, words(name.replace("_", " "), said[name], LONGEST))
        after = plain(current)
        if changed := [name for name in after if before[name] != after[name]]:
            current.authors = together(current.authors, hands_of(user, current.organisation))
            current.edition += 1
            current.report, current.job = "", None  # the PDF of what it was
            current.save()
            facts = {which: {name: kept[name] for name in changed} for which, kept in (("from", before), ("to", after))}
            record(current.organisation, user, "changed", current, facts)
    return current


def submit(user: Any, assessment: Assessment, edition: int | None = None) -> Assessment:
    """Freeze it and send it into review. Raises Forbidden, NotFound, InputError, Stale."""
    authorize(user, "govern", assessment)
    with transaction.atomic():
        current = locked(assessment, edition, State.DRAFT)
        standing = current.system.standing
        if standing is None:
            raise InputError("Classify the system first: an assessment rests on its class.")
        current.state, current.submitted_by, current.submitted_at = State.IN_REVIEW, user, timezone.now()
        current.authors = together(current.authors, hands_of(user, current.organisation))
        told = snapshot_of(current)
        content = canonical_bytes(told)
        current.snapshot, current.sha256 = content.decode("ascii"), sha256(content)
        current.authors = [author["id"] for author in told["authors"]]
        current.edition += 1
        current.report, current.job = "", asked(current)
        current.save()
        record(current.organisation, user, "sent into review", current, {"sha256": current.sha256})
    return current


def send_back(user: Any, assessment: Assessment, why: str) -> Assessment:
    """A draft again, with the reason as a comment: by an approver, or by who keeps it. Raises Forbidden, InputError."""
    authorize(user, "approve" if approves(user, assessment) else "govern", assessment)
    reason = words("reason", why, LONGEST_COMMENT)
    if not reason:
        raise InputError("Say what has to change.")
    with transaction.atomic():
        current = locked(assessment, None, State.IN_REVIEW)
        Comment.unscoped.create(organisation_id=current.organisation_id, assessment=current, text=reason, author=user)
        current.state, current.snapshot, current.sha256 = State.DRAFT, "", ""
        current.submitted_by = current.submitted_at = current.job = None
        current.report = ""
        current.edition += 1
        current.save()
        record(current.organisation, user, "sent back", current, {"reason": reason})
    return current


def approve(user: Any, assessment: Assessment, signed: str, decision: str = "") -> Assessment:
    """Sign what was frozen: `signed` is the hash of what the approver had before them. The one approved before is
    superseded. The trail's head that is kept, and printed, is the entry of this approval.

    Raises Forbidden for an author and for who stands in for one, NotFound, InputError.
    """
    authorize(user, "approve", assessment)
    with transaction.atomic():
        current = locked(assessment, None, State.IN_REVIEW)
        if barred(user, current):
            raise Forbidden(OWN_WORK)
        if signed != current.sha256:
            raise Stale("assessment", current)
        if not intact(current):
            raise InputError("What is kept is not what was sent into review. Send it back, and tell your operator.")
        before = Assessment.unscoped.select_for_update().filter(system=current.system, state=State.APPROVED)
        superseded = [{"id": str(key), "number": number} for key, number in before.values_list("pk", "number")]
        before.update(state=State.SUPERSEDED)
        stands_in = acting(user, current.organisation)
        current.state, current.approved_by = State.APPROVED, user
        current.approved_for = str(stands_in.giver)[:200] if stands_in else ""
        current.decision = words("decision", decision, LONGEST)
        current.edition += 1
        current.report, current.job = "", asked(current)
        facts = {"sha256": signed, "number": current.number, "decision": current.decision, "supersedes": superseded}
        entry = record(current.organisation, user, "approved", current, facts)
        current.approved_at, current.trail_sequence, current.trail_head = entry.at, entry.sequence, entry.hash
        current.save()  # once: from now on the database itself refuses to change it
    return current


def print_draft(user: Any, assessment: Assessment) -> Assessment:
    """Ask for the PDF of a draft as it is now; every page of it bears DRAFT. Raises Forbidden, NotFound, InputError."""
    authorize(user, "govern", assessment)
    with transaction.atomic():
        current = locked(assessment, None, State.DRAFT)
        current.report, current.job = "", asked(current)
        current.save(update_fields=["report", "job"])
        record(current.organisation, user, "printed", current, {"edition": current.edition})
    return current


def comment(user: Any, assessment: Assessment, text: str) -> Comment:
    """Anybody who reads it may say something. Raises NotFound, InputError."""
    authorize(user, "comment", assessment)
    said = words("comment", text, LONGEST_COMMENT)
    if not said:
        raise InputError("Write the comment.")
    with transaction.atomic():
        made = Comment.unscoped.create(
            organisation_id=assessment.organisation_id, assessment=assessment, text=said, author=user
        )
        record(assessment.organisation, user, "commented", assessment, {"text": said})
    return made


def approves(user: Any, assessment: Assessment) -> bool:
    return may(user, "approve", assessment)


def locked(assessment: Assessment, edition: int | None, state: str) -> Assessment:
    """As it is now, whom nobody changes until the transaction ends; InputError where it is in another state."""
    found = Assessment.unscoped.select_for_update(of=("self",)).select_related("organisation", "system__organisation")
    current = found.get(pk=assessment.pk)
    refuse_stale("assessment", current, edition)
    if current.state != state:
        raise InputError(f"This assessment is {current.get_state_display().lower()}; it would have to be {state}.")
    return current


def intact(assessment: Assessment) -> bool:
    """Whether what is frozen is still what has its hash, whoever had their hands in the database."""
    return sha256(assessment.snapshot.encode()) == assessment.sha256


def barred(user: Any, assessment: Assessment) -> bool:
    """Whether they, or somebody they stand in for, wrote in it."""
    return bool(set(assessment.authors) & acts_for(user, assessment.organisation))


def hands_of(user: Any, organisation: Organisation) -> list[int]:
    """The user, and for whom they act in what they were allowed last: an author is also who let another write."""
    stands_in = acting(user, organisation)
    return [user.pk, stands_in.giver_id] if stands_in else [user.pk]


def together(*keys: Iterable[int]) -> list[int]:
    return [*dict.fromkeys(chain.from_iterable(keys))]


def plain(assessment: Assessment) -> dict[str, Any]:
    return {
        "as_of": assessment.as_of.isoformat(),
        "summary": assessment.summary,
        "not_assessed": assessment.not_assessed,
    }
