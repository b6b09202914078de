"""Asking for a registration: what can be refused at once is refused here, the file itself is read by a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from models.accounts.models import Organisation
from models.accounts.permission import NotFound, authorize
from models.errors import InputError
from models.jobs.models import Job, State
from models.jobs.submit import again, submit
from models.registry.cards.read import read_card
from models.registry.intake.roles import Role as ColumnRole
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion, Upload, UploadState
from models.registry.references.declared import Reference
from models.registry.register import Asked, asked_dataset, asked_model
from models.registry.sources import source_named
from models.registry.uploading import locked

KIND = "registration"


def submit_dataset(
    user: Any,
    organisation: Organisation,
    *,
    dataset: Dataset | None = None,
    name: str = "",
    upload: Upload | None = None,
    reference: Reference | None = None,
    roles: Mapping[str, ColumnRole] | None = None,
    derived_from: DatasetVersion | None = None,
    words: Mapping[str, str] | None = None,
) -> Job:
    """A job that registers an upload, or what lies at a declared place, as a version of `dataset`, or of the dataset of
    that name.

    Args:
        roles: column to role, where a person chose. words: owner, licence, description, for a dataset that is new.

    Returns:
        The job; asked the same again for the same upload, the same job.

    Raises:
        NotFound, Forbidden: the user may not, or there is no such place. Gone, InputError: a word is refused, or the
        upload is not complete. SourceError: the operator's list of places is wrong.
    """
    same_organisation(organisation, dataset, upload)
    if (upload is None) == (reference is None):
        raise InputError("Bring a file, or say where the data lie; one of the two.")
    called = upload.file_name if upload else reference.name if reference else ""
    title = dataset.name if dataset else name
    asked = asked_dataset(user, organisation, title, called, words or {}, derived_from=derived_from, roles=roles)
    asked = version_of(asked, dataset)
    if upload is not None:
        return begin(user, organisation, asked, upload)
    assert reference is not None
    source_named(organisation, reference.source).check(reference)
    return submitted(user, organisation, asked, {"reference": reference.to_json()})


def submit_model(
    user: Any,
    organisation: Organisation,
    *,
    model: Model | None = None,
    name: str = "",
    upload: Upload,
    trained_on: DatasetVersion | None = None,
    derived_from: ModelVersion | None = None,
    card: str | None = None,
    words: Mapping[str, str] | None = None,
) -> Job:
    """A job that registers an upload as a version of `model`, or of the model of that name.

    Args:
        card: the text of a Hugging Face model card (README.md); it fills in the words that are not given.
        words: purpose, role, owner, licence, description, for a model that is new.

    Returns, Raises: see submit_dataset. InputError also for a card that cannot be read.
    """
    same_organisation(organisation, model, upload)
    read = read_card(card) if card else None
    said = (read.words() if read else {}) | {key: text for key, text in (words or {}).items() if text}
    asked = asked_model(
        user,
        organisation,
        model.name if model else name or (read.name if read else ""),
        upload.file_name,
        said,
        trained_on=trained_on,
        derived_from=derived_from,
    )
    return begin(user, organisation, version_of(asked, model), upload)


def version_of(asked: Asked, thing: Dataset | Model | None) -> Asked:
    """By id where the thing is known: it may be called otherwise by the time the job runs."""
    return replace(asked, of=str(thing.pk)) if thing else asked


def same_organisation(organisation: Organisation, *things: Dataset | Model | Upload | None) -> None:
    if any(thing is not None and thing.organisation_id != organisation.pk for thing in things):
        raise NotFound("There is nothing here.")


def begin(user: Any, organisation: Organisation, asked: Asked, upload: Upload) -> Job:
    """The job, and the upload bound to it so that it is neither swept away nor registered twice."""
    with transaction.atomic(), locked(upload) as current:
        if current.state != UploadState.COMPLETE:
            raise InputError("The upload is not complete.")
        if current.job is not None and current.job.state not in (State.FAILED, State.CANCELLED):
            return the_same(current.job, asked)
        job = submitted(user, organisation, asked, {"upload": str(current.pk)})
        Upload.unscoped.filter(pk=current.pk).update(job=job)
    return job


def the_same(job: Job, asked: Asked) -> Job:
    """Raises InputError where the upload is on its way to be something else."""
    if Asked.from_params(job.params) != asked:
        raise InputError(f"The upload is taken already: {job.title}. Send the file again for anything else.")
    return job


def submitted(user: Any, organisation: Organisation, asked: Asked, source: dict[str, Any]) -> Job:
    return submit(
        KIND,
        organisation=organisation,
        user=user,
        params={**asked.to_params(), **source},
        title=f"Registration of {asked.name}",
    )


def submit_again(job: Job, user: Any) -> Job:
    """JobKind.retry: the same once more, while its upload is there.

    Raises:
        NotFound, Forbidden. Gone: the file was refused, or its day has passed; it has to be sent again.
    """
    authorize(user, "register", job)
    with transaction.atomic():
        if (ident := job.params.get("upload")) is None:
            return again(job, user)
        with locked(Upload(pk=ident)):
            made = again(job, user)
            Upload.unscoped.filter(pk=ident).update(job=made)
    return made
