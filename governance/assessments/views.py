"""The pages of risk assessments: the list, one as its report will read, and its way to a second person's signature."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.assessments import reporting, signing
from governance.assessments.forms import ApproveForm, CommentForm, SendBackForm, WriteForm, written
from governance.assessments.lists import AssessmentFilters, assessments_of, waiting_for
from governance.assessments.models import SIGNED, Assessment, State
from governance.reports.compare import compare
from governance.systems.models import System
from governance.systems.stale import Stale
from governance.systems.views import one_of as one_system
from models.accounts.access import organisation_for
from models.accounts.permission import Forbidden, may
from models.errors import InputError
from models.registry.storage import store

ON_A_PAGE = 25


@require_safe
def assessments(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request)
    return listed(request, assessments_of(organisation), None)


@require_safe
def assessments_of_system(request: HttpRequest, pk: UUID) -> HttpResponse:
    organisation = organisation_for(request)
    system = one_system(organisation, pk)
    return listed(request, assessments_of(organisation).filter(system=system), system)


def listed(request: HttpRequest, found: Any, system: System | None) -> HttpResponse:
    organisation = organisation_for(request)
    filters = AssessmentFilters(request)
    page = filters.page(found, ON_A_PAGE)
    said = {
        "page": page,
        "filters": filters,
        "system": system,
        "there_are": page.paginator.count or found.exists(),
        "under_way": found.filter(state__in=signing.UNDER_WAY).first() if system else None,
        "waiting": [] if system else waiting_for(request.user, organisation),
        "may_govern": may(request.user, "govern", organisation),
    }
    return render(request, "assessments/assessments.html", said, status=422 if filters.errors else 200)


@require_safe
def assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    return shown(request, one_of(request, pk))


def shown(
    request: HttpRequest, found: Assessment, comment: CommentForm | None = None, status: int = 200
) -> HttpResponse:
    """As the report will read, with what can be done next and what was said about it."""
    mine = Assessment.objects.of(found.organisation).filter(system=found.system)
    report = reporting.report_of(found)
    said = {
        "assessment": found,
        "body": reporting.body(report),
        "signed": report["sign_off"],
        "comments": found.comments.select_related("author"),
        "comment": comment or CommentForm(),
        "before": found.signed_before(),
        "approved": mine.filter(state=State.APPROVED).exclude(pk=found.pk).first(),
        "may_govern": may(request.user, "govern", found),
        "may_approve": signing.approves(request.user, found),
        "barred": signing.barred(request.user, found),
        "tampered": bool(found.sha256) and not signing.intact(found),
        "classified": bool(found.snapshot) or found.system.standing is not None,
    }
    return render(request, "assessments/assessment.html", said, status=status)


@require_POST
def begin_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    system = one_system(organisation_for(request, "govern"), pk)
    try:
        made = signing.begin(request.user, system)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("system-assessments", system.pk)
    messages.success(request, "Begun. Write what only you can say; the rest is filled in from what is registered.")
    return redirect("write-assessment", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def write_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form; 409 where the assessment was changed since the form was opened, with what was typed still in it."""
    found = one_of(request, pk, "govern")
    if request.method != "POST":
        return writing(request, found, WriteForm(initial=written(found)))
    form = WriteForm(request.POST)
    if form.is_valid():
        try:
            signing.write(request.user, found, form.said(), form.cleaned_data["edition"] or 0)
        except Stale as error:
            mine = WriteForm(initial=form.said() | {"edition": error.current.edition})
            return writing(request, error.current, mine, 409, error.current)
        except InputError as error:
            form.add_error("as_of" if "consolidated" in str(error) else None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("assessment", found.pk)
    return writing(request, found, form, 422)


def writing(
    request: HttpRequest, found: Assessment, form: WriteForm, status: int = 200, meanwhile: Assessment | None = None
) -> HttpResponse:
    said = {"assessment": found, "form": form, "meanwhile": meanwhile}
    return render(request, "assessments/write.html", said, status=status)


@require_POST
def submit_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "govern")
    edition = request.POST.get("edition", "")
    try:
        signing.submit(request.user, found, int(edition) if edition.isdecimal() and len(edition) < 10 else None)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Sent into review, and frozen. Somebody who had no part in it approves it.")
    return redirect("assessment", found.pk)


@require_POST
def print_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The PDF of a draft, which a worker makes."""
    found = one_of(request, pk, "govern")
    try:
        signing.print_draft(request.user, found)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The draft's PDF is being made. Each page of it bears DRAFT.")
    return redirect("assessment", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def send_back_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """By an approver."""
    return back(request, one_of(request, pk, "approve"))


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """By who keeps it."""
    return back(request, one_of(request, pk, "govern"))


def unless_in_review(request: HttpRequest, found: Assessment) -> HttpResponse | None:
    """A page that decides is opened for what is in review alone; an answer to it is judged where it is kept."""
    if request.method == "POST" or found.state == State.IN_REVIEW:
        return None
    messages.warning(request, "Nothing is to be decided: it is not in review.")
    return redirect("assessment", found.pk)


def back(request: HttpRequest, found: Assessment) -> HttpResponse:
    """A draft again, with the reason."""
    if (elsewhere := unless_in_review(request, found)) is not None:
        return elsewhere
    form = SendBackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            signing.send_back(request.user, found, form.cleaned_data["reason"])
        except InputError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, "It is a draft again, with your reason among the comments.")
            return redirect("assessment", found.pk)
    said = {"assessment": found, "form": form}
    return render(request, "assessments/send_back.html", said, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def approve_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is signed stands on the page, its hash in the form; 409 where something else is in review by now."""
    found = one_of(request, pk, "approve")
    if signing.barred(request.user, found):
        raise Forbidden(signing.OWN_WORK)
    if (elsewhere := unless_in_review(request, found)) is not None:
        return elsewhere
    form = ApproveForm(request.POST if request.method == "POST" else None, initial={"sha256": found.sha256})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                signing.approve(request.user, found, form.cleaned_data["sha256"], form.cleaned_data["decision"])
            except Stale as error:
                messages.error(request, "What is in review changed since you opened this page. Read it again.")
                form = ApproveForm(initial={"decision": form.cleaned_data["decision"], "sha256": error.current.sha256})
                found, status = error.current, 409
            except InputError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "Approved and signed. Its report is being made.")
                return redirect("assessment", found.pk)
    body = reporting.body(reporting.report_of(found))
    said = {"assessment": found, "form": form, "before": found.signed_before(), "body": body}
    return render(request, "assessments/approve.html", said, status=status)


@require_POST
def comment_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "comment")
    form = CommentForm(request.POST)
    if not form.is_valid():
        return shown(request, found, form, 422)
    try:
        signing.comment(request.user, found, form.cleaned_data["text"])
    except InputError as error:
        form.add_error("text", str(error))
        return shown(request, found, form, 422)
    messages.success(request, "Your comment stands below.")
    return redirect("assessment", found.pk)


@require_safe
def compare_assessment(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Against the last one that was approved before it."""
    found = one_of(request, pk)
    before = found.signed_before()
    topics = compare(reporting.told(before), reporting.told(found)) if before else ()
    said = {"assessment": found, "before": before, "topics": topics}
    return render(request, "assessments/compare.html", said)


@require_safe
def assessment_report(request: HttpRequest, pk: UUID) -> FileResponse:
    found = one_of(request, pk, "export")
    if not found.report:
        raise Http404("The report of this assessment is not made yet.")
    draft = "" if found.state in SIGNED else "-draft"
    name = f"risk-assessment-{slugify(found.system.name)[:80]}-{found.number}{draft}.pdf"
    file = store().path(found.report).open("rb")
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/pdf")


def one_of(request: HttpRequest, pk: UUID, action: str = "read") -> Assessment:
    found = Assessment.objects.of(organisation_for(request, action))
    people = ("created_by", "submitted_by", "approved_by", "job")
    return get_object_or_404(found.select_related("organisation", "system__organisation", *people), pk=pk)
