"""Letting go of what is past its time; docs/retention.md says what is kept how long, and why."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from governance.backup import SAID
from governance.reviews.notices import let_go as let_go_of_notices
from governance.rows import hashes_in, kept_models, lines_of, one_moment
from models.accounts.models import SignInFailure
from models.jobs.models import FINISHED, Job, State
from models.registry.blobs.store import StorageError
from models.registry.models import Upload, UploadState
from models.registry.storage import store
from models.registry.uploading import sweep
from models.rest.models import Remembered
from models.webhooks.models import Delivery, Event

logger = logging.getLogger(__name__)

DAY = 24 * 3600.0
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    what: str
    count: int


def prune(*, dry_run: bool = False) -> Iterator[Pruned]:
    """Each kind of thing in turn, with how many went (or would go). One that fails keeps no other from going."""
    for what, let_go in KINDS.items():
        try:
            yield Pruned(what, let_go(dry_run))
        except Exception:
            logger.exception("pruning: %s", what)
            yield Pruned(f"{what} (failed, see the log)", 0)


def uploads(dry_run: bool) -> int:
    """Never those that a job is about to read; the registry knows."""
    if not dry_run:
        return sweep()
    over = Upload.unscoped.exclude(state=UploadState.EXPIRED).filter(expires_at__lte=timezone.now())
    return over.exclude(job__state__in=(State.QUEUED, State.RUNNING)).count()


def repeated_requests(dry_run: bool) -> int:
    return delete(Remembered.objects.filter(expires_at__lt=timezone.now()), dry_run)


def sessions(dry_run: bool) -> int:
    return delete(Session.objects.filter(expire_date__lt=timezone.now()), dry_run)


def sign_in_failures(dry_run: bool) -> int:
    return delete(SignInFailure.objects.filter(at__lt=timezone.now() - timedelta(days=2)), dry_run)


def deliveries(dry_run: bool) -> int:
    """What was delivered or given up, then the events that nobody is told of any more."""
    if not settings.KEEP_DELIVERIES_DAYS:
        return 0
    past = timezone.now() - timedelta(days=settings.KEEP_DELIVERIES_DAYS)
    count = delete(Delivery.unscoped.filter(finished_at__lt=past).exclude(state=Delivery.State.PENDING), dry_run)
    delete(Event.unscoped.filter(created_at__lt=past, deliveries=None), dry_run)
    return count


def notices(dry_run: bool) -> int:
    """And the mails that told of them."""
    if not settings.KEEP_NOTICES_DAYS:
        return 0
    return let_go_of_notices(timezone.now() - timedelta(days=settings.KEEP_NOTICES_DAYS), dry_run)


def job_logs(dry_run: bool) -> int:
    """The log of a finished job; the job itself, its result and its place in the trail stay."""
    if not settings.KEEP_JOB_LOGS_DAYS:
        return 0
    past = timezone.now() - timedelta(days=settings.KEEP_JOB_LOGS_DAYS)
    old = Job.unscoped.filter(state__in=FINISHED, finished_at__lt=past).exclude(log="")
    return old.count() if dry_run else old.update(log="")


def work_folders(dry_run: bool) -> int:
    """What attempts and requests left on this machine that were cut off, a day ago or earlier, with their jobs at an
    end."""
    folders = [path for path in (settings.JOB_WORK_FOLDER, settings.FILE_UPLOAD_TEMP_DIR) if path.is_dir()]
    old = [path for folder in folders for path in folder.iterdir() if age(path) > DAY]
    running = set(map(str, Job.unscoped.filter(state=State.RUNNING).values_list("pk", flat=True)))
    gone = [path for path in old if path.name[:36] not in running]
    for path in [] if dry_run else gone:
        remove(path)
    return len(gone)


def age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def stored_files(dry_run: bool) -> int:
    """Those that no row anywhere names, once they are older than the time in which work that goes on names them.

    Any SHA-256 in any column counts as a name, but for the trail's, which tells what was: rather a file too many.
    """
    if not settings.KEEP_UNREFERENCED_BLOBS_DAYS:
        return 0
    seconds = settings.KEEP_UNREFERENCED_BLOBS_DAYS * DAY
    old = {name for name in store().names() if old_enough(name, seconds)}
    orphans = sorted(old - named()) if old else []
    return len(orphans) if dry_run else sum(let_go(name, seconds) for name in orphans)


def old_enough(name: str, seconds: float) -> bool:
    try:
        return store().age(name) >= seconds
    except StorageError:
        return False


def let_go(name: str, seconds: float) -> bool:
    with suppress(StorageError):
        return store().remove_older(name, seconds)
    return False


def named() -> set[str]:
    """Every SHA-256 that the database names, all at one moment."""
    found: set[str] = set()
    with one_moment():
        for model in kept_models():
            if model._meta.label_lower not in SAID:
                for line in lines_of(model):
                    found |= hashes_in(line)
    return found


def delete(rows: QuerySet, dry_run: bool) -> int:
    """A few at a time, so that nobody waits long for us."""
    if dry_run:
        return rows.count()
    count = 0
    while numbers := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        rows.model._base_manager.filter(pk__in=numbers).delete()
        count += len(numbers)
    return count


KINDS: dict[str, Callable[[bool], int]] = {
    "uploads that were never finished": uploads,
    "answers to repeated requests": repeated_requests,
    "sessions that ended": sessions,
    "failed sign-ins": sign_in_failures,
    "webhook deliveries": deliveries,
    "notices": notices,
    "logs of jobs": job_logs,
    "work folders": work_folders,
    "stored files that nothing names": stored_files,
}
