"""The board of a system's obligations, one obligation, and how much is proven."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audits.spreadsheet import csv_response
from governance.frameworks.lists import certainty, evidence_type
from governance.frameworks.load import load
from governance.frameworks.requirements import Requirement, framework
from governance.law.answers import listed
from governance.obligations import coverage as covering
from governance.obligations.board import ACT, accept, attach, detach, follow, is_own, move, unfollow
from governance.obligations.forms import DutyForm, FollowForm, written
from governance.obligations.gone import framework_title, section_title
from governance.obligations.lists import BoardFilters
from governance.obligations.models import Duty, Evidence, Followed, State, Support
from governance.obligations.proposals import producers, proposed
from governance.obligations.rows import (
    COMING,
    NO_LONGER,
    NOW,
    UNDATED,
    WHERE,
    Group,
    Piece,
    Row,
    asked_of,
    beside,
    duties_of,
    grouped,
    here,
    row_of,
    rows_of,
    today,
)
from governance.obligations.staleness import now, outdated
from governance.obligations.starting import await_result, pattern, running_for, start_as_before
from governance.systems.exchanging import download
from governance.systems.models import System, SystemPart
from governance.systems.stale import Stale
from governance.systems.views import one_of as one_system
from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.errors import InputError
from models.registry.models import ModelVersion

HEADINGS = {
    NOW: ("Bind now", ""),
    COMING: ("Coming", "They do not bind yet. Each says from which day it does."),
    WHERE: (
        "Only if something happens",
        "Nothing that was answered decides these. Each says its condition; none is missing until that is said to hold.",
    ),
    UNDATED: ("Of other frameworks", "Their frameworks set no days. A system is held to them because you follow them."),
    NO_LONGER: (
        "No longer asked",
        "An earlier classification, or a framework that you followed, brought these. What was done for them stays.",
    ),
}
OPEN_UP_TO = 15


@require_safe
def board(request: HttpRequest, pk: UUID) -> HttpResponse:
    system = one_system(organisation_for(request), pk)
    rows = rows_of(system)
    members = here(system.organisation)
    filters = BoardFilters(request, members)
    kept = filters.kept(rows)
    asked = [row for row in rows if row.is_asked]
    followed = tuple(Followed.objects.of(system.organisation).filter(system=system).values_list("framework", flat=True))
    said = {
        "system": system,
        "standing": system.standing,
        "held": framework(ACT).version,
        "here": members,
        "filters": filters,
        "newer": newer_versions(system),
        "parts": list(parts(kept)),
        "counts": counts(asked),
        "there_are": bool(rows),
        "fitting": len(kept),
        "unfolded": (filters.is_narrowed and len(kept) <= 4 * OPEN_UP_TO) or len(kept) <= OPEN_UP_TO,
        "proposals": proposed(system, {row.duty.requirement: row.duty for row in asked}),
        "followed": [framework(name) for name in followed],
        "follow": FollowForm(followed=followed),
        "may_govern": may(request.user, "govern", system),
    }
    return render(request, "obligations/board.html", said, status=422 if filters.errors else 200)


def parts(rows: list[Row]) -> Any:
    """The lists of the board, each by section; those that are coming by day."""
    for when, (title, about) in HEADINGS.items():
        mine = [row for row in rows if row.when == when]
        if when == COMING:
            mine.sort(key=lambda row: row.duty.binds_from)  # type: ignore[arg-type, return-value]
        if mine:
            groups = list(grouped(mine, {key: section_title(*key) for key in sections_of(mine)}))
            yield {"id": when.replace(" ", "-"), "title": title, "about": about, "count": len(mine),
                   "groups": groups, "days": days(groups) if when == COMING else {}}  # fmt: skip


def sections_of(rows: list[Row]) -> set[tuple[str, str]]:
    return {(row.duty.framework, row.asks.section) for row in rows}


def days(groups: list[Group]) -> list[Any]:
    """The days on which something begins, in order."""
    return sorted({row.duty.binds_from for group in groups for row in group.rows})


def newer_versions(system: System) -> list[Any]:
    """Of each model in the system the newest version that is registered, where it is newer than those that work there.
    One query."""
    working = SystemPart.unscoped.filter(system=system, version__model=OuterRef("model")).order_by("-version__number")
    found = ModelVersion.objects.of(system.organisation).filter(model__versions__systems__system=system)
    newer = found.filter(number__gt=Subquery(working.values("version__number")[:1])).select_related("model")
    return list({each.model_id: each for each in newer.defer("stored_signature").order_by("number")}.values())


def counts(asked: list[Row]) -> dict[str, Any]:
    """Of what is asked."""
    states = [(state, sum(row.duty.state == state for row in asked)) for state in State]
    return {
        "asked": len(asked),
        "states": [(state, many) for state, many in states if many],
        "counted": sum(row.is_counted for row in asked),
        "now": sum(row.when == NOW for row in asked),
        "coming": sum(row.when == COMING for row in asked),
        "proven": sum(row.is_counted and row.is_proven for row in asked),
        "stale": sum(bool(row.stale) for row in asked),
        "overdue": sum(row.is_overdue for row in asked),
    }


@require_POST
def frameworks(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Follow a framework, or (`leave`) follow it no longer."""
    system = one_system(organisation_for(request, "govern"), pk)
    name = request.POST.get("framework", "")
    try:
        title = framework(name).title
        (unfollow if request.POST.get("leave") else follow)(request.user, system, name)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            f"{title} is followed no longer. What was done for it stays below."
            if request.POST.get("leave")
            else f"This system is held to {title} from now on.",
        )
    return redirect("system-obligations", system.pk)


@require_safe
def obligation(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk)
    return render(request, "obligations/obligation.html", shown(request, found))


def shown(request: HttpRequest, duty: Duty) -> dict[str, Any]:
    """What the page of one obligation says."""
    row = row_of(duty, now(duty.system, today()))
    may_govern = may(request.user, "govern", duty)
    attached = [piece.evidence.pk for piece in row.pieces]
    pieces = Evidence.objects.of(duty.organisation).filter(system=duty.system, replaced_by=None).defer("text")
    alike = beside(row, asked_of(duty.system))
    return {
        "row": row,
        "duty": duty,
        "here": here(duty.organisation),
        "system": duty.system,
        "framework_title": row.framework_title,
        "sure": sure(row.asks),
        "wanted": [evidence_type(each) for each in row.asks.evidence],
        "producers": producers(duty.requirement),
        "versions": versions_in(duty.system),
        "running": running_for(duty),
        "beside": alike,
        "pieces": further(row, [each.duty for each in alike if each.duty]),
        "mapping": load("certainty")["crosswalk"],
        "others": pieces.exclude(pk__in=attached).order_by("-created_at")[:200] if may_govern else (),
        "form": DutyForm(initial=written(duty), duty=duty),
        "may_govern": may_govern,
        "may_run": may(request.user, "run", duty),
        "may_approve": may(request.user, "approve", duty),
        "can_be_accepted": row.is_asked and (duty.state == State.EVIDENCED or bool(outdated(duty))),
        "is_own": may(request.user, "approve", duty) and is_own(request.user, duty),
    }


def further(row: Row, alike: list[Duty]) -> list[tuple[Piece, int]]:
    """What is attached, each piece with how many obligations that ask alike it is not attached to yet."""
    pairs = set(Support.unscoped.filter(duty__in=alike).values_list("evidence", "duty"))
    return [(piece, sum((piece.evidence.pk, duty.pk) not in pairs for duty in alike)) for piece in row.pieces]


def sure(asks: Requirement) -> list[tuple[str, Any]]:
    """How sure what is said of it is: its content, its day, its note; what is equally sure together."""
    said = {"what it asks": asks.certainty}
    if asks.dates:
        said["from which day"] = asks.date_certainty
    if asks.note_certainty:
        said["the note"] = asks.note_certainty
    return [
        (listed([what for what in said if said[what] == level], "and"), certainty(level))
        for level in dict.fromkeys(said.values())
    ]


def versions_in(system: System) -> list[ModelVersion]:
    """The model versions that work in the system."""
    found = SystemPart.objects.of(system.organisation).filter(system=system).select_related("version__model")
    return [part.version for part in found.defer("version__stored_signature")]


@require_POST
def start_job(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An audit of the `version` in the system, whose result is attached once it is there: at once where one was made
    before that can be asked again, else by the form of audits."""
    found = one_of(request, pk, "run")
    version = get_object_or_404(
        ModelVersion.objects.of(found.organisation).filter(systems__system=found.system).select_related("model"),
        pk=as_id(request.POST.get("version", "")),
    )
    form, attaches = f"{reverse('start-audit')}?model={version.pk}", may(request.user, "govern", found)
    before = pattern(found, version)
    if before is not None:
        try:
            begun = start_as_before(request.user, found, version, before, attaches)
        except InputError as error:
            messages.error(request, f"It cannot be asked as before: {error}")
            form += f"&dataset={before.dataset_id}"
        else:
            like = f"{begun}, asked as on {before.created_at:%-d %B %Y}"
            messages.success(request, f"Started: {like}. {what_comes(found, attaches)}")
            return redirect("obligation", found.pk)
    number = uuid4()
    if attaches:
        await_result(request.user, found, number)
    messages.info(request, f"Say how the model is to be audited. {what_comes(found, attaches)}")
    return redirect(f"{form}&number={number}")


def what_comes(duty: Duty, attaches: bool) -> str:
    if attaches:
        return f"What it finds is attached to {duty.asks.ref} by itself once it is there."
    return "What it finds is proposed to those who may attach it."


@require_http_methods(["GET", "HEAD", "POST"])
def change_obligation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form; 409 where it was changed since the form was opened, with what was typed still in it."""
    found = one_of(request, pk, "govern")
    if request.method != "POST":
        said = {"duty": found, "form": DutyForm(initial=written(found), duty=found)}
        return render(request, "obligations/change.html", said)
    form = DutyForm(request.POST, initial=written(found), duty=found)
    if form.is_valid():
        try:
            move(request.user, found, form.said(), form.cleaned_data["edition"] or 0)
        except Stale as error:
            mine = DutyForm(initial=form.said() | {"edition": error.current.edition}, duty=error.current)
            said = {"duty": error.current, "form": mine, "meanwhile": error.current}
            return render(request, "obligations/change.html", said, status=409)
        except InputError as error:
            form.add_error("reason" if "why" in str(error) else "state", str(error))
        else:
            messages.success(request, "Saved.")
            return redirect("obligation", found.pk)
    return render(request, "obligations/change.html", {"duty": found, "form": form}, status=422)


@require_POST
def accept_obligation(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "approve")
    edition = request.POST.get("edition", "")
    try:
        accept(request.user, found, int(edition) if edition.isascii() and edition.isdigit() else 0)
    except Stale as error:
        messages.error(request, "Somebody changed this obligation meanwhile. Look at it again before you accept it.")
        again = shown(request, one_of(request, error.current.pk, "approve"))
        return render(request, "obligations/obligation.html", again, status=409)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Accepted.")
    return redirect("obligation", found.pk)


@require_POST
def attach_evidence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """`evidence`: a piece of the same system."""
    return with_piece(request, pk, attach, "Attached. Say below what state it is in now.")


@require_POST
def detach_evidence(request: HttpRequest, pk: UUID) -> HttpResponse:
    return with_piece(request, pk, detach, "Detached. The evidence itself stays with the system.")


def with_piece(request: HttpRequest, pk: UUID, act: Callable[[Any, Duty, Evidence], Any], done: str) -> HttpResponse:
    found = one_of(request, pk, "govern")
    mine = Evidence.objects.of(found.organisation).filter(system=found.system)
    act(request.user, found, get_object_or_404(mine, pk=as_id(request.POST.get("evidence", ""))))
    messages.success(request, done)
    return redirect("obligation", found.pk)


def as_id(text: str) -> UUID | None:
    """None for what is no id: nothing has it."""
    try:
        return UUID(text)
    except ValueError:
        return None


@require_safe
def coverage(request: HttpRequest, pk: UUID) -> HttpResponse:
    system = one_system(organisation_for(request), pk)
    rows = rows_of(system)
    lines = covering.coverage(rows)
    said = {
        "system": system,
        "finding": covering.finding(lines),
        "figures": list(figures(lines)),
        "columns": covering.COLUMNS,
        "lines": [covering.line_values(line) for line in lines],
        "gaps": covering.gaps(rows),
        "conditional": covering.conditional(rows),
        "width": covering.WIDTH,
        "asked": sum(line.asked for line in lines),
    }
    return render(request, "obligations/coverage.html", said)


def figures(lines: list[covering.Line]) -> Any:
    """One drawing for each framework."""
    for name in dict.fromkeys(line.framework for line in lines):
        mine = [line for line in lines if line.framework == name]
        yield framework_title(name), covering.finding(mine), mine


@require_safe
def coverage_csv(request: HttpRequest, pk: UUID) -> HttpResponse:
    system = one_system(organisation_for(request, "export"), pk)
    lines = covering.coverage(rows_of(system))
    return csv_response("coverage.csv", covering.COLUMNS, map(covering.line_values, lines))


@require_safe
def obligations_file(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """The whole board: what binds, what is coming with its day, and what is asked only if something happens."""
    system = one_system(organisation_for(request, "export"), pk)
    return handed_out("obligations", kind, system, rows_of(system))


@require_safe
def gaps_file(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    system = one_system(organisation_for(request, "export"), pk)
    return handed_out("gaps", kind, system, covering.gaps(rows_of(system)))


def handed_out(name: str, kind: str, system: System, rows: list[Row]) -> HttpResponse:
    """As CSV, XLSX or JSON."""
    values = [covering.row_values(row) for row in rows]
    if kind == "json":
        keys = [column.lower().replace(" ", "_") for column in covering.ROW_COLUMNS]
        said = {"system": str(system), "as_of": today(), name: [dict(zip(keys, row, strict=True)) for row in values]}
        return JsonResponse(said, headers={"Content-Disposition": f'attachment; filename="{name}.json"'})
    cells = [["" if value is None else str(value) for value in row] for row in values]
    return download(name, kind, list(covering.ROW_COLUMNS), cells)


def one_of(request: HttpRequest, pk: UUID, action: str = "read") -> Duty:
    found = duties_of(organisation_for(request, action)).select_related(
        "organisation", "system__organisation", "owner", "accepted_by"
    )
    return get_object_or_404(found, pk=pk)
