"""A report's signature: Ed25519 over the attached evidence.json as it is, in a second attachment beside it.

The keys of checks are known by their fingerprints, the SHA-256 of a public key's 32 bytes in hexadecimal digits.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from audits.report.evidence import NAME, canonical_bytes, sha256
from models.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audits.report.verification.findings import Findings

SIGNATURE = "evidence.sig.json"
SCHEMA = "plumbline.signature/1"
ALGORITHM = "Ed25519"
BEGIN, END = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
LARGEST_KEYS = 1 << 20
UNSIGNED = "unsigned"


def sign(evidence: bytes, key: Ed25519PrivateKey) -> bytes:
    """The second attachment, JSON; the same key and evidence give the same bytes."""
    public = key.public_key()
    said = {
        "schema": SCHEMA,
        "algorithm": ALGORITHM,
        "signed": NAME,
        "sha256": sha256(evidence),
        "fingerprint": fingerprint(public),
        "public_key": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii"),
        "signature": base64.b64encode(key.sign(evidence)).decode("ascii"),
    }
    return canonical_bytes(said)


def fingerprint(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def check_signature(evidence: bytes, attached: bytes | None, trusted: Collection[str], findings: Findings) -> None:
    """Whether the evidence is signed, and by a key of `trusted` where any is given (fingerprints)."""
    if attached is None:
        findings.signature = {"fingerprint": None, "trusted": False}
        if trusted:
            findings.differ("the key that signed it", UNSIGNED, any_of(trusted))
        return
    try:
        signer = signer_of(evidence, attached)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidSignature) as error:
        why = str(error)[:200] or f"not of this {NAME} by the key that it carries"
        findings.differ(f"the signature of {NAME} ({SIGNATURE})", f"not good: {why}", "good")
        return
    findings.signature = {"fingerprint": signer, "trusted": signer in trusted}
    findings.agrees(f"the signature of {NAME}, by the key {signer}")
    if trusted:
        findings.compare("the key that signed it", signer, signer if signer in trusted else any_of(trusted))


def any_of(trusted: Collection[str]) -> str:
    return " or ".join(sorted(trusted))


def signer_of(evidence: bytes, attached: bytes) -> str:
    """The fingerprint of the key that made it. Raises InvalidSignature, and others for what is no signature of ours."""
    said = json.loads(attached)
    if said["schema"] != SCHEMA or said["algorithm"] != ALGORITHM or said["signed"] != NAME:
        raise ValueError(f"this version reads {SCHEMA}, {ALGORITHM} over {NAME}")
    key = public_key(said["public_key"])
    key.verify(base64.b64decode(said["signature"], validate=True), evidence)
    if said["fingerprint"] != fingerprint(key) or said["sha256"] != sha256(evidence):
        raise ValueError("the fingerprint or the hash that it tells is another")
    return fingerprint(key)


def named_in(attached: bytes | None) -> str | None:
    """The fingerprint that a signature tells, good or not; None where there is none."""
    try:
        said: Any = json.loads(attached)["fingerprint"] if attached else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return said if isinstance(said, str) else None


def public_key(pem: str) -> Ed25519PublicKey:
    """Raises ValueError."""
    found = load_pem_public_key(pem.encode())
    if not isinstance(found, Ed25519PublicKey):
        raise ValueError("it is no Ed25519 key")
    return found


def fingerprints_in(file: Path) -> list[str]:
    """Those of the public keys in a file: PEM, one after another, or the lines of the service's TRAIL_KEY_FILE.public.

    Raises InputError, with what is wrong.
    """
    if file.stat().st_size > LARGEST_KEYS:
        raise InputError(f"{file.name} is too large for public keys")
    try:
        text = file.read_text("utf-8")
        if "PRIVATE KEY" in text:
            raise InputError(f"{file.name} holds a private key: give its public half, and let nobody have this file")
        found = pem_blocks(text) if BEGIN in text else service_lines(text)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        found = []
    if not found:
        raise InputError(f"{file.name} holds no Ed25519 public key: PEM ({BEGIN} …) is asked for")
    return [fingerprint(key) for key in found]


def pem_blocks(text: str) -> list[Ed25519PublicKey]:
    return [public_key(BEGIN + each.partition(END)[0] + END + "\n") for each in text.split(BEGIN)[1:]]


def service_lines(text: str) -> list[Ed25519PublicKey]:
    rows = (json.loads(line) for line in text.splitlines() if line.strip())
    return [Ed25519PublicKey.from_public_bytes(base64.b64decode(row["public_key"], validate=True)) for row in rows]
