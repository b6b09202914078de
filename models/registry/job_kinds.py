"""The job that registers data or a model: receive, look at it in the sandbox, and one transaction for the version."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse

from models.accounts.permission import NotFound
from models.errors import InputError
from models.jobs.context import JobContext
from models.jobs.kinds import JobKind, register
from models.jobs.models import Job, State
from models.jobs.sandbox.errors import SandboxError
from models.registry.blobs.store import Staged, StorageError
from models.registry.formats.format import Signature
from models.registry.intake.profile import Profile
from models.registry.models import DatasetVersion, Upload
from models.registry.references.declared import Reference
from models.registry.references.profile import profile_in_database
from models.registry.register import Asked, Looked, Registration, kept_of, look, same_file, write
from models.registry.sources import fetched, table_at
from models.registry.storage import store
from models.registry.submit import KIND, submit_again
from models.registry.uploading import content, locked, use_up

logger = logging.getLogger(__name__)
# what is shown of the way: receiving the file, then reading it
RECEIVED = 0.3


@dataclass(frozen=True, slots=True)
class Outcome:
    asked: Asked
    looked: Looked


def run(context: JobContext) -> Outcome:
    """Everything but the rows. The blob is kept at the end: until `save` commits nobody knows its name."""
    asked = Asked.from_params(context.params)
    try:
        return from_reference(context, asked) if "reference" in context.params else from_upload(context, asked)
    except NotFound as error:
        raise InputError(str(error)) from error
    except StorageError as error:
        logger.warning("%s", error)
        raise InputError(f"{error} Try again later; if it stays like this, tell whoever runs this service.") from error


def from_upload(context: JobContext, asked: Asked) -> Outcome:
    with locked(Upload(pk=context.params["upload"])) as upload:
        parts = content(upload)
    context.progress(0.02, "Putting the parts together")
    with store().stage(parts, settings.UPLOAD_BYTES, upload.sha256 or None) as staged:
        context.progress(RECEIVED, "Reading the file in the sandbox")
        if same_file(asked.version_kind, context.job.organisation, staged.sha256):
            return Outcome(asked, Looked(staged.sha256, staged.size, {}))
        found = looked_at(context, asked, staged, upload)
        fields = kept_of(asked, found)
        context.check()
        staged.keep()
        return Outcome(asked, Looked(staged.sha256, staged.size, fields))


def from_reference(context: JobContext, asked: Asked) -> Outcome:
    """The rows stay where they lie; what is kept of them is their profile and their SHA-256."""
    reference, organisation = Reference(**context.params["reference"]), context.job.organisation
    context.progress(0.02, f"Reading {reference}")
    if reference.path:
        file = context.workdir / "data"
        sha256, size = fetched(organisation, reference, file)
        context.progress(RECEIVED, "Reading the file in the sandbox")
        found = look(asked, file, context.workdir / "look", **watched(context))
    else:
        with table_at(organisation, reference, context.cancelled) as table:
            sha256, size = table.sha256(), 0
            context.progress(RECEIVED, "Describing the table where it lies")
            found = profile_in_database(table, watched(context)["on_progress"])
    fields = kept_of(asked, found) | {"stored_reference": reference.to_json()}
    return Outcome(asked, Looked(sha256, size, fields))


def watched(context: JobContext) -> dict[str, Any]:
    """For whoever looks at a file: the job's limits, progress and cancel."""
    return {
        "limits": context.limits,
        "on_progress": lambda share, sentence: context.heartbeat.tell(RECEIVED + (1 - RECEIVED) * share, sentence),
        "cancelled": context.cancelled,
    }


def looked_at(context: JobContext, asked: Asked, staged: Staged, upload: Upload) -> Profile | Signature:
    """What the sandbox reads off the file. One that is refused will be refused again, so it is not kept for a day."""
    try:
        return look(asked, staged.path, context.workdir / "look", **watched(context))
    except (InputError, SandboxError) as error:
        if isinstance(error, InputError) or error.kind == "suspicious":
            use_up(upload)
        raise


def save(job: Job, outcome: Outcome) -> dict[str, Any]:
    """In the job's last transaction: the version and its entry in the trail. The parts are not needed any more."""
    done = write(outcome.asked, outcome.looked, job.created_by, job.organisation)
    if "upload" in job.params:
        use_up(Upload(pk=job.params["upload"]))
    return result(done)


def result(done: Registration[Any]) -> dict[str, Any]:
    version = done.version
    kind = "dataset" if isinstance(version, DatasetVersion) else "model"
    thing = getattr(version, f"{kind}_id")
    said = {"number": version.number, "new": done.new, "message": done.message}
    return {f"{kind}_version": str(version.pk), kind: str(thing), **said}


def page(job: Job) -> str:
    """The version's page, once there is one; of what failed the form, where what was written and sent still stands."""
    kind = job.params["asked"]["kind"]
    if job.result:
        return reverse(f"{kind}-version", args=[job.result[kind], job.result["number"]])
    if job.state == State.FAILED:
        return f"{reverse(f'register-{kind}')}?again={job.pk}"
    return ""


register(JobKind(KIND, run, save, title="Registration", page=page, queue="light", retry=submit_again))
