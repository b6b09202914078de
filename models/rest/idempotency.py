"""Idempotency-Key: a request that is repeated, since its answer was lost, is done once and answered twice.

The work and its remembered answer are one transaction, so that a crash leaves both or neither. Only answers of success
are remembered: what was refused changed nothing, and may be mended and sent again under the same key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from models.rest.bodies import read_bytes
from models.rest.models import Remembered
from models.rest.problems import Problem, invalid

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEPT_FOR = timedelta(hours=24)
# no request takes longer (waiting for a job comes after); what is older was cut off
CUT_OFF_AFTER = timedelta(seconds=60)
KEY = re.compile(r"[\x20-\x7e]{1,200}")
HEADERS = ("Content-Type", "Location", "ETag", "Cache-Control")
Work = Callable[[], HttpResponse]


def once(request: HttpRequest, principal: str, work: Work) -> HttpResponse:
    """Do the work, or give the answer that it had; without the header it is simply done.

    Raises Problem: invalid, idempotency-key-reused, idempotency-in-progress.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return work()
    if not KEY.fullmatch(key):
        raise invalid("/header/Idempotency-Key", "An Idempotency-Key has 1 to 200 printable ASCII characters.")
    found = begun(principal, hashlib.sha256(key.encode()).hexdigest(), fingerprint(request))
    if found.answer is not None:
        return replayed(bytes(found.answer), key)
    try:
        return done(found, key, work)
    finally:
        # what has no answer now was refused or failed, and is forgotten
        Remembered.objects.filter(pk=found.pk, lease=found.lease, answer=None).delete()


def begun(principal: str, key: str, fingerprint: str) -> Remembered:
    """A new row that is ours to do, or one that has its answer."""
    now = timezone.now()
    Remembered.objects.filter(expires_at__lt=now).delete()
    try:
        with transaction.atomic():
            return Remembered.objects.create(
                principal=principal, key=key, fingerprint=fingerprint, started_at=now, expires_at=now + KEPT_FOR
            )
    except IntegrityError:
        found = Remembered.objects.filter(principal=principal, key=key).first()
    if found is None:  # the other one was refused just now
        raise in_progress()
    if not hmac.compare_digest(found.fingerprint, fingerprint):
        raise Problem("idempotency-key-reused")
    if found.answer is None:
        take_over(found)
    return found


def take_over(found: Remembered) -> None:
    """Go on in place of a request that was cut off; two cannot, since the lease changes with it."""
    now, lease = timezone.now(), uuid.uuid4()
    if found.started_at > now - CUT_OFF_AFTER:
        raise in_progress()
    mine = Remembered.objects.filter(pk=found.pk, lease=found.lease, answer=None)
    if not mine.update(lease=lease, started_at=now):
        raise in_progress()
    found.lease = lease


def done(found: Remembered, key: str, work: Work) -> HttpResponse:
    with transaction.atomic():
        response = work()
        if response.status_code >= 400:
            transaction.set_rollback(True)
            return response
        ours = Remembered.objects.filter(pk=found.pk, lease=found.lease, answer=None)
        if not ours.update(answer=sealed(response, key)):
            raise in_progress()
    return response


def in_progress() -> Problem:
    return Problem("idempotency-in-progress", headers={"Retry-After": "1"})


def fingerprint(request: HttpRequest) -> str:
    """The same for the same request and no other. Raises Problem for a body that is too large."""
    said = [request.method, request.get_full_path(), hashlib.sha256(read_bytes(request)).hexdigest()]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def sealed(response: HttpResponse, key: str) -> bytes:
    headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
    said = {"status": response.status_code, "headers": headers, "body": response.content.decode()}
    return box(key).encrypt(json.dumps(said).encode())


def replayed(answer: bytes, key: str) -> HttpResponse:
    said = json.loads(box(key).decrypt(answer))
    response = HttpResponse(said["body"].encode(), status=said["status"], headers=said["headers"])
    response.headers["Idempotency-Replayed"] = "true"
    return response


def box(key: str) -> Fernet:
    """An answer may hold a secret that is shown once: neither the database nor our own secret opens it alone."""
    from cryptography.fernet import Fernet

    secret = hmac.new(settings.SECRET_KEY.encode(), b"idempotency\0" + key.encode(), hashlib.sha256)
    return Fernet(base64.urlsafe_b64encode(secret.digest()))
