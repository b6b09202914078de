"""Erasing a version's file, as a person or the law may ask: the bytes go, the hash, the trail and the findings stay."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from models.accounts.permission import authorize
from models.errors import InputError
from models.jobs.models import Job, State
from models.registry.blobs.store import StorageError
from models.registry.models import DatasetVersion, Erased, Erasure, ModelVersion, Upload, Version
from models.registry.storage import store
from models.registry.submit import KIND
from models.registry.uploading import abandon
from models.trail.record import record

LONGEST = 1000
SETTLED = 60.0  # seconds in which a file that was kept has its row


def erase(user: Any, version: Version, reason: str) -> Erasure:
    """Let the file of a version go, for good. Audits that were made keep their reports, and these still verify.

    The same bytes stay stored while another version that is not erased has them (another organisation's, say): then
    this version is closed, and the file goes with the last of them.

    Raises:
        NotFound, Forbidden: the user may not. InputError: no reason was given, or it was erased before.
    """
    authorize(user, "erase", version)
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST:
        raise InputError(f"Say why, in at most {LONGEST:,} characters: it is shown wherever the file is missed.")
    kind = "dataset_version" if isinstance(version, DatasetVersion) else "model_version"
    with transaction.atomic():
        type(version)._base_manager.select_for_update().get(pk=version.pk)
        if before := Erasure.unscoped.filter(**{kind: version}).first():
            raise Erased(before.sentence)
        made = Erasure.unscoped.create(
            organisation=version.organisation, sha256=version.sha256, reason=reason, by=user, **{kind: version}
        )
        record(version.organisation, user, "erased", version, {"sha256": version.sha256, "reason": reason})
        transaction.on_commit(lambda: remove_file(made), robust=True)
    made.refresh_from_db()
    return made


def remove_file(erasure: Erasure) -> bool:
    """Remove the bytes where nothing else needs them; whether they went. What cannot be done now, since a file is just
    being registered or the storage is away, the beat does later."""
    if is_needed(erasure.sha256) or Job.unscoped.filter(kind=KIND, state=State.RUNNING).exists():
        return False
    for upload in Upload.unscoped.filter(sha256=erasure.sha256):
        try:
            abandon(upload)
        except InputError:
            continue  # its registration is refused when it comes to that
    try:
        if not gone(erasure.sha256):
            return False
    except StorageError:
        return False
    Erasure.unscoped.filter(sha256=erasure.sha256, removed_at=None).update(removed_at=Now())
    return True


def gone(sha256: str) -> bool:
    """Let go of, or gone before; False for a file that was kept a moment ago, whose row may just be on its way."""
    try:
        return store().remove_older(sha256, SETTLED)
    except StorageError:
        store().remove(sha256)
        return True


def is_needed(sha256: str) -> bool:
    """Whether a version that is not erased has these bytes, in whichever organisation."""
    return (
        DatasetVersion.unscoped.filter(sha256=sha256, erasure=None).exists()
        or ModelVersion.unscoped.filter(sha256=sha256, erasure=None).exists()
    )


def remove_what_is_left() -> int:
    """Files of erased versions that could not be removed at the time; how many went now."""
    return sum(remove_file(erasure) for erasure in Erasure.unscoped.filter(removed_at=None))


def refuse_erased(*versions: Version | None) -> None:
    """Raises Erased for a version whose file is gone: nothing new can be found out with it."""
    for version in versions:
        if version is not None and version.erased is not None:
            raise Erased(f"{version} can no longer be used. {version.erased.sentence}")
