"""The key that signs the trail's heads: Ed25519, in a file outside the database: who owns one has not the other.

Beside the key lies a file with every public key there ever was: with those, and no other, signatures are believed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

logger = logging.getLogger(__name__)


class NoKey(Exception):
    """The file does not hold a key that can be used: why."""


def file() -> Path:
    return Path(settings.TRAIL_KEY_FILE)


def public_file() -> Path:
    return file().with_name(f"{file().name}.public")


def make(replace: bool = False) -> str:
    """Write a new key, readable by its owner alone, and its public half to those before it; the key's id.

    Raises FileExistsError where there is a key and it is not to be replaced.
    """
    key = Ed25519PrivateKey.generate()
    fresh = file().with_name(f".{file().name}.{os.getpid()}")
    file().parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        if not replace:
            os.link(fresh, file())
        # known before it signs: what it signs must never look like a stranger's
        public = encoded(key.public_key())
        line = {"key": id_of(public), "public_key": public, "made_at": datetime.now(UTC).isoformat()}
        append(public_file(), json.dumps(line))
        if replace:
            fresh.replace(file())
    finally:
        fresh.unlink(missing_ok=True)
    return id_of(public)


def present() -> Ed25519PrivateKey:
    """Raises NoKey."""
    try:
        found = load_pem_private_key(file().read_bytes(), None)
    except FileNotFoundError:
        raise NoKey(f"{file()} is not there: manage.py trail_key makes it") from None
    except (OSError, ValueError) as error:
        raise NoKey(f"{file()} cannot be read: {error}") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise NoKey(f"{file()} does not hold an Ed25519 key")
    return found


def for_reports() -> Ed25519PrivateKey | None:
    """The key that signs a report; none where there is none that can be used, which is logged."""
    try:
        return present()
    except NoKey as error:
        logger.warning("a report is made unsigned: %s", error)
        return None


def newest() -> str | None:
    """The fingerprint of the newest public key: the SHA-256 of its bytes, which begins with the key's id. None where
    this machine does not have it."""
    try:
        public = next(reversed(known().values()), None)
    except (OSError, ValueError, KeyError):
        return None
    return hashlib.sha256(base64.b64decode(public)).hexdigest() if public else None


def pem(public: str) -> str:
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def known() -> dict[str, str]:
    """Every public key there ever was, by its id; none where no key was made on this machine. Raises ValueError."""
    if not public_file().exists():
        return {}
    lines = public_file().read_text("utf-8").splitlines()
    keys = [json.loads(line)["public_key"] for line in lines if line.strip()]
    return {id_of(public): public for public in keys}


def encoded(key: Ed25519PublicKey) -> str:
    """The 32 bytes in base64."""
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


@cache
def id_of(public: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of its bytes."""
    return hashlib.sha256(base64.b64decode(public)).hexdigest()[:16]


def is_signed(public: str, signature: str, text: str) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def append(where: Path, line: str) -> None:
    """One line at the end, in one write, on the disk when it returns; never on a line that was cut off."""
    descriptor = os.open(where, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        end = os.fstat(descriptor).st_size
        torn = end > 0 and os.pread(descriptor, 1, end - 1) != b"\n"
        os.write(descriptor, f"{chr(10) * torn}{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
