"""Models and datasets: what there is, what is known of each version, and what became of one since another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from models.accounts.access import organisation_for
from models.accounts.models import Organisation
from models.accounts.permission import may
from models.registry.audited import last_audits
from models.registry.comparing import compared_datasets, compared_models
from models.registry.drawing import drawing
from models.registry.lineage import lineage_of, with_lineage
from models.registry.lists import DatasetFilters, ModelFilters, datasets_of, models_of
from models.registry.models import Dataset, DatasetVersion, Model, ModelVersion

ON_A_PAGE = 50
VERSIONS_ON_A_PAGE = 20
MOST_COLUMNS = 100
MOST_OFFERED = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the pages of models and those of datasets. `one` and `many` name addresses and templates."""

    one: str
    many: str
    owned: type[Model] | type[Dataset]
    versions: type[ModelVersion] | type[DatasetVersion]
    filters: Callable[[HttpRequest, Organisation], Any]
    listed: Callable[[Organisation], QuerySet[Any]]
    stored: str  # the column of a version that is large
    compared: Callable[[Any, Any], Any]


MODELS = Kind(
    "model", "models", Model, ModelVersion, ModelFilters, models_of, "stored_signature", compared_models
)  # fmt: skip
DATASETS = Kind(
    "dataset", "datasets", Dataset, DatasetVersion, DatasetFilters, datasets_of, "stored_profile", compared_datasets
)  # fmt: skip


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    return listed(request, MODELS)


@require_safe
def datasets(request: HttpRequest) -> HttpResponse:
    return listed(request, DATASETS)


@require_safe
def model(request: HttpRequest, pk: UUID, number: int | None = None) -> HttpResponse:
    return shown(request, MODELS, pk, number)


@require_safe
def dataset(request: HttpRequest, pk: UUID, number: int | None = None) -> HttpResponse:
    """The schema of a wide table is cut, unless all of it is asked for."""
    most = None if request.GET.get("columns") == "all" else MOST_COLUMNS
    return shown(request, DATASETS, pk, number, most=most)


@require_safe
def compare_models(request: HttpRequest, pk: UUID) -> HttpResponse:
    return compared(request, MODELS, pk)


@require_safe
def compare_datasets(request: HttpRequest, pk: UUID) -> HttpResponse:
    return compared(request, DATASETS, pk)


def listed(request: HttpRequest, kind: Kind) -> HttpResponse:
    organisation = organisation_for(request)
    filters = kind.filters(request, organisation)
    page = filters.page(kind.listed(organisation), ON_A_PAGE)
    said = {
        "kind": kind,
        "page": page,
        "filters": filters,
        "there_are": page.paginator.count or kind.owned.objects.of(organisation).exists(),
        "may_register": may(request.user, "register", organisation),
    }
    return render(request, f"registry/{kind.many}.html", said, status=422 if filters.errors else 200)


def shown(request: HttpRequest, kind: Kind, pk: UUID, number: int | None, **more: Any) -> HttpResponse:
    """One of them with its versions, and the newest or the asked one in full."""
    organisation = organisation_for(request)
    thing = get_object_or_404(kind.owned.objects.of(organisation).select_related("created_by"), pk=pk)
    versions = versions_of(kind, organisation, thing)
    version = with_lineage(versions).filter(**{} if number is None else {"number": number}).first()
    if version is None and number is not None:
        raise Http404("There is no such version.")
    lineage = lineage_of(version) if version else None
    few = versions.select_related("created_by", "erasure").defer(kind.stored)
    page = Paginator(few, VERSIONS_ON_A_PAGE).get_page(request.GET.get("page"))
    audits = last_audits(organisation, [*page, *([version] if version else [])])
    said = {
        "kind": kind,
        "thing": thing,
        "version": version,
        "last": audits.get(version.pk) if version else None,
        "page": page,
        "rows": [(each, audits.get(each.pk)) for each in page],
        "lineage": lineage,
        "drawing": drawing(lineage.versions, str(version)) if lineage and not lineage.versions.is_alone else None,
        "may_register": may(request.user, "register", organisation),
    }
    return render(request, f"registry/{kind.one}.html", said | more)


def compared(request: HttpRequest, kind: Kind, pk: UUID) -> HttpResponse:
    """Two versions side by side: those that the address names, else the newest and the one before it."""
    organisation = organisation_for(request)
    thing = get_object_or_404(kind.owned.objects.of(organisation), pk=pk)
    versions = versions_of(kind, organisation, thing)
    numbers = list(versions.values_list("number", flat=True)[:MOST_OFFERED])
    said: dict[str, Any] = {"kind": kind, "thing": thing, "numbers": numbers}
    if len(numbers) < 2 and not {"from", "to"} & set(request.GET):
        return render(request, "registry/compare.html", said)
    after = asked(versions, request.GET.get("to", str(numbers[0]) if numbers else ""))
    earlier = next((number for number in numbers if number < after.number), after.number)
    before = asked(versions, request.GET.get("from", str(earlier)))
    audits = last_audits(organisation, [before, after])
    said |= {
        "before": before,
        "after": after,
        "change": kind.compared(before, after),
        "audits": [(each, audits.get(each.pk)) for each in (before, after)],
        "earlier_and_later": sorted(audits.values(), key=lambda audit: audit.created_at),
    }
    return render(request, "registry/compare.html", said)


def versions_of(kind: Kind, organisation: Organisation, thing: Model | Dataset) -> Any:
    """Newest first."""
    return kind.versions.objects.of(organisation).filter(**{kind.one: thing}).order_by("-number")


def asked(versions: Any, number: str) -> Any:
    """The version of this number; 404 for what is none."""
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise Http404("There is no such version.")
    return get_object_or_404(versions.select_related("created_by"), number=int(number))
