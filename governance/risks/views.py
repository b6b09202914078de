"""The risk register of a system with its heat map, one risk with its measures, and what is done with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audits.spreadsheet import csv_response
from governance.frameworks.lists import rights
from governance.law.risks import Degree, degrees, levels
from governance.risks import findings, keeping
from governance.risks.forms import AcceptanceForm, ClosingForm, MeasureForm, RiskForm, written, written_measure
from governance.risks.lists import AFTER, BEFORE, RiskFilters, heat, risks_of
from governance.risks.models import Measure, Risk
from governance.systems.stale import Stale
from governance.systems.views import one_of as one_system
from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.errors import InputError

ON_A_PAGE = 50
COLUMNS = (
    "number", "state", "hazard", "cause", "affected", "rights", "likelihood before", "severity before", "level before",
    "likelihood after", "severity after", "level after", "owner", "measures", "measures done", "what is done",
    "accepted by", "accepted at", "acceptance", "closing", "rule", "audit",
)  # fmt: skip


@require_safe
def risks_of_system(request: HttpRequest, pk: UUID) -> HttpResponse:
    organisation = organisation_for(request)
    system = one_system(organisation, pk)
    found = risks_of(organisation).filter(system=system)
    filters = RiskFilters(request)
    page = filters.page(found, ON_A_PAGE)
    everything = list(found.order_by("number"))
    audits = findings.audits_of_system(system)
    said = {
        "system": system,
        "page": page,
        "rows": [(each, keeping.initial(each), keeping.remaining(each)) for each in page],
        "filters": filters,
        "maps": [heat(everything, BEFORE), heat(everything, AFTER)],
        "levels": levels(),
        "there_are": bool(everything),
        "proposals": findings.proposed(system, audits),
        "passing": findings.passes_now(list(page), audits),
        "may_govern": may(request.user, "govern", system),
    }
    return render(request, "risks/risks.html", said, status=422 if filters.errors else 200)


@require_POST
def decide_proposal(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the proposal named in `finding` as a risk, or (`dismiss`) dismiss it for a `reason`."""
    system = one_system(organisation_for(request, "govern"), pk)
    dismissal = request.POST.get("reason", "") if request.POST.get("dismiss") else None
    try:
        made = findings.decide(request.user, system, request.POST.get("finding", ""), dismissal)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("system-risks", system.pk)
    if dismissal is not None:
        messages.success(request, "Dismissed. It is not proposed again; the reason is kept.")
        return redirect("system-risks", system.pk)
    messages.success(request, "Taken. Judge below how likely and how severe it is, and see whether the words fit.")
    return redirect("change-risk", made.pk)


@require_safe
def risk(request: HttpRequest, pk: UUID) -> HttpResponse:
    return shown(request, one_of(request, pk))


def shown(request: HttpRequest, found: Risk, form: AcceptanceForm | None = None, status: int = 200) -> HttpResponse:
    titles = {each.id: each for each in rights()}
    may_approve = may(request.user, "approve", found)
    audits = findings.audits_of_system(found.system) if found.finding else []
    measures = list(Measure.objects.of(found.organisation).filter(risk=found).select_related("owner"))
    said = {
        "risk": found,
        "system": found.system,
        "before": judged(found.likelihood, found.severity),
        "after": judged(found.likelihood_after, found.severity_after),
        "initial": keeping.initial(found),
        "remaining": keeping.remaining(found),
        "rights": [titles[each] for each in found.rights if each in titles],
        "measures": measures,
        "to_do": sum(each.done_on is None for each in measures),
        "lowered": keeping.is_lowered(found),
        "passes": findings.passes_now([found], audits).get(found.pk),
        "today": timezone.now().date(),
        "is_shut": found.state in keeping.SHUT,
        "may_govern": may(request.user, "govern", found),
        "may_approve": may_approve,
        "is_own": may_approve and keeping.is_own(request.user, found),
        "form": form or AcceptanceForm(initial={"edition": found.edition}),
    }
    return render(request, "risks/risk.html", said, status=status)


def judged(likelihood: int | None, severity: int | None) -> tuple[Degree, Degree] | None:
    if likelihood is None or severity is None:
        return None
    return degrees("likelihood")[likelihood - 1], degrees("severity")[severity - 1]


@require_http_methods(["GET", "HEAD", "POST"])
def new_risk(request: HttpRequest, pk: UUID) -> HttpResponse:
    system = one_system(organisation_for(request, "govern"), pk)
    form = RiskForm(request.POST if request.method == "POST" else None, organisation=system.organisation)
    if request.method == "POST" and form.is_valid():
        try:
            made = keeping.begin(request.user, system, form.said())
        except InputError as error:
            form.add_error(field_of(error), str(error))
        else:
            messages.success(request, "Registered. Say next what is done about it.")
            return redirect("risk", made.pk)
    return render(request, "risks/new.html", {"system": system, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change_risk(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form; 409 where the risk was changed since the form was opened, with what was typed still in it."""
    found = one_of(request, pk, "govern")
    if request.method != "POST":
        form = RiskForm(initial=written(found), organisation=found.organisation)
        return render(request, "risks/change.html", {"risk": found, "form": form})
    form = RiskForm(request.POST, initial=written(found), organisation=found.organisation)
    if form.is_valid():
        try:
            keeping.change(request.user, found, form.said(), form.cleaned_data["edition"] or 0)
        except Stale as error:
            mine = RiskForm(initial=form.said() | {"edition": error.current.edition}, organisation=found.organisation)
            said = {"risk": error.current, "form": mine, "meanwhile": error.current}
            return render(request, "risks/change.html", said, status=409)
        except InputError as error:
            form.add_error(field_of(error), str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("risk", found.pk)
    return render(request, "risks/change.html", {"risk": found, "form": form}, status=422)


@require_POST
def accept_risk(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "approve")
    form = AcceptanceForm(request.POST)
    if form.is_valid():
        try:
            keeping.accept(request.user, found, form.cleaned_data["acceptance"], form.cleaned_data["edition"] or 0)
        except Stale as error:
            form = AcceptanceForm(initial=form.cleaned_data | {"edition": error.current.edition})
            messages.error(request, "Somebody changed this risk meanwhile. Read it again before you accept it.")
            return shown(request, one_of(request, pk), form, 409)
        except InputError as error:
            form.add_error("acceptance", str(error))
        else:
            messages.success(request, "What remains is accepted, in your name.")
            return redirect("risk", found.pk)
    return shown(request, found, form, 422)


@require_http_methods(["GET", "HEAD", "POST"])
def close_risk(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "govern")
    form = ClosingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.close(request.user, found, form.cleaned_data["closing"])
        except InputError as error:
            form.add_error("closing", str(error))
        else:
            messages.success(request, "Closed.")
            return redirect("risk", found.pk)
    return render(request, "risks/close.html", {"risk": found, "form": form}, status=422 if form.errors else 200)


@require_POST
def reopen_risk(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "govern")
    keeping.reopen(request.user, found)
    messages.success(request, "Open again.")
    return redirect("risk", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def new_measure(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "govern")
    return measuring(request, found, None)


@require_http_methods(["GET", "HEAD", "POST"])
def change_measure(request: HttpRequest, pk: UUID) -> HttpResponse:
    measure = one_measure(request, pk)
    return measuring(request, measure.risk, measure)


def measuring(request: HttpRequest, risk: Risk, measure: Measure | None) -> HttpResponse:
    """The form of a measure; 409 where the risk was changed since it was opened, with what was typed still in it."""
    here = {"organisation": risk.organisation}
    start = written_measure(measure) if measure else {"edition": risk.edition}
    said: dict[str, Any] = {"risk": risk, "measure": measure}
    if request.method != "POST":
        return render(request, "risks/measure.html", said | {"form": MeasureForm(initial=start, **here)})
    form = MeasureForm(request.POST, initial=start, **here)
    if form.is_valid():
        edition = form.cleaned_data["edition"] or 0
        try:
            if measure is None:
                keeping.add_measure(request.user, risk, form.said(), edition)
            else:
                keeping.change_measure(request.user, measure, form.said(), edition)
        except Stale as error:
            form = MeasureForm(initial=form.said() | {"edition": error.current.edition}, **here)
            said |= {"form": form, "meanwhile": Measure.unscoped.filter(pk=measure.pk).first() if measure else risk}
            return render(request, "risks/measure.html", said, status=409)
        except InputError as error:
            form.add_error("done_on" if "done" in str(error) else None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("risk", risk.pk)
    return render(request, "risks/measure.html", said | {"form": form}, status=422)


@require_POST
def measure_done(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Done, as of today."""
    measure = one_measure(request, pk)
    try:
        keeping.change_measure(request.user, measure, {"done_on": timezone.now().date()})
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Done. Judge how likely and how severe it is now, if that changed.")
    return redirect("risk", measure.risk_id)


@require_safe
def risks_csv(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All risks of the system, whatever their state."""
    organisation = organisation_for(request, "export")
    system = one_system(organisation, pk)
    found = risks_of(organisation).filter(system=system).select_related("accepted_by", "owner", "system__organisation")
    rows = found.prefetch_related("measures__owner").order_by("number")
    return csv_response(f"risks-{system.pk}.csv", COLUMNS, [row_of(each) for each in rows])


def row_of(risk: Risk) -> list[Any]:
    before, after = keeping.initial(risk), keeping.remaining(risk)
    measures = list(risk.measures.all())
    return [
        risk.number, risk.get_state_display(), risk.hazard, risk.cause, risk.affected, " ".join(risk.rights),
        risk.likelihood, risk.severity, before.title if before else None,
        risk.likelihood_after, risk.severity_after, after.title if after else None,
        risk.owner, len(measures), sum(each.done_on is not None for each in measures), "\n".join(map(told, measures)),
        risk.accepted_by, risk.accepted_at.isoformat() if risk.accepted_at else None, risk.acceptance,
        risk.closing, risk.rule, risk.audit_id,
    ]  # fmt: skip


def told(measure: Measure) -> str:
    days = [f"{word} {day}" for word, day in (("until", measure.due_on), ("done", measure.done_on)) if day]
    return f"{measure.text} ({', '.join([str(measure.owner or 'nobody yet'), *days])})"


def one_of(request: HttpRequest, pk: UUID, action: str = "read") -> Risk:
    found = risks_of(organisation_for(request, action)).select_related(
        "system__organisation", "organisation", "owner", "created_by", "accepted_by", "audit__model__model",
        "audit__dataset__dataset",
    )  # fmt: skip
    heavy = ("audit__parameters", "audit__policy", "audit__model__stored_signature", "audit__dataset__stored_profile")
    return get_object_or_404(found.defer(*heavy), pk=pk)


def one_measure(request: HttpRequest, pk: UUID) -> Measure:
    found = Measure.objects.of(organisation_for(request, "govern"))
    return get_object_or_404(
        found.select_related("organisation", "owner", "risk__organisation", "risk__system__organisation"), pk=pk
    )


def field_of(error: InputError) -> str | None:
    """The field that a refusal speaks of."""
    said = str(error)
    if "severe it is" in said:
        return "severity_after" if "after" in said else "severity"
    return None
