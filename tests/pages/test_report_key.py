"""The service's key under its reports: a worker signs with it, the page and the API name it, and it goes nowhere."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import call_command
from django.db import connection

from audits.report.evidence import sha256
from audits.report.signature import fingerprint, fingerprints_in, signer_of
from audits.report.verification.parts import read_parts
from audits.report.verify import verify_report
from governance.assessments import signing
from governance.assessments.models import Assessment
from governance.assessments.printing import again
from models.jobs.heartbeat import Heartbeat
from models.jobs.lease import take
from models.jobs.models import Job
from models.jobs.perform import attempt, conclude
from models.registry.storage import store
from models.trail import keys
from models.trail.models import Entry


@pytest.fixture(autouse=True)
def outside(settings, tmp_path: Path) -> Path:
    settings.TRAIL_KEY_FILE = str(tmp_path / "trail_key")
    return tmp_path


@pytest.fixture
def number(outside: Path) -> str:
    keys.make()
    return fingerprint(keys.present().public_key())


def printed(world) -> Assessment:
    """Approved, and its report made by a worker."""
    made = signing.approve(world.people["approver"], world.assessment, world.assessment.sha256, "Yes.")
    done(made.job_id)
    return Assessment.unscoped.get(pk=made.pk)


def done(number: UUID) -> None:
    """The work of a worker, without the thread beside it, whose own connection would not see this test's rows."""
    lease = take(number)
    assert lease is not None
    job = Job.unscoped.select_related("organisation").get(pk=number)
    heartbeat = Heartbeat(lease, job)
    conclude(lease, attempt(job, heartbeat), heartbeat)
    job.refresh_from_db()
    assert job.state == "succeeded", (job.error, job.log)


def signer(found: Assessment) -> str:
    parts = read_parts(store().path(found.report))
    assert parts.signature is not None
    return signer_of(parts.evidence, parts.signature)


def differing(found: Assessment, trusted: str) -> list[str]:
    return [each.what for each in verify_report(store().path(found.report), trusted=[trusted]).differs]


def test_an_approved_report_is_signed_and_the_key_is_named_wherever_it_is_told(world, client, number, caplog):
    found = printed(world)
    assert found.signing_key == number == signer(found)
    client.force_login(world.people["officer"])
    page = client.get(f"/assessments/{found.pk}/").content.decode()
    assert number in page
    assert sha256(read_parts(store().path(found.report)).evidence) in page, "the page is the report that is signed"
    assert number in client.get("/trail/").content.decode()
    assert client.get(f"/api/v1/assessments/{found.pk}").json()["signing_key"] == number
    assert Entry.unscoped.filter(verb="reported").latest("sequence").facts["key"] == number
    assert_secret_is_nowhere(caplog.text)

    keys.make(replace=True)  # the report keeps the key that it was signed with
    newest = keys.newest()
    assert newest is not None
    assert client.get(f"/assessments/{found.pk}/").content.decode().count(number) == page.count(number)
    assert differing(found, newest) == ["the key that signed it"]
    made = again(Job.unscoped.get(pk=found.job_id), world.people["officer"])
    done(made.pk)
    found.refresh_from_db()
    assert found.signing_key == newest == signer(found)


def assert_secret_is_nowhere(logs: str) -> None:
    """The private key stands in no row and in no line of the logs."""
    secret = keys.present().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).splitlines()[1].decode()
    assert secret not in logs
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert secret not in str(cursor.fetchall()), table


def test_without_a_key_the_report_says_that_it_is_unsigned(world, client, number, outside):
    keys.file().unlink()
    found = printed(world)
    assert found.signing_key == ""
    assert differing(found, number) == ["the key that signed it"]
    client.force_login(world.people["officer"])
    assert "none: this report is unsigned" in client.get(f"/assessments/{found.pk}/").content.decode()


def test_a_key_that_cannot_be_used_is_logged_and_none(outside, caplog):
    keys.file().write_text("no key")
    keys.public_file().write_text("no keys")
    assert (keys.for_reports(), keys.newest()) == (None, None)
    assert "a report is made unsigned" in caplog.text


def test_a_draft_is_not_signed(world, number):
    draft = signing.send_back(world.people["approver"], world.assessment, "Once more.")
    draft = signing.print_draft(world.people["officer"], draft)
    done(draft.job_id)
    draft.refresh_from_db()
    assert (read_parts(store().path(draft.report)).signature, draft.signing_key) == (None, "")


def test_an_audits_report_is_signed_with_it(world, number):
    done(world.waiting.job_id)
    world.waiting.refresh_from_db()
    found = verify_report(store().path(world.waiting.report), trusted=[number])
    assert (found.differs, found.signature) == ([], {"fingerprint": number, "trusted": True})


def test_every_public_key_is_given_out_to_be_published(number, outside, capsys):
    keys.make(replace=True)
    call_command("trail_key", "--public")
    (outside / "acme.pub").write_text(capsys.readouterr().out)
    assert fingerprints_in(outside / "acme.pub") == [number, keys.newest()] == fingerprints_in(keys.public_file())
