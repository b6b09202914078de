"""The pages of the questionnaire: what is answered and what is open, one question on a page, and all to be checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from governance.law import questionnaire
from governance.law.classify import Classification
from governance.law.questionnaire import LONGEST_TEXT, Question
from governance.systems.answering import LONGEST_WHY, StaleAnswer, answer, readable, stamp, values
from governance.systems.classifying import found_on, today, written_assessment
from governance.systems.models import Answers, System
from governance.systems.views import one_of
from governance.systems.words import DEROGATION, STOPPED
from models.accounts.access import organisation_for
from models.accounts.models import User
from models.accounts.permission import may
from models.errors import InputError


class AnswerForm(forms.Form):
    """One question. Which field asks it follows from the question's kind; `seen` is the stamp of the answer that was
    there when the page was drawn."""

    why = forms.CharField(
        required=False,
        max_length=LONGEST_WHY,
        label="Why",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What the answer rests on, in your own words. Whoever reads the result later sees it there.",
    )
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, question: Question, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = field_of(question)
        self.order_fields(["value", "why", "seen"])


def field_of(question: Question) -> forms.Field:
    said: dict[str, Any] = {"label": "Your answer", "required": not question.optional, "help_text": question.help}
    wrong = {"required": "Choose an answer, or leave the question open."}
    if question.kind == "text":
        return forms.CharField(max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5}), **said)
    if question.kind == "amount":
        return forms.FloatField(min_value=0, error_messages={"required": "Give a number."}, **said)
    choices = [("yes", "Yes"), ("no", "No")] if question.kind == "yes-no" else options(question)
    if question.kind == "several":
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, error_messages=wrong, **said
        )
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, error_messages=wrong, **said)


def options(question: Question) -> list[tuple[str, str]]:
    return [(each.id, f"{each.text} ({each.help})" if each.help else each.text) for each in question.options]


@dataclass(frozen=True, slots=True)
class Line:
    """A question that matters, with its answer in words; `said` is None while it is open."""

    question: Question
    said: Mapping[str, Any] | None
    words: list[str]
    by: str


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the questionnaire as far as it is known to matter."""

    title: str
    lines: list[Line]
    state: str

    @property
    def first_open(self) -> Question | None:
        return next((line.question for line in self.lines if line.said is None), None)


def parts(answers: Answers | None) -> list[Part]:
    """The sections that have a question that matters, with `done`, `begun` or `open`."""
    given = answers.answers if answers else {}
    people = {user.pk: str(user) for user in User.objects.filter(pk__in={said["by"] for said in given.values()})}
    matter = questionnaire.pages(values(answers), today())
    found = []
    for section in questionnaire.sections():
        asked = [question for question in matter if question.section == section.id]
        lines = [line(question, given.get(question.id), people) for question in asked]
        if lines:
            found.append(Part(section.title, lines, state(lines)))
    return found


def line(question: Question, said: Mapping[str, Any] | None, people: Mapping[int, str]) -> Line:
    words = readable(question, said["value"]) if said else []
    return Line(question, said, words, people.get(said["by"], "somebody") if said else "")


def state(lines: list[Line]) -> str:
    if all(each.said is not None or each.question.optional for each in lines):
        return "done"
    return "begun" if any(each.said is not None for each in lines) else "open"


def stopped(system: System, answers: Answers | None) -> Classification | None:
    """The class, where the answers lead to a prohibited practice."""
    found = found_on(system, answers, today())
    return found if found is not None and found.primary in STOPPED else None


@require_safe
def questions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The list of what there is to answer."""
    found = one_of(organisation_for(request), pk)
    answers = found.answered
    given = values(answers)
    said = {
        "system": found,
        "parts": parts(answers),
        "next": questionnaire.next_question(given, day=today()),
        "left": questionnaire.still_open(given, today()),
        "contradictions": questionnaire.contradictions(given, today()),
        "stopped": stopped(found, answers),
        "begun": bool(given),
        "may_govern": may(request.user, "govern", found),
    }
    return render(request, "systems/questions.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, pk: UUID, question: str) -> HttpResponse:
    """One question. An answer stays when other answers make its question idle, and counts again once it matters."""
    found = one_of(organisation_for(request, "govern"), pk)
    asked, answers = asked_of(question), found.answered
    if asked.id not in [each.id for each in questionnaire.pages(values(answers), today())]:
        messages.info(request, "This question does not matter any more, given the other answers.")
        return redirect("system-questions", found.pk)
    if request.method != "POST":
        return one(request, found, answers, asked, AnswerForm(initial=initial(answers, asked), question=asked))
    if "open" in request.POST:
        return left_open(request, found, asked)
    form = AnswerForm(request.POST, question=asked)
    if form.is_valid():
        said = form.cleaned_data
        try:
            answers = answer(request.user, found, {asked.id: (said["value"], said["why"])}, said["seen"])
        except StaleAnswer as error:
            return stale(request, found, error.current, asked, form)
        except InputError as error:
            form.add_error("value", str(error))
        else:
            return redirect(onward(found, answers, asked))
    return one(request, found, answers, asked, form, status=422)


def one(
    request: HttpRequest, system: System, answers: Answers | None, asked: Question, form: AnswerForm, **more: Any
) -> HttpResponse:
    status = more.pop("status", 200)
    given = answers.answers.get(asked.id) if answers else None
    section = next(each.title for each in questionnaire.sections() if each.id == asked.section)
    conflicts = [each for each in questionnaire.contradictions(values(answers), today()) if asked.id in each.questions]
    said = {
        "system": system, "asked": asked, "form": form, "section": section, "contradictions": conflicts,
        "may_govern": True, "given": given, "by": User.objects.filter(pk=given["by"]).first() if given else None,
    }  # fmt: skip
    return render(request, "systems/question.html", said | more, status=status)


def initial(answers: Answers | None, asked: Question) -> dict[str, Any]:
    given = answers.answers.get(asked.id, {}) if answers else {}
    return {"value": given.get("value"), "why": given.get("why", ""), "seen": stamp(answers, asked.id)}


def left_open(request: HttpRequest, system: System, asked: Question) -> HttpResponse:
    """Without an answer, or with the one there was taken away."""
    try:
        answers = answer(request.user, system, {asked.id: (None, "")}, request.POST.get("seen", ""))
    except StaleAnswer as error:
        return stale(request, system, error.current, asked, AnswerForm(request.POST, question=asked))
    return redirect(onward(system, answers, asked))


def stale(
    request: HttpRequest, system: System, current: Answers | None, asked: Question, form: AnswerForm
) -> HttpResponse:
    """What was typed, to be sent again, beside what was answered meanwhile."""
    typed = {"value": form.data.getlist("value") if asked.kind == "several" else form.data.get("value")}  # type: ignore[attr-defined]
    typed |= {"why": form.data.get("why", ""), "seen": stamp(current, asked.id)}
    theirs = current.answers.get(asked.id) if current else None
    meanwhile = (
        {"words": readable(asked, theirs["value"]), "why": theirs["why"]} if theirs else {"words": [], "why": ""}
    )
    again = AnswerForm(initial=typed, question=asked)
    return one(request, system, current, asked, again, status=409, meanwhile=meanwhile)


def onward(system: System, answers: Answers | None, asked: Question) -> str:
    """The next open question behind this one, or the answers to check."""
    following = questionnaire.next_question(values(answers), asked.id, today())
    if following is None:
        return reverse("check-answers", args=[system.pk])
    return reverse("system-question", args=[system.pk, following.id])


def asked_of(name: str) -> Question:
    try:
        return questionnaire.question(name)
    except InputError:
        raise Http404("There is no such question.") from None


@require_safe
def check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All answers, what they come to today, and the form that records it."""
    found = one_of(organisation_for(request), pk)
    said = {"as_of": today(), "assessment": written_assessment(found.answered)}
    return checked(request, found, ClassifyForm(initial=said))


class ClassifyForm(forms.Form):
    """`number` is the revision of the answers that was looked at."""

    as_of = forms.DateField(
        label="As of",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The day for which the law is read.",
        error_messages={"required": "Give the day.", "invalid": "Write the day as 2026-11-21."},
    )
    assessment = forms.CharField(
        required=False,
        max_length=20_000,
        label="Documented assessment",
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Why the system does not materially influence decisions and poses no significant risk to health, "
        "safety or fundamental rights (Article 6(3) and (4)). It is kept with the class; an authority may ask for it.",
    )
    number = forms.IntegerField(required=False, widget=forms.HiddenInput)


def checked(request: HttpRequest, system: System, form: ClassifyForm, status: int = 200) -> HttpResponse:
    answers = system.answered
    given = values(answers)
    outcome = found_on(system, answers, today())
    form.fields["assessment"].required = outcome is not None and outcome.primary == DEROGATION  # as the page tells
    said = {
        "system": system,
        "answers": answers,
        "parts": parts(answers),
        "left": questionnaire.still_open(given, today()),
        "contradictions": questionnaire.contradictions(given, today()),
        "outcome": outcome,
        "is_stopped": outcome is not None and outcome.primary in STOPPED,
        "is_derogation": outcome is not None and outcome.primary == DEROGATION,
        "form": form,
        "may_govern": may(request.user, "govern", system),
        "may_classify": may(request.user, "classify", system),
    }
    return render(request, "systems/check.html", said, status=status)
