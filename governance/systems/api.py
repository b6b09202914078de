"""The API of this room: AI systems, the models in them, what is answered of them, their classes, and sheets."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field

from governance.law import questionnaire
from governance.systems import records as r
from governance.systems.answering import answer
from governance.systems.classifying import StaleAnswers, found_on, record_standing, refuse_unready, today
from governance.systems.exchange import Refused, bring, exported, planned
from governance.systems.lists import systems_of
from governance.systems.models import Answers, Standing, System, SystemPart
from governance.systems.register import add_part, archive, begin, bring_back, change, locked, remove_part
from governance.systems.sheets.read import MOST_BYTES, read_in_sandbox
from governance.systems.sheets.write import MEDIA, written
from models.accounts.models import User
from models.errors import InputError
from models.registry.models import ModelVersion
from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.problems import Problem, invalid
from models.rest.records import ApiRequest, Listed, nothing, reply
from models.rest.router import Media, Router

router = Router()
systems = Router(tags=["Systems"])
router.add_router("", systems)
BY_TIME = ("added_at", "pk")
SHEETS = {200: Media(MEDIA["csv"], "The sheet, as CSV or XLSX.", (MEDIA["xlsx"],))}


class SystemQuery(PageQuery):
    name: str | None = Field(None, max_length=200, description="Exactly this name.")
    stage: r.StageName | None = None
    classification: str | None = Field(None, max_length=60, description="The class that was last recorded.")
    archived: bool = Field(False, description="Those that are archived, in place of the others.")


@systems.on("GET", "/systems", {200: Listed[r.SystemRecord]}, action="read")
def list_systems(request: ApiRequest, query: Query[SystemQuery]) -> HttpResponse:
    """List AI systems, the newest first."""
    rows = systems_of(request.organisation).filter(is_archived=query.archived)
    wanted = {"name": query.name, "stage": query.stage, "outcome": query.classification}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    return listed(request, rows, query, r.system_record)


@systems.on("POST", "/systems", {201: r.SystemRecord}, action="govern", once=True, problems=("conflict", "refused"))
def create_system(request: ApiRequest, body: r.NewSystem) -> HttpResponse:
    """Register an AI system.

    A name that is taken is a conflict, which gives the id of the other.
    """
    made = begin(request.user, request.organisation, understood(request, body))
    return reply(one_system(request, made.pk), 201, location=f"/api/v1/systems/{made.pk}")


@systems.on("GET", "/systems/export", SHEETS, action="export")
def export_systems(request: ApiRequest, format: Literal["csv", "xlsx"] = "csv") -> HttpResponse:
    """Get all AI systems as a spreadsheet, which an import takes again."""
    columns, rows = exported(request.organisation)
    headers = {"Content-Disposition": f'attachment; filename="systems.{format}"'}
    return HttpResponse(written(format, columns, rows), content_type=MEDIA[format], headers=headers)


@systems.on(
    "POST", "/systems/import", {200: r.ImportRecord},
    action="govern", once=True, raw=True, problems=("refused", "too-large"),
)  # fmt: skip
def import_systems(request: ApiRequest, dry_run: bool = True) -> HttpResponse:
    """Bring AI systems in from a spreadsheet.

    The body is the sheet's bytes, CSV in UTF-8 or XLSX of at most 2 MB. Unless dry_run is false the answer only tells
    what each row would do. It is done whole or, where a row cannot be used, not at all.
    """
    if request.content_type != "application/octet-stream":
        raise Problem("unsupported-media-type", "Send the sheet with Content-Type: application/octet-stream.")
    content = request.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Problem("too-large", "A sheet has at most 2 MB.")
    sheet = read_in_sandbox(content)
    if dry_run:
        return reply(r.import_record(planned(request.organisation, sheet), True))
    try:
        return reply(r.import_record(bring(request.user, request.organisation, sheet), False))
    except Refused as error:
        wrong = [(row.number, each) for row in error.plan.rows for each in row.problems]
        errors = [(f"/rows/{number}/{column}", detail) for number, (column, detail) in wrong[:100]]
        raise Problem("refused", str(error), errors=errors) from error


@systems.on("GET", "/systems/{uuid:system_id}", {200: r.SystemRecord}, action="read")
def get_system(request: ApiRequest, system_id: UUID) -> HttpResponse:
    """Get an AI system."""
    return reply(one_system(request, system_id))


@systems.on(
    "PATCH", "/systems/{uuid:system_id}", {200: r.SystemRecord},
    action="govern", match=True, problems=("conflict", "refused"),
)  # fmt: skip
def change_system(request: ApiRequest, system_id: UUID, body: r.SystemChange) -> HttpResponse:
    """Change what is said of an AI system, archive it or bring it back.

    Only what is given. A class that was recorded stays as it was.
    """
    with transaction.atomic():
        system = locked(found_system(request, system_id))
        require_match(request, one_system(request, system_id))
        change(request.user, system, understood(request, body), None)
        if body.is_archived is not None:
            (archive if body.is_archived else bring_back)(request.user, system)
        return reply(one_system(request, system_id))


@systems.on("GET", "/systems/{uuid:system_id}/parts", {200: Listed[r.SystemPartRecord]}, action="read")
def list_system_parts(request: ApiRequest, system_id: UUID, query: Query[PageQuery]) -> HttpResponse:
    """List the versions of models that work in an AI system."""
    parts = SystemPart.objects.of(request.organisation).filter(system=found_system(request, system_id))
    rows = parts.select_related("version__model", "added_by").defer("version__stored_signature")
    return listed(request, rows, query, r.part_record, BY_TIME)


@systems.on("POST", "/systems/{uuid:system_id}/parts", {201: r.SystemPartRecord}, action="govern", once=True)
def add_system_part(request: ApiRequest, system_id: UUID, body: r.NewPart) -> HttpResponse:
    """Say that a version of a model works in an AI system. Said again, it changes nothing."""
    system = found_system(request, system_id)
    version = get_object_or_404(ModelVersion.objects.of(request.organisation), pk=body.version)
    part = add_part(request.user, system, version)
    return reply(r.part_record(part), 201, location=f"/api/v1/systems/{system.pk}/parts")


@systems.on("DELETE", "/systems/{uuid:system_id}/parts/{uuid:version_id}", {204: None}, action="govern")
def remove_system_part(request: ApiRequest, system_id: UUID, version_id: UUID) -> HttpResponse:
    """Say that a version works in an AI system no more."""
    system = found_system(request, system_id)
    part = get_object_or_404(SystemPart.objects.of(request.organisation), system=system, version_id=version_id)
    remove_part(request.user, part)
    return nothing()


@systems.on("GET", "/questions", {200: r.Questions}, action="read")
def list_questions(request: ApiRequest) -> HttpResponse:
    """List all questions from whose answers the class of an AI system follows.

    Which of them matter depends on the answers; see `open` of a system's answers.
    """
    return reply(r.Questions(items=[r.question_record(each) for each in questionnaire.questions()]))


@systems.on("GET", "/systems/{uuid:system_id}/answers", {200: r.AnswersRecord}, action="read")
def get_answers(request: ApiRequest, system_id: UUID) -> HttpResponse:
    """Get what is answered of an AI system, and what is open."""
    return reply(r.answers_record(found_system(request, system_id).answered))


@systems.on(
    "POST", "/systems/{uuid:system_id}/answers", {201: r.AnswersRecord},
    action="govern", once=True, problems=("conflict", "refused"),
)  # fmt: skip
def create_answers(request: ApiRequest, system_id: UUID, body: r.NewAnswers) -> HttpResponse:
    """Answer questions of an AI system.

    What is not given stays as it was answered; the answers together are a new revision. Each is kept with who gave it,
    when and why.
    """
    system = found_system(request, system_id)
    with transaction.atomic():
        refuse_other(locked(system).answered, body.revision)
        given = {name: (each.value, each.why) for name, each in body.answers.items()}
        answers = answer(request.user, system, given)
    return reply(r.answers_record(answers), 201, location=f"/api/v1/systems/{system.pk}/answers")


@systems.on("GET", "/systems/{uuid:system_id}/outcome", {200: r.OutcomeRecord}, action="read", problems=("refused",))
def get_outcome(request: ApiRequest, system_id: UUID, query: Query[r.OutcomeQuery]) -> HttpResponse:
    """Get what the newest answers about an AI system come to on a day: class, reasons, and obligations now and coming.

    Nothing is recorded. It is refused while questions are open, where answers contradict each other, and for a day
    before the text of the law that is held.
    """
    system = found_system(request, system_id)
    answers, day = system.answered, query.as_of or today()
    if answers is None:
        raise InputError("No question is answered yet.")
    refuse_unready(answers, day)
    found = found_on(system, answers, day)
    assert found is not None
    return reply(r.OutcomeRecord(system=system.pk, revision=answers.number, as_of=day, result=found.as_json()))


@systems.on(
    "GET", "/systems/{uuid:system_id}/classifications", {200: Listed[r.ClassificationRecord]}, action="read"
)  # fmt: skip
def list_classifications(request: ApiRequest, system_id: UUID, query: Query[PageQuery]) -> HttpResponse:
    """List the classifications of an AI system that were recorded, the newest first."""
    return listed(request, standings_of(request, system_id), query, r.classification_record, ["-number"])


@systems.on(
    "POST", "/systems/{uuid:system_id}/classifications", {201: r.ClassificationRecord},
    action="classify", once=True, problems=("conflict", "refused"),
)  # fmt: skip
def create_classification(request: ApiRequest, system_id: UUID, body: r.NewClassification) -> HttpResponse:
    """Record what the answers about an AI system come to on a day.

    A decision, so no token can: it takes a person who is signed in.
    """
    system = found_system(request, system_id)
    try:
        made = record_standing(request.user, system, body.as_of or today(), body.assessment, body.revision)
    except StaleAnswers as error:
        raise Problem("conflict", str(error)) from error
    standing = standings_of(request, system_id).get(pk=made.pk)
    address = f"/api/v1/systems/{system.pk}/classifications/{made.number}"
    return reply(r.classification_record(standing), 201, location=address)


@systems.on(
    "GET", "/systems/{uuid:system_id}/classifications/{int:number}", {200: r.ClassificationRecord}, action="read"
)  # fmt: skip
def get_classification(request: ApiRequest, system_id: UUID, number: int) -> HttpResponse:
    """Get a classification of an AI system by its number."""
    return reply(r.classification_record(get_object_or_404(standings_of(request, system_id), number=number)))


def refuse_other(answers: Answers | None, revision: int | None) -> None:
    present = answers.number if answers else 0
    if revision is not None and revision != present:
        raise Problem("conflict", f"The newest revision of the answers is {present}, not {revision}.")


def standings_of(request: ApiRequest, system_id: UUID) -> Any:
    mine = Standing.objects.of(request.organisation).filter(system=found_system(request, system_id))
    return mine.select_related("answers", "author")


def understood(request: ApiRequest, body: r.SystemChange) -> dict[str, Any]:
    """What was given, with the owner as a person. Raises Problem for one who is no member."""
    said = body.said()
    if said.get("owner") is not None:
        ident = said["owner"]
        members = User.objects.filter(memberships__organisation=request.organisation, is_active=True)
        said["owner"] = members.filter(pk=ident).first() if ident.isascii() and ident.isdigit() else None
        if said["owner"] is None:
            raise invalid("/body/owner", "There is no such member. GET /api/v1/members lists those that there are.")
    return said


def found_system(request: ApiRequest, system_id: UUID) -> System:
    mine = System.objects.of(request.organisation).select_related("organisation", "owner")
    return get_object_or_404(mine, pk=system_id)


def one_system(request: ApiRequest, system_id: UUID) -> r.SystemRecord:
    return r.system_record(get_object_or_404(systems_of(request.organisation), pk=system_id))
