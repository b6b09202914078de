"""The evidence of a system: all of it, bringing a piece, and one with its versions and what it supports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audits.lists import audits_of
from governance.frameworks.lists import evidence_type
from governance.obligations import proposals
from governance.obligations.board import attach
from governance.obligations.evidence import bring_audit, bring_document, bring_statement
from governance.obligations.forms import AboutForm, AuditEvidenceForm, DismissForm, DocumentForm, StatementForm
from governance.obligations.gone import alike, framework_title
from governance.obligations.lists import EvidenceFilters
from governance.obligations.models import Dismissal, Duty, Evidence
from governance.obligations.rows import asked_of, here, today
from governance.obligations.staleness import now, stale
from governance.obligations.views import as_id
from governance.systems.models import System
from governance.systems.views import one_of as one_system
from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.errors import InputError
from models.registry.blobs.store import StorageError
from models.registry.storage import store
from models.registry.uploads import had_no_room, is_too_large

ON_A_PAGE = 50
MOST_AUDITS = 200
TITLES = {
    "document": ("Attach a document", "Add the document"),
    "statement": ("Sign a statement", "Sign it"),
    "audit": ("Take the result of an audit", "Take it as evidence"),
}


@require_safe
def pieces(request: HttpRequest, pk: UUID) -> HttpResponse:
    system = one_system(organisation_for(request), pk)
    filters = EvidenceFilters(request)
    found = pieces_of(request).filter(system=system).annotate(supported=Count("supports"))
    page = filters.page(found, ON_A_PAGE)
    held = now(system, today())
    said = {
        "system": system,
        "page": page,
        "rows": [(each, evidence_type(each.type).title, stale(each, held)) for each in page],
        "filters": filters,
        "there_are": page.paginator.count or found.exists(),
        "proposals": proposals.proposed(system, asked_of(system)),
        "dismissed": dismissed_of(system),
        "may_govern": may(request.user, "govern", system),
    }
    return render(request, "obligations/pieces.html", said, status=422 if filters.errors else 200)


def dismissed_of(system: System) -> list[Dismissal]:
    """Results that are not to be evidence, with why."""
    found = Dismissal.objects.of(system.organisation).filter(system=system)
    found = found.select_related("by", "audit__model__model", "audit__dataset__dataset")
    return list(found.defer("audit__parameters", "audit__policy", "audit__model__stored_signature")[:ON_A_PAGE])


@require_http_methods(["GET", "HEAD", "POST"])
def new_document(request: HttpRequest, pk: UUID) -> HttpResponse:
    return bringing(request, pk, "document")


@require_http_methods(["GET", "HEAD", "POST"])
def new_statement(request: HttpRequest, pk: UUID) -> HttpResponse:
    return bringing(request, pk, "statement")


@require_http_methods(["GET", "HEAD", "POST"])
def new_audit_evidence(request: HttpRequest, pk: UUID) -> HttpResponse:
    return bringing(request, pk, "audit")


def bringing(request: HttpRequest, pk: UUID, source: str) -> HttpResponse:
    """`duty` of the address is what it is brought for, `replaces` the piece that it is a newer version of."""
    system = one_system(organisation_for(request, "govern"), pk)
    duty = named(request, "duty", Duty.objects.of(system.organisation).filter(system=system))
    replaced = named(request, "replaces", Evidence.objects.of(system.organisation).filter(system=system))
    form = form_of(request, source, system, duty, replaced)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                made = brought(request.user, system, source, form, replaced)
                supported = supported_first(request.user, made, duty, replaced)
        except InputError as error:
            form.add_error(None, str(error))
        except StorageError as error:
            form.add_error("file", f"{error} Nothing of it was kept. Try again later.")
        else:
            messages.success(request, told(supported))
            return redirect("evidence", made.pk)
    heading, button = TITLES[source]
    said = {"system": system, "form": form, "duty": duty, "replaced": replaced, "heading": heading, "button": button}
    return render(request, "obligations/bring.html", said, status=422 if form.errors else 200)


def named(request: HttpRequest, name: str, rows: Any) -> Any:
    """What the address names; None where it names nothing, and 404 where there is no such thing."""
    said = request.GET.get(name)
    return get_object_or_404(rows.select_related("organisation"), pk=as_id(said)) if said else None


def form_of(
    request: HttpRequest, source: str, system: System, duty: Duty | None, replaced: Evidence | None
) -> AboutForm:
    start: dict[str, Any] = {}
    if replaced is not None:
        start = {"title": replaced.title, "type": replaced.type, "owner": replaced.owner, "text": replaced.text}
    elif duty is not None and len(duty.asks.evidence) == 1:
        start = {"type": duty.asks.evidence[0]}
    asked: dict[str, Any] = {"organisation": system.organisation, "duty": duty, "initial": start}
    data = request.POST if request.method == "POST" else None
    if source == "document":
        form = DocumentForm(data, request.FILES if data is not None else None, **asked)
        if is_too_large(request):
            form.missing("The file is too large: nothing of it was kept. Split it, or state where it is kept.")
        if had_no_room(request):
            form.missing("There is no room left to store the file. Nothing of it was kept. Try again later.")
        return form
    if source == "statement":
        return StatementForm(data, **asked)
    newest = audits_of(system.organisation).exclude(evidence="").order_by("-created_at")
    audits = audits_of(system.organisation).filter(pk__in=list(newest.values_list("pk", flat=True)[:MOST_AUDITS]))
    start["audit"] = request.GET.get("audit")
    return AuditEvidenceForm(data, audits=audits, **asked)


def brought(user: Any, system: System, source: str, form: AboutForm, replaced: Evidence | None) -> Evidence:
    said, about = form.cleaned_data, form.about(replaced)
    if source == "document":
        return bring_document(user, system, said["file"], said["file"].size, said["file"].name, about)
    if source == "statement":
        return bring_statement(user, system, said["text"], about)
    return bring_audit(user, system, said["audit"], about)


def supported_first(user: Any, made: Evidence, duty: Duty | None, replaced: Evidence | None) -> list[Duty]:
    """What it was brought for; of a newer version also what the older one supports."""
    duties = [duty] if duty else []
    if replaced is not None:
        mine = Duty.objects.of(made.organisation).filter(supports__evidence=replaced)
        duties += [each for each in mine.select_related("organisation") if duty is None or each.pk != duty.pk]
    for each in duties:
        attach(user, each, made)
    return duties


def told(supported: list[Duty]) -> str:
    if not supported:
        return "Kept. It supports no obligation yet: say below what it shows."
    more = f" and {len(supported) - 1} more" if len(supported) > 1 else ""
    return f"Kept, and attached to {supported[0].asks.ref}{more}."


@require_POST
def attach_result(request: HttpRequest, pk: UUID, audit: UUID) -> HttpResponse:
    """An audit's result to every obligation that it answers to, in one go."""
    system = one_system(organisation_for(request, "govern"), pk)
    found = get_object_or_404(proposals.results(system.organisation), pk=audit)
    try:
        made, duties = proposals.attach_result(request.user, system, found)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("system-evidence", system.pk)
    messages.success(request, told(duties))
    return redirect("evidence", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def dismiss_result(request: HttpRequest, pk: UUID, audit: UUID) -> HttpResponse:
    """Why an audit's result is no evidence; it is not proposed again."""
    system = one_system(organisation_for(request, "govern"), pk)
    found = get_object_or_404(proposals.results(system.organisation), pk=audit)
    form = DismissForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            proposals.dismiss(request.user, system, found, form.cleaned_data["reason"])
        except InputError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, "Dismissed. It is not proposed again; the reason is kept with the evidence.")
            return redirect("system-evidence", system.pk)
    said = {"system": system, "audit": found, "form": form}
    return render(request, "obligations/dismiss.html", said, status=422 if form.errors else 200)


@require_safe
def piece(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk)
    supports = list(found.supports.select_related("duty__organisation", "by"))
    duties = [each.duty for each in supports]
    may_govern = may(request.user, "govern", found)
    said = {
        "evidence": found,
        "system": found.system,
        "type": evidence_type(found.type),
        "here": here(found.organisation),
        "stale": stale(found, now(found.system, today())),
        "supports": [(each, each.duty.asks, framework_title(each.duty.framework)) for each in supports],
        "chain": chain(found),
        "offers": list(offers(found, duties)) if may_govern else [],
        "may_govern": may_govern,
    }
    return render(request, "obligations/piece.html", said)


def chain(evidence: Evidence) -> list[Evidence]:
    """Every version of it, the newest first."""
    mine = Evidence.objects.of(evidence.organisation).filter(system=evidence.system)
    found = {each.pk: each for each in mine.only("replaces", "number", "sha256", "created_at")}
    after = {each.replaces_id: each for each in found.values() if each.replaces_id}
    newest = evidence
    while newest.pk in after:
        newest = after[newest.pk]
    versions = [newest]
    while versions[-1].replaces_id:
        versions.append(found[versions[-1].replaces_id])
    return versions


def offers(evidence: Evidence, supported: list[Duty]) -> Any:
    """What else is asked of the system that it may serve: by its kind, by the crosswalk, and by what an audit's checks
    answer to."""
    asked = asked_of(evidence.system)
    there = {duty.requirement for duty in supported}
    found: dict[str, str] = {}
    if evidence.audit is not None:
        found |= {duty.requirement: "an audit answers to it" for duty in proposals.answered(evidence.audit, asked)}
    for duty in supported:
        for match in alike(duty.requirement):
            found.setdefault(match.id, f"beside {duty.asks.ref} in our own mapping")
    kind = evidence_type(evidence.type).title.lower()
    for duty in asked.values():
        if evidence.type in duty.asks.evidence:
            found.setdefault(duty.requirement, f"it names {kind} among what satisfies it")
    for id, why in found.items():
        if id in asked and id not in there:
            yield asked[id], asked[id].asks, framework_title(asked[id].framework), why


@require_POST
def attach_more(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`duties`: those of the same system that the piece supports too."""
    found = one_of(request, pk, "govern")
    wanted = [as_id(each) for each in request.POST.getlist("duties")]
    duties = list(Duty.objects.of(found.organisation).filter(pk__in=wanted).select_related("organisation"))
    if len(duties) != len(set(wanted)):
        raise Http404("There is no such obligation.")
    try:
        with transaction.atomic():
            for duty in duties:
                attach(request.user, duty, found)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Attached." if duties else "Nothing was ticked, so nothing was attached.")
    return redirect("evidence", found.pk)


@require_safe
def evidence_file(request: HttpRequest, pk: UUID) -> FileResponse:
    """The document's bytes, never shown in the browser, whatever they are."""
    found = one_of(request, pk)
    if found.source != Evidence.Source.DOCUMENT:
        raise Http404("This evidence is no document.")
    return handed_out(found)


def handed_out(evidence: Evidence) -> FileResponse:
    file = store().path(evidence.sha256).open("rb")
    answer = FileResponse(
        file, as_attachment=True, filename=evidence.file_name, content_type="application/octet-stream"
    )
    answer["ETag"] = f'"{evidence.sha256}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def pieces_of(request: HttpRequest, action: str = "read") -> Any:
    found = Evidence.objects.of(organisation_for(request, action)).select_related(
        "organisation", "owner", "author", "audit__dataset__dataset", "audit__model__model", "system__organisation"
    )
    return found.defer(
        "audit__parameters", "audit__policy", "audit__dataset__stored_profile", "audit__model__stored_signature"
    )


def one_of(request: HttpRequest, pk: UUID, action: str = "read") -> Evidence:
    found: Evidence = get_object_or_404(pieces_of(request, action), pk=pk)
    return found
