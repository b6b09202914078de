"""Every address there is, with what it takes to go there; found from the resolver, so that a new one must be added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.pages.conftest import World

Parts = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """`action` is what its visitor must be allowed (None: no one has to sign in); `parts` are those of its address.
    `shows` is False where there is nothing to see before something else was done (a password was given)."""

    methods: frozenset[str] = frozenset({"GET"})
    action: str | None = "read"
    parts: Parts = field(default=lambda world: {})
    query: str = ""
    shows: bool = True

    @property
    def is_read(self) -> bool:
        return "GET" in self.methods and self.shows

    def address(self, name: str, world: World) -> str:
        return reverse(name, kwargs=self.parts(world)) + self.query


# walked by tests/api, which know of tokens, scopes and problems
NOT_PAGES = ("api", "rest")
BOTH, POST = frozenset({"GET", "POST"}), frozenset({"POST"})
PLACES = {
    "home": Place(),
    "livez": Place(action=None),
    "healthy": Place(action=None),
    "readyz": Place(action=None),
    "metrics": Place(action=None, shows=False),
    "sign-in": Place(BOTH, None),
    "sign-out": Place(POST, None),  # who is signed out already is where they wanted to be
    "sign-in-code": Place(BOTH, None, shows=False),
    # not there at all without demo mode
    "sign-in-as": Place(BOTH, None, lambda world: {"role": "officer"}, shows=False),
    "choose-organisation": Place(POST),
    "link": Place(BOTH, None, shows=False),
    "open-link": Place(action=None, parts=lambda world: {"secret": f"pll_{world.organisation.pk:043}"}, shows=False),
    "profile": Place(BOTH),
    "change-password": Place(BOTH),
    "end-sessions": Place(POST),
    "second-factor": Place(BOTH),
    "turn-off-second-factor": Place(POST),
    "recovery-codes": Place(BOTH),
    "delegations": Place(),
    "give-delegation": Place(BOTH, "delegate"),
    "end-delegation": Place(POST, "end delegation", lambda world: {"pk": world.delegation.pk}),
    "tokens": Place(action="manage tokens"),
    "new-token": Place(BOTH, "manage tokens"),
    "revoke-token": Place(POST, "manage tokens", lambda world: {"pk": world.token.pk}),
    "members": Place(),
    "invite-member": Place(BOTH, "manage members"),
    "withdraw-invitation": Place(POST, "manage members", lambda world: {"pk": world.invitation.pk}),
    "require-second-factor": Place(POST, "manage members"),
    "member": Place(action="manage members", parts=lambda world: {"pk": world.member.pk}),
    "change-role": Place(POST, "manage members", lambda world: {"pk": world.member.pk}),
    "remove-member": Place(POST, "manage members", lambda world: {"pk": world.member.pk}),
    "reset-second-factor": Place(POST, "manage members", lambda world: {"pk": world.member.pk}),
    "password-link": Place(POST, "manage members", lambda world: {"pk": world.member.pk}),
    "trail": Place(action="read trail"),
    "trail-export": Place(action="read trail"),
    "verify-trail": Place(POST, "read trail"),
    "jobs": Place(),
    "job": Place(parts=lambda world: {"pk": world.failed.pk}),
    "job-progress": Place(parts=lambda world: {"pk": world.waiting.job_id}, query="?state=queued"),
    "cancel-job": Place(POST, "cancel", lambda world: {"pk": world.waiting.job_id}),
    "retry-job": Place(POST, "run", lambda world: {"pk": world.failed.pk}),
    "webhooks": Place(action="manage webhooks"),
    "new-webhook": Place(BOTH, "manage webhooks"),
    "webhook": Place(action="manage webhooks", parts=lambda world: {"pk": world.hook.pk}),
    "change-webhook": Place(BOTH, "manage webhooks", lambda world: {"pk": world.hook.pk}),
    "rotate-webhook": Place(POST, "manage webhooks", lambda world: {"pk": world.hook.pk}),
    "test-webhook": Place(POST, "manage webhooks", lambda world: {"pk": world.hook.pk}),
    "switch-webhook": Place(POST, "manage webhooks", lambda world: {"pk": world.hook.pk}),
    "delete-webhook": Place(POST, "manage webhooks", lambda world: {"pk": world.hook.pk}),
    "webhook-deliveries": Place(action="manage webhooks", parts=lambda world: {"pk": world.hook.pk}),
    "webhook-delivery": Place(action="manage webhooks", parts=lambda world: sent(world)),
    "send-again": Place(POST, "manage webhooks", lambda world: sent(world)),
    "law": Place(),
    "law-framework": Place(parts=lambda world: {"name": "eu-ai-act"}),
    "law-requirement": Place(parts=lambda world: {"id": "art-9-1"}),
    "law-list": Place(parts=lambda world: {"name": "eu-ai-act-timeline"}),
    "assessments": Place(),
    "assessment": Place(parts=lambda world: {"pk": world.assessment.pk}),
    "write-assessment": Place(BOTH, "govern", lambda world: {"pk": world.assessment.pk}),
    "print-assessment": Place(POST, "govern", lambda world: {"pk": world.assessment.pk}),
    "submit-assessment": Place(POST, "govern", lambda world: {"pk": world.assessment.pk}),
    "withdraw-assessment": Place(BOTH, "govern", lambda world: {"pk": world.assessment.pk}),
    "send-back-assessment": Place(BOTH, "approve", lambda world: {"pk": world.assessment.pk}),
    "approve-assessment": Place(BOTH, "approve", lambda world: {"pk": world.assessment.pk}),
    "comment-assessment": Place(POST, parts=lambda world: {"pk": world.assessment.pk}),
    "compare-assessment": Place(parts=lambda world: {"pk": world.assessment.pk}),
    "assessment-report": Place(action="export", parts=lambda world: {"pk": world.assessment.pk}),
    "system-assessments": Place(parts=lambda world: {"pk": world.system.pk}),
    "begin-assessment": Place(POST, "govern", lambda world: {"pk": world.system.pk}),
    "incidents": Place(),
    "incident": Place(parts=lambda world: {"pk": world.incident.pk}),
    "incidents-csv": Place(action="export"),
    "incident-fields": Place(parts=lambda world: {"pk": world.incident.pk}),
    "incident-told": Place(parts=lambda world: {"pk": world.incident.pk, "number": 1}),
    "change-incident": Place(BOTH, "govern", lambda world: {"pk": world.incident.pk}),
    "report-incident": Place(BOTH, "govern", lambda world: {"pk": world.incident.pk}),
    "close-incident": Place(BOTH, "govern", lambda world: {"pk": world.incident.pk}),
    "reopen-incident": Place(POST, "govern", lambda world: {"pk": world.incident.pk}),
    "system-incidents": Place(parts=lambda world: {"pk": world.system.pk}),
    "new-incident": Place(BOTH, "govern", lambda world: {"pk": world.system.pk}),
    "calendar": Place(),
    "calendar-file": Place(action="export"),
    "notices": Place(),
    "choose-mail": Place(POST),
    "see-notices": Place(POST),
    "see-notice": Place(POST, parts=lambda world: {"pk": world.notice.pk}),
    "system-reviews": Place(parts=lambda world: {"pk": world.system.pk}),
    "new-review": Place(BOTH, "govern", lambda world: {"pk": world.system.pk}),
    "change-review": Place(BOTH, "govern", lambda world: {"pk": world.review.pk}),
    "do-review": Place(BOTH, "govern", lambda world: {"pk": world.review.pk}),
    "drop-review": Place(POST, "govern", lambda world: {"pk": world.review.pk}),
    "system-risks": Place(parts=lambda world: {"pk": world.system.pk}),
    "system-risks-csv": Place(action="export", parts=lambda world: {"pk": world.system.pk}),
    "new-risk": Place(BOTH, "govern", lambda world: {"pk": world.system.pk}),
    "decide-proposal": Place(POST, "govern", lambda world: {"pk": world.system.pk}),
    "risk": Place(parts=lambda world: {"pk": world.risk.pk}),
    "change-risk": Place(BOTH, "govern", lambda world: {"pk": world.risk.pk}),
    "accept-risk": Place(POST, "approve", lambda world: {"pk": world.risk.pk}),
    "close-risk": Place(BOTH, "govern", lambda world: {"pk": world.risk.pk}),
    "reopen-risk": Place(POST, "govern", lambda world: {"pk": world.risk.pk}),
    "new-measure": Place(BOTH, "govern", lambda world: {"pk": world.risk.pk}),
    "change-measure": Place(BOTH, "govern", lambda world: {"pk": world.risk.measures.get().pk}),
    "measure-done": Place(POST, "govern", lambda world: {"pk": world.risk.measures.get().pk}),
    "system-statements": Place(parts=lambda world: {"pk": world.system.pk}),
    "statement": Place(parts=lambda world: {"pk": world.system.pk, "kind": "fria"}),
    "statement-version": Place(parts=lambda world: {"pk": world.system.pk, "kind": "oversight", "number": 1}),
    "write-statement": Place(BOTH, "govern", lambda world: {"pk": world.system.pk, "kind": "oversight"}),
    "compare-statement": Place(parts=lambda world: {"pk": world.system.pk, "kind": "oversight"}),
    "give-statement": Place(POST, "govern", lambda world: {"pk": world.system.pk, "kind": "oversight", "number": 1}),
    "system-obligations": Place(parts=lambda world: {"pk": world.system.pk}),
    "follow-framework": Place(POST, "govern", lambda world: {"pk": world.system.pk}),
    "system-coverage": Place(parts=lambda world: {"pk": world.system.pk}),
    "system-coverage-csv": Place(action="export", parts=lambda world: {"pk": world.system.pk}),
    "system-obligations-file": Place(action="export", parts=lambda world: {"pk": world.system.pk, "kind": "xlsx"}),
    "system-gaps-file": Place(action="export", parts=lambda world: {"pk": world.system.pk, "kind": "csv"}),
    "obligation": Place(parts=lambda world: {"pk": world.duty.pk}),
    "change-obligation": Place(BOTH, "govern", lambda world: {"pk": world.duty.pk}),
    "accept-obligation": Place(POST, "approve", lambda world: {"pk": world.duty.pk}),
    "start-for-obligation": Place(POST, "run", lambda world: {"pk": world.duty.pk}),
    "attach-evidence": Place(POST, "govern", lambda world: {"pk": world.duty.pk}),
    "detach-evidence": Place(POST, "govern", lambda world: {"pk": world.duty.pk}),
    "system-evidence": Place(parts=lambda world: {"pk": world.system.pk}),
    "new-document": Place(BOTH, "govern", lambda world: {"pk": world.system.pk}),
    "new-statement": Place(BOTH, "govern", lambda world: {"pk": world.system.pk}),
    "new-audit-evidence": Place(BOTH, "govern", lambda world: {"pk": world.system.pk}),
    "dismiss-result": Place(BOTH, "govern", lambda world: {"pk": world.system.pk, "audit": world.done.pk}),
    "attach-result": Place(POST, "govern", lambda world: {"pk": world.system.pk, "audit": world.done.pk}),
    "evidence": Place(parts=lambda world: {"pk": world.evidence.pk}),
    "evidence-file": Place(parts=lambda world: {"pk": world.evidence.pk}),
    "attach-more": Place(POST, "govern", lambda world: {"pk": world.evidence.pk}),
    "systems": Place(),
    "new-system": Place(BOTH, "govern"),
    "import-systems": Place(BOTH, "govern"),
    "export-systems": Place(action="export"),
    "systems-template": Place(action="govern"),
    "system": Place(parts=lambda world: {"pk": world.system.pk}),
    "change-system": Place(BOTH, "govern", lambda world: {"pk": world.system.pk}),
    "archive-system": Place(POST, "govern", lambda world: {"pk": world.system.pk}),
    "add-system-part": Place(BOTH, "govern", lambda world: {"pk": world.system.pk}),
    "remove-system-part": Place(
        POST, "govern", lambda world: {"pk": world.system.pk, "part": world.system.parts.get().version_id}
    ),
    "system-questions": Place(parts=lambda world: {"pk": world.system.pk}),
    "system-question": Place(BOTH, "govern", lambda world: {"pk": world.system.pk, "question": "machine"}),
    "check-answers": Place(parts=lambda world: {"pk": world.system.pk}),
    "classify-system": Place(POST, "classify", lambda world: {"pk": world.system.pk}),
    "classifications": Place(parts=lambda world: {"pk": world.system.pk}),
    "classification": Place(parts=lambda world: {"pk": world.system.pk, "number": 1}),
    "models": Place(),
    "register-model": Place(BOTH, "register"),
    "model": Place(parts=lambda world: {"pk": world.model.model_id}),
    "model-version": Place(parts=lambda world: {"pk": world.model.model_id, "number": 1}),
    "describe-model": Place(BOTH, "describe", lambda world: {"pk": world.model.model_id}),
    "compare-model": Place(parts=lambda world: {"pk": world.model.model_id}, query="?from=1&to=1"),
    "datasets": Place(),
    "register-dataset": Place(BOTH, "register"),
    "dataset": Place(parts=lambda world: {"pk": world.dataset.dataset_id}),
    "dataset-version": Place(parts=lambda world: {"pk": world.dataset.dataset_id, "number": 1}),
    "describe-dataset": Place(BOTH, "describe", lambda world: {"pk": world.dataset.dataset_id}),
    "compare-dataset": Place(parts=lambda world: {"pk": world.dataset.dataset_id}, query="?from=1&to=1"),
    "audits": Place(),
    "start-audit": Place(BOTH, "run"),
    "audit": Place(parts=lambda world: {"pk": world.done.pk}),
    "audit-report": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "audit-report-pdf": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "audit-evidence": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "audit-card": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "audit-figure": Place(action="export", parts=lambda world: {"pk": world.done.pk, "figure": "fig-at-a-glance"}),
    "compare-audit": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "compare-audit-csv": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "report-style": Place(),
    "help": Place(),
    "help-metrics": Place(),
    "help-metric": Place(parts=lambda world: {"name": "selection_rate"}),
    "help-page": Place(parts=lambda world: {"slug": "verdicts"}),
}


def sent(world: World) -> dict[str, Any]:
    return {"pk": world.hook.pk, "delivery": world.hook.deliveries.get().pk}


def names(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[str | None]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace not in NOT_PAGES:
                yield from names(pattern.url_patterns)
        else:
            yield pattern.name
