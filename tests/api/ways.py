"""Every operation of the API with what it takes to call it; a test holds it to the description."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from models.registry.models import Upload
from models.registry.uploading import open_upload
from models.webhooks.models import Delivery
from tests.pages.conftest import World

NOBODY = "00000000-0000-4000-8000-000000000000"
EMPTY = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"


@dataclass(frozen=True)
class Way:
    """`status` is what `role` gets; `parts` fill the address; a `body` of bytes is sent as it is; what is
    done `by_person` no token can do."""

    method: str
    path: str
    status: int = 200
    role: str = "engineer"
    parts: Callable[[World], dict[str, Any]] = field(default=lambda world: {})
    query: Callable[[World], str] = field(default=lambda world: "")
    body: Callable[[World], Any] = field(default=lambda world: None)
    headers: dict[str, str] = field(default_factory=dict)
    by_person: bool = False

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    def address(self, world: World) -> str:
        return self.path.format(**self.parts(world)) + self.query(world)


def upload(world: World) -> Upload:
    """Open, of the engineer; the same one each time."""
    found = Upload.unscoped.filter(organisation=world.organisation).first()
    return found or open_upload(world.people["engineer"], world.organisation, "more.csv", 4, part_size=4)


def today() -> date:
    return timezone.now().date()


MODEL = {"parts": lambda w: {"id": w.model.model_id}}
MODEL_1 = {"parts": lambda w: {"id": w.model.model_id, "number": 1}}
DATASET = {"parts": lambda w: {"id": w.dataset.dataset_id}}
DATASET_1 = {"parts": lambda w: {"id": w.dataset.dataset_id, "number": 1}}
JOB = {"parts": lambda w: {"id": w.failed.pk}}
AUDIT = {"parts": lambda w: {"id": w.done.pk}}
UPLOAD = {"parts": lambda w: {"id": upload(w).pk}}
SYSTEM = {"parts": lambda w: {"id": w.system.pk}}
GOVERN = {**SYSTEM, "role": "officer"}
HOOK = {"parts": lambda w: {"id": w.hook.pk}, "role": "administrator"}
MEMBER = {"parts": lambda w: {"id": w.member.pk}, "role": "administrator"}
DELIVERY = {
    "parts": lambda w: {"id": w.hook.pk, "delivery": Delivery.unscoped.get(endpoint=w.hook).pk},
    "role": "administrator",
}
DUTY = {"parts": lambda w: {"id": w.duty.pk}}
PIECE = {"parts": lambda w: {"id": w.evidence.pk}}
RISK = {"parts": lambda w: {"id": w.risk.pk}}
MEASURE = {"parts": lambda w: {"id": w.risk.pk, "measure": w.risk.measures.get().pk}}
INCIDENT = {"parts": lambda w: {"id": w.incident.pk}}
ASSESSMENT = {"parts": lambda w: {"id": w.assessment.pk}}
APPROVE = {**ASSESSMENT, "role": "approver", "by_person": True}
REVIEW = {"parts": lambda w: {"id": w.review.pk}}
ANY = {"headers": {"If-Match": "*"}}
ASKED = {"sensitive": ["sex"], "label": "label", "prediction": "prediction"}

WAYS: dict[str, Way] = {
    "get_me": Way("GET", "/me"),
    "get_organisation": Way("GET", "/organisation"),
    "change_organisation": Way(
        "PATCH", "/organisation", role="administrator", body=lambda w: {"require_second_factor": True}, **ANY
    ),
    "list_tokens": Way("GET", "/tokens"),
    "create_token": Way("POST", "/tokens", 201, body=lambda w: {"name": "ci", "scopes": ["manage"]}),
    "revoke_token": Way("DELETE", "/tokens/{id}", 204, "administrator", lambda w: {"id": w.token.pk}),
    "list_members": Way("GET", "/members"),
    "invite_member": Way(
        "POST", "/members", 201, "administrator", body=lambda w: {"email": "new@example.org", "role": "auditor"}
    ),
    "list_invitations": Way("GET", "/members/invitations", role="administrator"),
    "withdraw_invitation": Way(
        "DELETE", "/members/invitations/{id}", 204, "administrator", lambda w: {"id": w.invitation.pk}
    ),
    "get_member": Way("GET", "/members/{id}", parts=lambda w: {"id": w.member.pk}),
    "change_member": Way("PATCH", "/members/{id}", **MEMBER, body=lambda w: {"role": "auditor"}, **ANY),
    "remove_member": Way("DELETE", "/members/{id}", 204, **MEMBER, **ANY),
    "list_delegations": Way("GET", "/delegations"),
    "create_delegation": Way(
        "POST", "/delegations", 201, "approver",
        body=lambda w: {"member": str(w.member.pk), "first_day": f"{today()}", "last_day": f"{today()}"},
    ),
    "get_delegation": Way("GET", "/delegations/{id}", parts=lambda w: {"id": w.delegation.pk}),
    "end_delegation": Way("DELETE", "/delegations/{id}", 204, parts=lambda w: {"id": w.delegation.pk}),
    "list_jobs": Way("GET", "/jobs"),
    "get_job": Way("GET", "/jobs/{id}", **JOB),
    "get_job_log": Way("GET", "/jobs/{id}/log", **JOB),
    "cancel_job": Way("POST", "/jobs/{id}/cancel", parts=lambda w: {"id": w.waiting.job_id}),
    "retry_job": Way("POST", "/jobs/{id}/retry", 202, **JOB),
    "list_models": Way("GET", "/models"),
    "create_model": Way("POST", "/models", 201, body=lambda w: {"name": "Another"}),
    "get_model": Way("GET", "/models/{id}", **MODEL),
    "change_model": Way("PATCH", "/models/{id}", **MODEL, body=lambda w: {"owner": "Somebody"}, **ANY),
    "list_model_versions": Way("GET", "/models/{id}/versions", **MODEL),
    "create_model_version": Way(
        "POST", "/models/{id}/versions", 422, **MODEL, body=lambda w: {"upload": str(upload(w).pk)}
    ),
    "register_model": Way("POST", "/model-versions", 422, body=lambda w: {"name": "New", "upload": str(upload(w).pk)}),
    "get_model_version_by_number": Way("GET", "/models/{id}/versions/{number}", **MODEL_1),
    "compare_models": Way("GET", "/models/{id}/comparison", **MODEL, query=lambda w: "?from=1&to=1"),
    "get_model_version": Way("GET", "/model-versions/{id}", parts=lambda w: {"id": w.model.pk}),
    "list_systems": Way("GET", "/systems"),
    "create_system": Way("POST", "/systems", 201, "officer", body=lambda w: {"name": "Another", "roles": ["deployer"]}),
    "export_systems": Way("GET", "/systems/export"),
    "import_systems": Way("POST", "/systems/import", role="officer", body=lambda w: b"name\nFrom a sheet\n"),
    "get_system": Way("GET", "/systems/{id}", **SYSTEM),
    "change_system": Way("PATCH", "/systems/{id}", **GOVERN, body=lambda w: {"purpose": "Mine"}, **ANY),
    "get_outcome": Way("GET", "/systems/{id}/outcome", **SYSTEM),
    "list_questions": Way("GET", "/questions"),
    "get_answers": Way("GET", "/systems/{id}/answers", **SYSTEM),
    "create_answers": Way(
        "POST", "/systems/{id}/answers", 201, **GOVERN, body=lambda w: {"answers": {"machine": {"value": "no"}}}
    ),
    "list_classifications": Way("GET", "/systems/{id}/classifications", **SYSTEM),
    "create_classification": Way(
        "POST", "/systems/{id}/classifications", 201, **GOVERN, body=lambda w: {"as_of": "2026-11-21"}, by_person=True
    ),
    "get_classification": Way(
        "GET", "/systems/{id}/classifications/{number}", parts=lambda w: {"id": w.system.pk, "number": 1}
    ),
    "list_system_parts": Way("GET", "/systems/{id}/parts", **SYSTEM),
    "add_system_part": Way("POST", "/systems/{id}/parts", 201, **GOVERN, body=lambda w: {"version": str(w.model.pk)}),
    "remove_system_part": Way(
        "DELETE", "/systems/{id}/parts/{version}", 204, "officer",
        parts=lambda w: {"id": w.system.pk, "version": w.model.pk},
    ),
    "list_datasets": Way("GET", "/datasets"),
    "create_dataset": Way("POST", "/datasets", 201, body=lambda w: {"name": "Another"}),
    "get_dataset": Way("GET", "/datasets/{id}", **DATASET),
    "change_dataset": Way("PATCH", "/datasets/{id}", **DATASET, body=lambda w: {"owner": "Somebody"}, **ANY),
    "list_dataset_versions": Way("GET", "/datasets/{id}/versions", **DATASET),
    "create_dataset_version": Way(
        "POST", "/datasets/{id}/versions", 422, **DATASET, body=lambda w: {"upload": str(upload(w).pk)}
    ),
    "register_dataset": Way(
        "POST", "/dataset-versions", 422, body=lambda w: {"name": "New", "upload": str(upload(w).pk)}
    ),
    "get_dataset_version_by_number": Way("GET", "/datasets/{id}/versions/{number}", **DATASET_1),
    "compare_datasets": Way("GET", "/datasets/{id}/comparison", **DATASET, query=lambda w: "?from=1&to=1"),
    "get_dataset_version": Way("GET", "/dataset-versions/{id}", parts=lambda w: {"id": w.dataset.pk}),
    "list_sources": Way("GET", "/sources"),
    "list_formats": Way("GET", "/formats"),
    "create_upload": Way("POST", "/uploads", 201, body=lambda w: {"file_name": "a.csv", "size": 10}),
    "get_upload": Way("GET", "/uploads/{id}", **UPLOAD),
    "put_upload_part": Way(
        "PUT", "/uploads/{id}/parts/0", 422, **UPLOAD, body=lambda w: b"1234", headers={"Content-Digest": EMPTY}
    ),
    "complete_upload": Way("POST", "/uploads/{id}/complete", 422, **UPLOAD),
    "abandon_upload": Way("DELETE", "/uploads/{id}", 204, **UPLOAD),
    "list_audits": Way("GET", "/audits"),
    "create_audit": Way("POST", "/audits", 202, body=lambda w: {"dataset": str(w.dataset.pk), "parameters": ASKED}),
    "get_audit": Way("GET", "/audits/{id}", **AUDIT),
    "list_measurements": Way("GET", "/audits/{id}/measurements", **AUDIT),
    "list_verdicts": Way("GET", "/audits/{id}/verdicts", **AUDIT),
    "get_evidence": Way("GET", "/audits/{id}/evidence", **AUDIT),
    "get_card": Way("GET", "/audits/{id}/card", **AUDIT),
    "get_report_pdf": Way("GET", "/audits/{id}/report.pdf", **AUDIT),
    "list_figures": Way("GET", "/audits/{id}/figures", **AUDIT),
    "compare_audits": Way("GET", "/audits/{id}/comparison", **AUDIT, query=lambda w: f"?baseline={w.done.pk}"),
    "list_reports": Way("GET", "/reports"),
    "get_report": Way("GET", "/reports/{id}", **AUDIT),
    "list_metrics": Way("GET", "/metrics"),
    "list_checks": Way("GET", "/checks"),
    "get_default_policy": Way("GET", "/policies/default"),
    "list_obligations": Way("GET", "/obligations", query=lambda w: f"?system={w.system.pk}"),
    "get_obligation": Way("GET", "/obligations/{id}", **DUTY),
    "change_obligation": Way(
        "PATCH", "/obligations/{id}", role="officer", **DUTY, body=lambda w: {"reason": "Begun."}, **ANY
    ),
    "accept_obligation": Way("POST", "/obligations/{id}/accept", role="approver", **DUTY, **ANY, by_person=True),
    "list_obligation_evidence": Way("GET", "/obligations/{id}/evidence", **DUTY),
    "attach_evidence": Way(
        "POST", "/obligations/{id}/evidence", 201, "officer", **DUTY, body=lambda w: {"evidence": str(w.evidence.pk)}
    ),
    "detach_evidence": Way(
        "DELETE", "/obligations/{id}/evidence/{piece}", 204, "officer",
        parts=lambda w: {"id": w.duty.pk, "piece": w.evidence.pk},
    ),
    "list_evidence": Way("GET", "/evidence"),
    "create_evidence": Way(
        "POST", "/evidence", 201, "officer",
        body=lambda w: {"system": str(w.system.pk), "title": "We looked", "type": "policy", "text": "It holds."},
    ),
    "get_evidence_piece": Way("GET", "/evidence/{id}", **PIECE),
    "get_evidence_file": Way("GET", "/evidence/{id}/file", **PIECE),
    "start_obligation_audit": Way(
        "POST", "/obligations/{id}/audits", 422, "officer", **DUTY, body=lambda w: {"version": str(w.model.pk)}
    ),
    "list_results": Way("GET", "/systems/{id}/results", **SYSTEM),
    "attach_result": Way(
        "POST", "/systems/{id}/results", 201, "officer", **SYSTEM, body=lambda w: {"audit": str(w.done.pk)}
    ),
    "dismiss_result": Way(
        "POST", "/systems/{id}/results/dismissals", 201, "officer", **SYSTEM,
        body=lambda w: {"audit": str(w.done.pk), "reason": "An older policy."},
    ),
    "get_coverage": Way("GET", "/systems/{id}/coverage", **SYSTEM),
    "list_assessments": Way("GET", "/assessments"),
    "create_assessment": Way("POST", "/assessments", 422, "officer", body=lambda w: {"system": str(w.system.pk)}),
    "get_assessment": Way("GET", "/assessments/{id}", **ASSESSMENT),
    "change_assessment": Way(
        "PATCH", "/assessments/{id}", 422, "officer", **ASSESSMENT, body=lambda w: {"summary": "Mine"}, **ANY
    ),
    "submit_assessment": Way("POST", "/assessments/{id}/submit", 422, "officer", **ASSESSMENT),
    "print_assessment": Way("POST", "/assessments/{id}/print", 422, "officer", **ASSESSMENT),
    "send_back_assessment": Way(
        "POST", "/assessments/{id}/send-back", **APPROVE, body=lambda w: {"reason": "Say more."}
    ),
    "approve_assessment": Way(
        "POST", "/assessments/{id}/approve", **APPROVE, body=lambda w: {"sha256": w.assessment.sha256}
    ),
    "withdraw_assessment": Way(
        "POST", "/assessments/{id}/withdraw", 200, "officer", **ASSESSMENT, body=lambda w: {"reason": "Say more."}
    ),
    "compare_assessment": Way("GET", "/assessments/{id}/comparison", **ASSESSMENT),
    "list_assessment_comments": Way("GET", "/assessments/{id}/comments", **ASSESSMENT),
    "create_assessment_comment": Way(
        "POST", "/assessments/{id}/comments", 201, "approver", **ASSESSMENT, body=lambda w: {"text": "Well."}
    ),
    "get_assessment_report": Way("GET", "/assessments/{id}/report.pdf", **ASSESSMENT),
    "list_risks": Way("GET", "/risks"),
    "create_risk": Way(
        "POST", "/risks", 201, "officer", body=lambda w: {"system": str(w.system.pk), "hazard": "It refuses all"}
    ),
    "get_risk": Way("GET", "/risks/{id}", **RISK),
    "change_risk": Way("PATCH", "/risks/{id}", role="officer", **RISK, body=lambda w: {"cause": "Few data."}, **ANY),
    "accept_risk": Way(
        "POST", "/risks/{id}/accept", 200, "approver", **RISK,
        body=lambda w: {"acceptance": "Rare."}, by_person=True, **ANY,
    ),
    "close_risk": Way("POST", "/risks/{id}/close", role="officer", **RISK, body=lambda w: {"closing": "Mended."}),
    "reopen_risk": Way("POST", "/risks/{id}/reopen", role="officer", **RISK),
    "add_measure": Way("POST", "/risks/{id}/measures", 201, "officer", **RISK, body=lambda w: {"text": "Read it."}),
    "get_measure": Way("GET", "/risks/{id}/measures/{measure}", **MEASURE),
    "change_measure": Way(
        "PATCH", "/risks/{id}/measures/{measure}", role="officer", **MEASURE, body=lambda w: {"text": "More."}, **ANY
    ),
    "list_risk_proposals": Way("GET", "/systems/{id}/risk-proposals", **SYSTEM),
    "decide_risk_proposal": Way(
        "POST", "/systems/{id}/risk-proposals", 422, **GOVERN, body=lambda w: {"finding": "none"}
    ),
    "list_statements": Way("GET", "/systems/{id}/statements", **SYSTEM),
    "list_statements_asked": Way("GET", "/systems/{id}/statements/asked", **SYSTEM),
    "write_statement": Way(
        "POST", "/systems/{id}/statements/{kind}", 201, "officer",
        parts=lambda w: {"id": w.system.pk, "kind": "oversight"},
        body=lambda w: {"content": {"art-14-4-b": "Clerks are trained."}},
    ),
    "get_law": Way("GET", "/law"),
    "get_framework": Way("GET", "/law/frameworks/{name}", parts=lambda w: {"name": "eu-ai-act"}),
    "get_requirement": Way("GET", "/law/requirements/{id}", parts=lambda w: {"id": "art-9-1"}),
    "get_law_list": Way("GET", "/law/lists/{name}", parts=lambda w: {"name": "eu-ai-act-timeline"}),
    "get_system_law": Way("GET", "/systems/{id}/law", **SYSTEM),
    "list_incidents": Way("GET", "/incidents"),
    "create_incident": Way(
        "POST", "/incidents", 201, "officer",
        body=lambda w: {"system": str(w.system.pk), "title": "It refused all", "aware_at": "2026-11-21T12:00:00Z"},
    ),
    "get_incident": Way("GET", "/incidents/{id}", **INCIDENT),
    "change_incident": Way(
        "PATCH", "/incidents/{id}", role="officer", **INCIDENT, body=lambda w: {"known": "More."}, **ANY
    ),
    "close_incident": Way(
        "POST", "/incidents/{id}/close", role="officer", **INCIDENT, body=lambda w: {"closing": "Mended."}
    ),
    "reopen_incident": Way("POST", "/incidents/{id}/reopen", role="officer", **INCIDENT),
    "list_notifications": Way("GET", "/incidents/{id}/notifications", **INCIDENT),
    "create_notification": Way(
        "POST", "/incidents/{id}/notifications", 201, "officer", **INCIDENT,
        body=lambda w: {"sort": "final", "recipient": "authority", "authority": "CNPD",
                        "sent_at": timezone.now().isoformat()},
    ),
    "list_reviews": Way("GET", "/reviews"),
    "create_review": Way(
        "POST", "/reviews", 201, "officer",
        body=lambda w: {"system": str(w.system.pk), "what": "Drift", "due_on": "2027-03-01", "every_months": 6},
    ),
    "get_review": Way("GET", "/reviews/{id}", **REVIEW),
    "change_review": Way("PATCH", "/reviews/{id}", role="officer", **REVIEW, body=lambda w: {"what": "Drift"}, **ANY),
    "drop_review": Way("DELETE", "/reviews/{id}", 204, "officer", **REVIEW, **ANY),
    "do_review": Way("POST", "/reviews/{id}/done", role="officer", **REVIEW, body=lambda w: {"notes": "All is well."}),
    "get_calendar": Way("GET", "/calendar"),
    "list_notices": Way("GET", "/notices"),
    "get_notice_settings": Way("GET", "/notices/settings"),
    "change_notice_settings": Way("PATCH", "/notices/settings", body=lambda w: {"mail": False}, **ANY),
    "see_notice": Way("POST", "/notices/{id}/seen", role="officer", parts=lambda w: {"id": w.notice.pk}),
    "list_trail": Way("GET", "/trail", role="officer"),
    "list_checkpoints": Way("GET", "/trail/checkpoints", role="officer"),
    "export_trail": Way("GET", "/trail/export", role="officer"),
    "verify_trail": Way("POST", "/trail/verification", role="officer"),
    "list_webhooks": Way("GET", "/webhooks", role="administrator"),
    "create_webhook": Way(
        "POST", "/webhooks", 201, "administrator",
        body=lambda w: {"url": "https://93.184.215.14/hook", "events": ["job.finished"]},
    ),
    "get_webhook": Way("GET", "/webhooks/{id}", **HOOK),
    "change_webhook": Way("PATCH", "/webhooks/{id}", **HOOK, body=lambda w: {"description": "mine"}, **ANY),
    "delete_webhook": Way("DELETE", "/webhooks/{id}", 204, **HOOK, **ANY),
    "rotate_webhook_secret": Way("POST", "/webhooks/{id}/rotate", **HOOK),
    "test_webhook": Way("POST", "/webhooks/{id}/test", **HOOK),
    "list_deliveries": Way("GET", "/webhooks/{id}/deliveries", **HOOK),
    "retry_delivery": Way("POST", "/webhooks/{id}/deliveries/{delivery}/retry", **DELIVERY),
}  # fmt: skip
BY_TOKEN = {name: way for name, way in WAYS.items() if not way.by_person}
