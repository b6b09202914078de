"""The statements of a system: which are owed, writing one, its versions read and compared, giving it in evidence."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.frameworks.lists import certainty
from governance.law.statements import Form, form
from governance.obligations.models import Evidence
from governance.obligations.rows import asked_of
from governance.risks import statements as keeping
from governance.risks.forms import StatementForm, shown
from governance.risks.models import Statement
from governance.systems.models import System
from governance.systems.stale import Stale
from governance.systems.views import one_of as one_system
from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.errors import InputError


@require_safe
def statements(request: HttpRequest, pk: UUID) -> HttpResponse:
    system = one_system(organisation_for(request), pk)
    rows = keeping.owed(system)
    said = {
        "system": system,
        "standing": system.standing,
        "owed": [each for each in rows if each.is_owed],
        "others": [each for each in rows if not each.is_owed],
        "sure": certainty("our-reading"),
        "may_govern": may(request.user, "govern", system),
    }
    return render(request, "risks/statements.html", said)


@require_safe
def statement(request: HttpRequest, pk: UUID, kind: str, number: int | None = None) -> HttpResponse:
    """The newest version, or the one named; with what changed since the one before it."""
    system, wanted = one_system(organisation_for(request), pk), known(kind)
    versions = list(keeping.versions_of(system, kind))
    said: dict[str, Any] = {"system": system, "form": wanted, "versions": versions}
    said["may_govern"] = may(request.user, "govern", system)
    asked = asked_of(system)
    said["state"] = keeping.state_of(wanted, asked, versions[0] if versions else None)
    if number is None and not versions:
        return render(request, "risks/statement.html", said | {"points": wanted.points_for(asked)})
    found = one_version(versions, versions[0].number if number is None else number)
    before = next((each for each in versions if each.number == found.number - 1), None)
    points = keeping.said_in(found, before)
    said |= {"statement": found, "before": before, "said": points, "evidence": keeping.evidence_of(found)}
    said["changed"] = [each for each in points if each.change] if before else []
    return render(request, "risks/statement.html", said)


@require_safe
def compare(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """Two versions, `from` and `to`; what is not named is the newest and the one before it."""
    system, wanted = one_system(organisation_for(request), pk), known(kind)
    versions = list(keeping.versions_of(system, kind))
    if not versions:
        raise Http404("There is no version yet.")
    later = one_version(versions, numbered(request, "to") or versions[0].number)
    earlier = one_version(versions, numbered(request, "from") or max(later.number - 1, 1))
    points = keeping.said_in(later, earlier)
    said = {"system": system, "form": wanted, "versions": versions, "later": later, "earlier": earlier,
            "said": points, "changed": [each for each in points if each.change]}  # fmt: skip
    return render(request, "risks/compare.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def write_statement(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """The form; 409 where somebody wrote a newer version since it was opened, with what was typed still in it."""
    system, wanted = one_system(organisation_for(request, "govern"), pk), known(kind)
    newest = keeping.versions_of(system, kind).first()
    sources = sources_of(system, wanted, newest)
    points = wanted.points_for(asked_of(system), newest.content if newest else ())
    here: dict[str, Any] = {"points": points, "sources": sources}
    said: dict[str, Any] = {"system": system, "form_of": wanted, "sources": sources, "newest": newest}
    start = shown(newest.content, newest.taken, newest.number) if newest else {"seen": 0}
    if request.method != "POST":
        return render(request, "risks/write.html", said | {"form": StatementForm(initial=start, **here)})
    form = StatementForm(request.POST, **here)
    if form.is_valid():
        seen = form.cleaned_data["seen"]
        try:
            made = keeping.write(
                request.user, system, kind, form.content(), -1 if seen is None else seen, form.draws_on()
            )
        except Stale as error:
            number = error.current.number if error.current else 0
            mine = StatementForm(initial=form.typed() | {"seen": number}, **here)
            said |= {"form": mine, "meanwhile": differing(form, error.current)}
            return render(request, "risks/write.html", said, status=409)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            is_new = newest is None or made.number != newest.number
            messages.success(request, f"Version {made.number} is kept." if is_new else "Nothing was changed.")
            return redirect("statement", system.pk, kind)
    return render(request, "risks/write.html", said | {"form": form}, status=422)


def differing(form: StatementForm, current: Statement | None) -> list[tuple[Any, str]]:
    """The points of which somebody else's newer version says something other than what was typed."""
    theirs = current.content if current else {}
    return [(point, theirs.get(point.id, "")) for point in form.points
            if theirs.get(point.id, "") != form.cleaned_data[point.id].strip()]  # fmt: skip


def sources_of(system: System, wanted: Form, newest: Statement | None) -> list[Evidence]:
    """What its texts may draw on, and what they draw on already."""
    found = {each.pk: each for each in keeping.sources_for(system, wanted)}
    if newest and newest.taken:
        kept = [source["evidence"] for source in newest.taken.values()]
        found |= {each.pk: each for each in Evidence.objects.of(system.organisation).filter(system=system, pk__in=kept)}
    return list(found.values())


@require_POST
def give(request: HttpRequest, pk: UUID, kind: str, number: int) -> HttpResponse:
    """This version as evidence of every obligation that its points answer to."""
    system = one_system(organisation_for(request, "govern"), pk)
    rows = keeping.versions_of(system, known(kind).id).select_related("organisation", "system__organisation")
    found = get_object_or_404(rows, number=number)
    try:
        made, duties = keeping.give(request.user, found)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("statement-version", system.pk, kind, number)
    many = len(duties)
    messages.success(request, f"Attached to {many} obligation{'s' if many != 1 else ''}, as your signed statement.")
    return redirect("evidence", made.pk)


def known(kind: str) -> Form:
    try:
        return form(kind)
    except InputError as error:
        raise Http404(str(error)) from None


def one_version(versions: list[Statement], number: int) -> Statement:
    for each in versions:
        if each.number == number:
            return each
    raise Http404("There is no such version.")


def numbered(request: HttpRequest, name: str) -> int | None:
    """0 for what is no number: there is no such version."""
    said = request.GET.get(name)
    return None if not said else int(said) if said.isascii() and said.isdigit() and len(said) < 9 else -1
