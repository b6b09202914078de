"""Reviews of a system: what comes due, what was found, and the forms about both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.reviews import keeping
from governance.reviews.forms import DoneForm, ReviewForm, written
from governance.reviews.keeping import Done
from governance.reviews.lists import address_of, reviews_of
from governance.reviews.models import Review
from governance.systems.stale import Stale
from governance.systems.views import one_of as one_system
from models.accounts.access import organisation_for
from models.accounts.permission import may
from models.errors import InputError

ON_A_PAGE = 25


@require_safe
def system_reviews(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is planned, and what was done, the newest first."""
    organisation = organisation_for(request)
    system = one_system(organisation, pk)
    found = reviews_of(organisation).filter(system=system)
    done = found.exclude(done_at=None).order_by("-done_at", "pk")
    said = {
        "system": system,
        "planned": found.filter(done_at=None).order_by("due_on", "pk"),
        "page": Paginator(done, ON_A_PAGE).get_page(request.GET.get("page")),
        "may_govern": may(request.user, "govern", organisation),
    }
    return render(request, "reviews/reviews.html", said)


@require_http_methods(["GET", "HEAD", "POST"])
def new_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    organisation = organisation_for(request, "govern")
    system = one_system(organisation, pk)
    form = ReviewForm(request.POST if request.method == "POST" else None, organisation=organisation)
    if request.method == "POST" and form.is_valid():
        try:
            made = keeping.plan(request.user, system, form.said())
        except InputError as error:
            form.add_error(field_of(error), str(error))
        else:
            messages.success(request, "Planned. Its owner is told 30 and 7 days before, on the day, and after it.")
            return redirect(address_of(made))
    said = {"system": system, "form": form}
    return render(request, "reviews/new.html", said, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form; 409 where the review was changed since the form was opened, with what was typed still in it."""
    organisation = organisation_for(request, "govern")
    found = one_of(request, pk)
    if request.method != "POST":
        form = ReviewForm(initial=written(found), organisation=organisation)
        return render(request, "reviews/change.html", {"review": found, "form": form})
    form = ReviewForm(request.POST, initial=written(found), organisation=organisation)
    if form.is_valid():
        try:
            keeping.change(request.user, found, form.said(), form.cleaned_data["edition"] or 0)
        except Stale as error:
            mine = ReviewForm(initial=form.said() | {"edition": error.current.edition}, organisation=organisation)
            said = {"review": error.current, "form": mine, "meanwhile": error.current}
            return render(request, "reviews/change.html", said, status=409)
        except InputError as error:
            form.add_error(field_of(error), str(error))
        else:
            messages.success(request, "Saved.")
            return redirect(address_of(found))
    return render(request, "reviews/change.html", {"review": found, "form": form}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def do_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was found; 409 where the review was changed since the form was opened."""
    found = one_of(request, pk, "govern")
    form = DoneForm(request.POST if request.method == "POST" else None, initial={"edition": found.edition})
    said: dict[str, Any] = {"review": found, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            done = keeping.do(request.user, found, form.cleaned_data["notes"], form.cleaned_data["edition"] or 0)
        except Stale as error:
            initial = {"notes": form.cleaned_data["notes"], "edition": error.current.edition}
            said |= {"review": error.current, "form": DoneForm(initial=initial), "meanwhile": error.current}
            return render(request, "reviews/do.html", said, status=409)
        except InputError as error:
            form.add_error("notes", str(error))
        else:
            messages.success(request, told(done))
            return redirect(address_of(done))
    return render(request, "reviews/do.html", said, status=422 if form.errors else 200)


@require_POST
def drop_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = one_of(request, pk, "govern")
    try:
        keeping.drop(request.user, found)
    except Done as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is not planned any more. The trail keeps that it was.")
    return redirect("system-reviews", found.system_id)


def told(done: Review) -> str:
    following = Review.unscoped.filter(after=done).first()
    return f"Done. The next one is due on {following.due_on:%-d %B %Y}." if following else "Done."


def one_of(request: HttpRequest, pk: UUID, action: str = "read") -> Review:
    found = reviews_of(organisation_for(request, action)).select_related("system__organisation", "owner", "done_by")
    return get_object_or_404(found, pk=pk)


def field_of(error: InputError) -> str | None:
    """The field that a refusal speaks of."""
    said = str(error)
    return "owner" if "owner" in said else "every_months" if "months" in said else "due_on" if "due" in said else None
