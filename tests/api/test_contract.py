"""The running service against its own description: schemathesis sends what fits it, and what does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

import pytest

from models.accounts.models import Token
from models.webhooks.models import Delivery
from tests.api.conftest import ROOT, Caller
from tests.api.ways import upload

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "negative_data_rejection", "missing_required_header",
)  # fmt: skip
# what would end the run (its own token and membership), or take away what the others are asked about
LEFT_OUT = (
    "revoke_token", "remove_member", "change_member", "delete_webhook", "abandon_upload",
    # of two parts of an address one is always a known id, and then nothing is wrong that should be refused
    "get_model_version_by_number", "get_dataset_version_by_number", "get_classification",
)  # fmt: skip
# a request without If-Match, or with one that names nothing, is refused by these
REFUSED = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429]
SECONDS = 580  # of a machine that has much else to do; alone it takes one


@pytest.fixture
def served(transactional_db, files, made, live_server, settings, monkeypatch):
    """A live server with an organisation's things; they are gone with the test."""
    from tests.pages.conftest import furnished, organisation

    settings.API_RATE = "off"
    monkeypatch.setattr("models.jobs.wait._places", BoundedSemaphore(0))  # there is no worker to wait for
    return live_server.url, furnished(organisation("Acme Bank"), made)


def configured(path: Path, world) -> Path:
    """Ids that exist, so that what lies behind them is reached too."""
    ids = {
        "model_id": world.model.model_id, "dataset_id": world.dataset.dataset_id, "audit_id": world.done.pk,
        "report_id": world.done.pk, "baseline": world.earlier.pk, "job_id": world.failed.pk,
        "webhook_id": world.hook.pk, "delivery_id": Delivery.unscoped.get(endpoint=world.hook).pk,
        "upload_id": upload(world).pk, "invitation_id": world.invitation.pk, "from": 1, "to": 1,
        "system_id": world.system.pk, "obligation_id": world.duty.pk, "evidence_id": world.evidence.pk,
        "risk_id": world.risk.pk, "measure_id": world.risk.measures.get().pk, "incident_id": world.incident.pk,
        "assessment_id": world.assessment.pk, "review_id": world.review.pk, "notice_id": world.notice.pk,
        "version_id": world.model.pk, "kind": "oversight", "member_id": world.member.pk,
        "token_id": Token.unscoped.filter(user=world.people["engineer"]).first().pk,
    }  # fmt: skip
    lines = ["[parameters]", *(f'"{name}" = "{value}"' for name, value in ids.items())]
    for check in ("negative_data_rejection", "missing_required_header"):
        lines += [f"[checks.{check}]", f"expected-statuses = {REFUSED}"]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.timeout(SECONDS + 60)
def test_what_the_service_does_is_what_it_says(served, tmp_path):
    url, world = served
    caller = Caller(world.people["administrator"], world.organisation)
    report, config = tmp_path / "report.json", configured(tmp_path / "schemathesis.toml", world)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config),
        "run", f"{url}{ROOT}/openapi.json", "--header", f"Authorization: Bearer {caller.secret}",
        "--checks", ",".join(CHECKS), "--mode", "all", "--phases", "coverage,fuzzing", "--max-examples", "5",
        "--generation-deterministic", "--no-shrink",
        "--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure",
        "--report-json-path", str(report), "--exclude-operation-id-regex", f"^({'|'.join(LEFT_OUT)})$",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2_000:]
    assert json.loads(report.read_text())
