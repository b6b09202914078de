"""A report's signature: by which key it is, what it does not cover any more, and a report that has none."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from audits.command.verify import verify
from audits.report.evidence import NAME, canonical_bytes
from audits.report.signature import SIGNATURE, check_signature, fingerprint, fingerprints_in, sign
from audits.report.verification.findings import Findings
from audits.report.verify import verify_report
from governance.reports.document import attached
from governance.reports.task import render
from models.errors import InputError
from tests.governance.reports.test_risk_report import made_audit, signed, told

Json = dict[str, Any]
OURS, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
OUR_NUMBER, OTHER_NUMBER = fingerprint(OURS.public_key()), fingerprint(OTHER.public_key())
NOT_GOOD = f"the signature of {NAME} ({SIGNATURE})"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Json:
    return told(made_audit(tmp_path_factory.mktemp("audit")))


def report_by(key: Ed25519PrivateKey | None, snapshot: Json) -> Json:
    return attached(snapshot, signed(snapshot) | {"key": fingerprint(key.public_key()) if key else None}, {})


def pdf_by(key: Ed25519PrivateKey | None, snapshot: Json) -> bytes:
    report = report_by(key, snapshot)
    return render(report, sign(canonical_bytes(report), key) if key else None)


@pytest.fixture(scope="module")
def ours(snapshot: Json) -> bytes:
    return pdf_by(OURS, snapshot)


@pytest.fixture(scope="module")
def unsigned(snapshot: Json) -> bytes:
    return pdf_by(None, snapshot)


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Result]:
    """`command(pdf, keys)`: plumbline verify report.pdf, with --key where there are any."""

    def run(pdf: bytes, *keys: Ed25519PrivateKey) -> Result:
        (tmp_path / "report.pdf").write_bytes(pdf)
        (tmp_path / "acme.pub").write_text("".join(pem(key) for key in keys))
        more = ["--key", str(tmp_path / "acme.pub")] if keys else []
        return CliRunner().invoke(verify, [str(tmp_path / "report.pdf"), *more])

    return run


def pem(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def differing(pdf: bytes, folder: Path, *trusted: str) -> dict[str, tuple[Any, Any]]:
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    found = verify_report(path, trusted=trusted)
    assert found.result == ("differs" if found.differs else "verified"), found.reason
    return {each.what: (each.printed, each.recomputed) for each in found.differs}


def test_a_signed_report_is_accepted_and_its_key_told(ours: bytes, command: Callable[..., Result]) -> None:
    said = command(ours)
    assert said.exit_code == 0, said.output
    assert f"Signed with key {OUR_NUMBER}. Compare this with the one that the organisation publishes" in said.output


def test_the_organisations_keys_accept_it_the_old_one_too(ours: bytes, command: Callable[..., Result]) -> None:
    said = command(ours, OURS, OTHER)
    assert said.exit_code == 0, said.output
    assert f"Signed with key {OUR_NUMBER}, which acme.pub holds." in said.output


def test_a_report_that_was_made_up_whole_and_signed_with_another_key_is_caught(
    snapshot: Json, command: Callable[..., Result]
) -> None:
    forged = pdf_by(OTHER, snapshot)
    assert command(forged).exit_code == 0, "alone it agrees with itself"
    said = command(forged, OURS)
    assert said.exit_code == 1
    assert f"the key that signed it\n    in the report: {OTHER_NUMBER}\n    computed:      {OUR_NUMBER}" in said.output
    assert "which acme.pub holds" not in said.output


def test_an_unsigned_report_says_so_and_holds_against_no_key(unsigned: bytes, command: Callable[..., Result]) -> None:
    said = command(unsigned)
    assert said.exit_code == 0, said.output
    assert "It is unsigned" in said.output
    said = command(unsigned, OURS)
    assert said.exit_code == 1
    assert f"the key that signed it\n    in the report: unsigned\n    computed:      {OUR_NUMBER}" in said.output


def test_evidence_that_was_changed_under_its_old_signature_is_named(snapshot: Json, tmp_path: Path) -> None:
    """All else is made to agree: the pages and the hashes are those of the changed evidence."""
    old = sign(canonical_bytes(report_by(OURS, snapshot)), OURS)
    changed = report_by(OURS, snapshot | {"organisation": "Another Bank"})
    assert [*differing(render(changed, old), tmp_path)] == [NOT_GOOD]


def test_a_signature_that_was_taken_off_is_named(snapshot: Json, tmp_path: Path) -> None:
    found = differing(render(report_by(OURS, snapshot)), tmp_path)
    assert found == {"the key that signed it, as the pages name it": (OUR_NUMBER, None)}


def test_a_signature_that_was_put_on_is_named(snapshot: Json, tmp_path: Path) -> None:
    report = report_by(None, snapshot)
    found = differing(render(report, sign(canonical_bytes(report), OTHER)), tmp_path)
    assert found == {"the key that signed it, as the pages name it": (None, OTHER_NUMBER)}


def test_a_third_attachment_is_named(ours: bytes, tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(ours)) as pdf:
        pdf.attachments["more.json"] = pikepdf.AttachedFileSpec(pdf, b"{}", filename="more.json")
        changed = io.BytesIO()
        pdf.save(changed)
    assert differing(changed.getvalue(), tmp_path) == {"the number of attached files": (3, 2)}


def other(**said: Any) -> bytes:
    return json.dumps(json.loads(sign(b"{}", OURS)) | said).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff", b"[]", b"null", b"{}", b"[" * 100_000, other(schema="plumbline.signature/2"),
        other(algorithm="none"), other(signed="more.json"), other(signature=""), other(signature=7),
        other(signature=base64.b64encode(bytes(64)).decode()), other(public_key=pem(OTHER)), other(public_key=""),
        other(fingerprint=OTHER_NUMBER), other(sha256="0" * 64),
    ],
)  # fmt: skip
def test_what_is_no_signature_of_this_is_named_and_believed_by_nobody(content: bytes) -> None:
    found = Findings()
    check_signature(b"{}", content, [], found)
    assert [each.what for each in found.differs] == [NOT_GOOD]
    assert found.signature is None
    assert found.checked == []


def test_the_pages_name_the_key_or_that_there_is_none(ours: bytes, unsigned: bytes, tmp_path: Path) -> None:
    from audits.report.verification.parts import page_texts

    texts = ["".join("".join(page.split()) for page in page_texts(pdf)) for pdf in (ours, unsigned)]
    assert OUR_NUMBER in texts[0]
    assert "none:thisreportisunsigned" in texts[1]
    assert "--keyORGANISATION.pub" not in texts[1]


def test_the_same_report_has_the_same_bytes(ours: bytes, snapshot: Json) -> None:
    assert pdf_by(OURS, snapshot) == ours


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_alone_checks_it(ours: bytes, tmp_path: Path) -> None:
    """As docs/assessments.md has it."""
    with pikepdf.open(io.BytesIO(ours)) as pdf:
        evidence, said = (pdf.attachments[name].get_file().read_bytes() for name in (NAME, SIGNATURE))
    (tmp_path / NAME).write_bytes(evidence)
    (tmp_path / "key.pem").write_text(json.loads(said)["public_key"])
    (tmp_path / "signature").write_bytes(base64.b64decode(json.loads(said)["signature"]))
    asked = f"openssl pkeyutl -verify -rawin -pubin -inkey key.pem -in {NAME} -sigfile signature"
    run = [subprocess.run(asked.split(), cwd=tmp_path, capture_output=True, text=True).returncode]
    printed = "openssl pkey -pubin -in key.pem -outform DER | tail -c 32 | sha256sum"
    told = subprocess.run(printed, shell=True, cwd=tmp_path, capture_output=True, text=True).stdout
    (tmp_path / NAME).write_bytes(evidence + b" ")
    run.append(subprocess.run(asked.split(), cwd=tmp_path, capture_output=True, text=True).returncode)
    assert run == [0, 1]
    assert told.split()[0] == OUR_NUMBER


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no Ed25519 public key"),
        (b"\xff\xfe", "holds no Ed25519 public key"),
        (b'{"key": "1"}', "holds no Ed25519 public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "holds no Ed25519 public key"),
        (OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "holds a private key"),
    ],
)
def test_a_file_without_public_keys_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "acme.pub").write_bytes(content)
    with pytest.raises(InputError, match=said):
        fingerprints_in(tmp_path / "acme.pub")
