"""Models and datasets: what there is, what is known of each version, and bringing a new one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.errors import InputError
from models.jobs.sandbox.errors import SandboxError
from models.registry.blobs.store import StorageError, TooLarge
from models.registry.forms import DatasetForm, ModelForm, RegisterForm
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion, Registered
from models.registry.register import Registration, register_dataset, register_model
from models.registry.uploads import is_too_large

ON_A_PAGE = 50
MOST_COLUMNS = 100


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    return listed(request, Model, "registry/models.html")


@require_safe
def datasets(request: HttpRequest) -> HttpResponse:
    return listed(request, Dataset, "registry/datasets.html")


@require_safe
def model(request: HttpRequest, pk: UUID, number: int | None = None) -> HttpResponse:
    return shown(request, Model, "registry/model.html", pk, number, "trained_on__dataset", "derived_from__model")


@require_safe
def dataset(request: HttpRequest, pk: UUID, number: int | None = None) -> HttpResponse:
    """The schema of a wide table is cut, unless all of it is asked for."""
    most = None if request.GET.get("columns") == "all" else MOST_COLUMNS
    return shown(request, Dataset, "registry/dataset.html", pk, number, "derived_from__dataset", most=most)


@require_http_methods(["GET", "HEAD", "POST"])
def register_a_dataset(request: HttpRequest) -> HttpResponse:
    def save(form: DatasetForm, said: dict[str, Any]) -> Registration:
        said.pop("label"), said.pop("sensitive")
        return register_dataset(request.user, organisation, roles=form.roles(), **said)

    organisation = organisation_for(request, "register")
    return registering(request, DatasetForm, Dataset, save, "registry/register_dataset.html")


@require_http_methods(["GET", "HEAD", "POST"])
def register_a_model(request: HttpRequest) -> HttpResponse:
    def save(form: ModelForm, said: dict[str, Any]) -> Registration:
        return register_model(request.user, organisation, **said)

    organisation = organisation_for(request, "register")
    return registering(request, ModelForm, Model, save, "registry/register_model.html")


def listed(request: HttpRequest, kind: Any, template: str) -> HttpResponse:
    organisation = organisation_for(request)
    found = kind.objects.of(organisation).annotate(latest=Max("versions__number"), last=Max("versions__created_at"))
    found = found.order_by("name")
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, template, {"page": page, "may_register": may(request.user, "register", organisation)})


def shown(
    request: HttpRequest, kind: Any, template: str, pk: UUID, number: int | None, *lineage: str, **more: Any
) -> HttpResponse:
    """One of them with its versions, and the newest or the asked one in full."""
    organisation = organisation_for(request)
    thing = get_object_or_404(kind.objects.of(organisation).select_related("created_by"), pk=pk)
    versions = list(thing.versions.select_related("created_by", *lineage))
    version = next((v for v in versions if number in (None, v.number)), None)
    if version is None:
        raise Http404("There is no such version.")
    said = {"thing": thing, "versions": versions, "version": version, **more}
    return render(request, template, said | {"may_register": may(request.user, "register", organisation)})


def registering(request: HttpRequest, kind: Any, thing: Any, save: Any, template: str) -> HttpResponse:
    """The form, and what becomes of it: the page of the version (the new one, or the same file's), or what is wrong."""
    organisation = organisation_for(request, "register")
    asked = {"organisation": organisation, "of": asked_for(request, thing, organisation)}
    if request.method != "POST":
        return render(request, template, {"form": kind(**asked), "of": asked["of"]})
    form = kind(request.POST, request.FILES, **asked)
    done, status = outcome(request, form, save)
    if done is None:
        return render(request, template, {"form": form, "of": asked["of"]}, status=status)
    messages.success(request, done.message) if done.new else messages.info(request, done.message)
    return redirect(*place(done.version))


def asked_for(request: HttpRequest, kind: Any, organisation: Any) -> Registered | None:
    """The model or dataset that a new version is brought for."""
    try:
        number = UUID(request.GET["of"])
    except (KeyError, ValueError):
        return None
    return get_object_or_404(kind.objects.of(organisation), pk=number)


def outcome(request: HttpRequest, form: RegisterForm, save: Any) -> tuple[Registration | None, int]:
    """What was registered, or None and the status, with the form told what is wrong."""
    if is_too_large(request):
        form.add_error("file", "The file is larger than what is taken. Nothing of it was kept.")
        form.errors["file"] = form.error_class([str(form.errors["file"][-1])])
        return None, 413
    if not form.is_valid():
        return None, 422
    said = dict(form.cleaned_data)
    file = said.pop("file")
    try:
        return save(form, said | {"source": file, "file_name": file.name}), 200
    except TooLarge as error:
        form.add_error("file", f"{error} Nothing of it was kept.")
        return None, 413
    except (InputError, SandboxError) as error:
        form.add_error("file", f"Nothing was registered. {error}")
        return None, 422
    except StorageError as error:
        form.add_error(None, f"{error} Try again later; if it stays like this, tell whoever runs this service.")
        return None, 507


def place(version: DatasetVersion | ModelVersion) -> tuple[str, UUID, int]:
    """The name and the parts of a version's address."""
    if isinstance(version, DatasetVersion):
        return "dataset-version", version.dataset_id, version.number
    return "model-version", version.model_id, version.number
