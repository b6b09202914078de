"""The forms that bring a model or a dataset, and what becomes of them.

The file may have come before the form, in parts (static/js/upload.js); then the form names its upload.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_http_methods

from models.accounts.access import organisation_for
from models.accounts.models import Organisation
from models.errors import InputError
from models.jobs.kinds import kind_named
from models.jobs.models import Job, State
from models.jobs.wait import wait_for
from models.registry.blobs.store import StorageError, TooLarge
from models.registry.forms import DatasetForm, ModelForm, RegisterForm
from models.registry.models import Dataset, Model, Registered, Upload, UploadState
from models.registry.submit import KIND, submit_dataset, submit_model
from models.registry.uploading import take_whole
from models.registry.uploads import had_no_room, is_too_large, most_in_one_piece

# seconds that a person waits for a small file before the job's page is shown instead
PATIENCE = 5.0


@require_http_methods(["GET", "HEAD", "POST"])
def register_a_dataset(request: HttpRequest) -> HttpResponse:
    def submitted(form: DatasetForm, said: dict[str, Any], upload: Upload | None) -> Job:
        more = {"roles": form.roles(), "derived_from": said["derived_from"], "name": said["name"]}
        words = {name: said[name] for name in ("owner", "licence", "description")}
        place = {"reference": form.reference()} if form.reference() else {"upload": upload}
        return submit_dataset(request.user, organisation, words=words, **place, **more)

    organisation = organisation_for(request, "register")
    return registering(request, organisation, DatasetForm, Dataset, submitted, "registry/register_dataset.html")


@require_http_methods(["GET", "HEAD", "POST"])
def register_a_model(request: HttpRequest) -> HttpResponse:
    def submitted(form: ModelForm, said: dict[str, Any], upload: Upload) -> Job:
        more = {name: said[name] for name in ("name", "trained_on", "derived_from")}
        words = {name: said[name] for name in ("purpose", "role", "owner", "licence", "description")}
        return submit_model(request.user, organisation, upload=upload, words=words, card=said["card"], **more)

    organisation = organisation_for(request, "register")
    return registering(request, organisation, ModelForm, Model, submitted, "registry/register_model.html")


def registering(
    request: HttpRequest, organisation: Organisation, kind: Any, thing: Any, submitted: Any, template: str
) -> HttpResponse:
    """The form, and what becomes of it: the page of the version (the new one, or the same file's), of the job where
    that takes longer, or the form again with what is wrong."""
    of = asked_for(request, thing, organisation)
    asked = {"organisation": organisation, "of": of}
    if request.method != "POST":
        upload, written = once_more(request, organisation)
        return render(request, template, {"form": kind(initial=written, **asked), "of": of, "upload": upload})
    form = kind(request.POST, request.FILES, upload=brought(request, organisation), **asked)
    job, status = outcome(request, organisation, form, submitted)
    if job is None:
        return render(request, template, {"form": form, "of": of, "upload": form.upload}, status=status)
    if job.state != State.SUCCEEDED:
        messages.info(request, "It is being read. This page shows how far it is.")
        return redirect("job", job.pk)
    done = job.result or {}
    messages.success(request, done["message"]) if done["new"] else messages.info(request, done["message"])
    return redirect(kind_named(job.kind).page(job))


def asked_for(request: HttpRequest, kind: Any, organisation: Organisation) -> Registered | None:
    """The model or dataset that a new version is brought for."""
    try:
        number = UUID(request.GET["of"])
    except (KeyError, ValueError):
        return None
    return get_object_or_404(kind.objects.of(organisation), pk=number)


def brought(request: HttpRequest, organisation: Organisation) -> Upload | None:
    """The upload that the form names, if it is this person's and still here; a file in the form itself comes first."""
    if request.FILES.get("file"):
        return None
    return own_upload(request, organisation, request.POST.get("upload", ""))


def own_upload(request: HttpRequest, organisation: Organisation, ident: str) -> Upload | None:
    try:
        number = UUID(ident)
    except ValueError:
        return None
    mine = Upload.objects.of(organisation).filter(created_by=request.user, state=UploadState.COMPLETE)
    return mine.filter(pk=number).first()


def once_more(request: HttpRequest, organisation: Organisation) -> tuple[Upload | None, dict[str, Any]]:
    """The upload and the words of a registration that failed, where the address names one."""
    try:
        job = Job.objects.of(organisation).get(kind=KIND, pk=UUID(request.GET["again"]), created_by=request.user)
    except (KeyError, ValueError, Job.DoesNotExist):
        return None, {}
    asked, reference = job.params["asked"], job.params.get("reference", {})
    written = {**asked["said"], **asked["lineage"], "name": asked["name"], "source": reference.get("source", "")}
    written["place"] = reference.get("table") or reference.get("path") or ""
    for role in ("label", "sensitive"):
        written[role] = ", ".join(column for column, chosen in asked["roles"].items() if chosen == role)
    return own_upload(request, organisation, job.params.get("upload", "")), written


def outcome(
    request: HttpRequest, organisation: Organisation, form: RegisterForm, submitted: Any
) -> tuple[Job | None, int]:
    """The job that reads the file, ended or not; or None and the status, with the form told what is wrong."""
    if is_too_large(request):
        most = filesizeformat(most_in_one_piece())
        said = f"The file is larger than what is taken in one piece ({most}). Nothing of it was kept. "
        say_instead(form, said + "With scripts on, a browser sends it in parts; so does the client.")
        return None, 413
    if had_no_room(request):
        say_instead(form, "There is no room left to store the file. Nothing of it was kept. Try again later.")
        return None, 507
    valid = form.is_valid()
    try:
        if form.upload is None and (file := form.cleaned_data.get("file")):
            form.upload = take_whole(request.user, organisation, file)
        if not valid:
            return None, 422
        return concluded(form, submitted(form, form.cleaned_data, form.upload))
    except TooLarge as error:
        form.add_error("file", f"{error} Nothing of it was kept.")
        return None, 413
    except InputError as error:
        form.add_error(form.brought_by, f"Nothing was registered. {error}")
        return None, 422
    except StorageError as error:
        form.add_error(None, f"{error} Try again later; if it stays like this, tell whoever runs this service.")
        return None, 507


def say_instead(form: RegisterForm, why: str) -> None:
    """That the file is missing would be no news; why it is, is."""
    form.add_error("file", why)
    form.errors["file"] = form.error_class([why])


def concluded(form: RegisterForm, job: Job) -> tuple[Job | None, int]:
    """Wait a little; a file that is refused in that time is told of beside its field."""
    job = wait_for(job.pk, PATIENCE)
    if job.state not in (State.FAILED, State.CANCELLED):
        return job, 200
    form.add_error(form.brought_by, f"Nothing was registered. {job.error}")
    if form.upload is not None:
        form.upload = Upload.unscoped.filter(pk=form.upload.pk, state=UploadState.COMPLETE).first()
    return None, 422
