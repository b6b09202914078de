"""The pages of a system's classifications: recording one, all of them, and two compared."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from governance.frameworks.requirements import requirements
from governance.law import questionnaire
from governance.systems.answering import Changed, differences, readable, values
from governance.systems.asking import ClassifyForm, checked
from governance.systems.classifying import AssessmentMissing, StaleAnswers, compared, record_standing
from governance.systems.models import Answers, Standing, System
from governance.systems.views import one_of
from models.accounts.access import organisation_for
from models.accounts.models import User
from models.errors import InputError

MOST_REVISIONS = 100


@require_POST
def classify_system(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(organisation_for(request, "classify"), pk)
    form = ClassifyForm(request.POST)
    if not form.is_valid():
        return checked(request, found, form, 422)
    said = form.cleaned_data
    try:
        record_standing(request.user, found, said["as_of"], said["assessment"], said["number"] or 0)
    except StaleAnswers as error:
        messages.error(request, str(error))
        return checked(request, found, ClassifyForm(initial=said), 409)
    except AssessmentMissing as error:
        form.add_error("assessment", str(error))
        return checked(request, found, form, 422)
    except InputError as error:
        form.add_error("as_of", str(error))
        return checked(request, found, form, 422)
    messages.success(request, "Recorded. What follows from it stands below.")
    return redirect("system", found.pk)


@require_safe
def classifications(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All of them, the revisions of the answers, and two that the address names compared (else the newest two)."""
    found = one_of(organisation_for(request), pk)
    standings = list(of(found))
    said: dict[str, Any] = {"system": found, "standings": standings, "revisions": revisions(found)}
    if len(standings) > 1 or {"from", "to"} & set(request.GET):
        after = numbered(standings, request.GET.get("to", str(standings[0].number) if standings else ""))
        earlier = next((each.number for each in standings if each.number < after.number), after.number)
        before = numbered(standings, request.GET.get("from", str(earlier)))
        comparison = compared(before, after)
        said |= {
            "comparison": comparison,
            "changed": [readable_change(each) for each in comparison.answers],
            "new": duties(comparison.obligations_new),
            "gone": duties(comparison.obligations_gone),
        }
    return render(request, "systems/classifications.html", said)


@require_safe
def classification(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """One that was recorded, whole: its reasoning and the answers that it rests on."""
    found = one_of(organisation_for(request), pk)
    standing = get_object_or_404(of(found), number=number)
    said = {"system": found, "standing": standing, "lines": answered_lines(standing)}
    return render(request, "systems/classification.html", said)


def of(system: System) -> Any:
    """Newest first."""
    mine = Standing.objects.of(system.organisation).filter(system=system)
    return mine.order_by("-number").select_related("answers", "author")


def numbered(standings: list[Standing], number: str) -> Standing:
    found = next((each for each in standings if str(each.number) == number), None)
    if found is None:
        raise Http404("There is no such classification.")
    return found


def revisions(system: System) -> list[dict[str, Any]]:
    """The newest revisions of the answers, each with what it changed."""
    mine = Answers.objects.of(system.organisation).filter(system=system).order_by("-number").select_related("author")
    found = list(mine[: MOST_REVISIONS + 1])
    told = [
        {"answers": each, "changed": [readable_change(change) for change in differences(before, each)]}
        for each, before in zip_longest(found, found[1:])
    ]
    return told[:MOST_REVISIONS]


def duties(ids: list[str]) -> list[dict[str, str]]:
    """In words; what the law's data no longer holds by its id."""
    known = {each.id: {"title": each.title, "ref": each.ref} for each in requirements()}
    return [known.get(id, {"title": id, "ref": "no longer in the data"}) for id in ids]


def readable_change(change: Changed) -> dict[str, Any]:
    sides = {
        name: {"words": readable(change.question, said["value"]), "why": said["why"]} if said else None
        for name, said in (("before", change.before), ("after", change.after))
    }
    return {"question": change.question, **sides}


def answered_lines(standing: Standing) -> list[dict[str, Any]]:
    """What was answered to the questions that counted, in their order."""
    given, counted = standing.answers.answers, questionnaire.pages(values(standing.answers), standing.as_of)
    people = {user.pk: user for user in User.objects.filter(pk__in={said["by"] for said in given.values()})}
    return [
        {"question": question, "said": said, "words": readable(question, said["value"]), "by": people.get(said["by"])}
        for question in counted
        if (said := given.get(question.id))
    ]
