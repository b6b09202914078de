"""The calendar and the notices of who is signed in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from governance.reviews.calendar import MONTHS, MOST, by_month, icalendar, last_of
from governance.reviews.keeping import months_later
from governance.reviews.lists import is_mailed, notices_of
from governance.reviews.notices import choose_mail, see
from governance.systems.days import Due, Span, collected, today
from models.accounts.access import organisation_for
from models.accounts.delegation import acts_for
from models.accounts.filters import Filters, choice
from models.accounts.models import Membership

ON_A_PAGE = 50
YEARS = 5  # how far ahead page and file look


class CalendarFilters(Filters):
    """Of what is read already; mine is also that of whom I stand in for."""

    kind = choice("Kind", "All", ())
    show = choice("Whose", "Everybody's", [("mine", "Mine"), ("nobodys", "Without an owner who is here")])

    def __init__(self, request: HttpRequest, found: list[Due]) -> None:
        super().__init__(request)
        self.organisation = organisation_for(request)
        self.own = acts_for(request.user, self.organisation)
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        kinds = {each.kind for each in found} | {request.GET.get("kind", "")} - {""}
        field.choices = [("", "All"), *((kind, kind) for kind in sorted(kinds))]

    def kept(self, found: list[Due]) -> list[Due]:
        if not self.is_valid():
            return []
        said = self.cleaned_data
        shown = {"mine": self.is_mine, "nobodys": self.is_nobodys}.get(said["show"], lambda each: True)
        return [
            each
            for each in found
            if said["q"].casefold() in f"{each.title} {each.system}".casefold()
            and said["kind"] in ("", each.kind)
            and shown(each)
        ]

    def is_mine(self, each: Due) -> bool:
        return each.owner in self.own

    def is_nobodys(self, each: Due) -> bool:
        return each.owner not in self.members

    @cached_property
    def members(self) -> set[int]:
        here = Membership.objects.of(self.organisation).filter(user__is_active=True)
        return set(here.values_list("user_id", flat=True))


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """Twelve months, from this one or that which the address names; before this one only what is overdue is left."""
    organisation = organisation_for(request)
    this = today().replace(day=1)
    first = month(request.GET["from"], this) if "from" in request.GET else this
    since = None if first == this else first
    everything = collected(organisation, Span(since, last_of(first, MONTHS), MOST))
    filters, now = CalendarFilters(request, everything), timezone.now()
    found = filters.kept(everything)
    overdue = [each for each in found if each.is_overdue(now)]
    query = request.GET.copy()
    query.pop("from", None)
    said = {
        "filters": filters,
        "overdue": overdue,
        "months": list(by_month(each for each in found if not each.is_overdue(now))),
        "first": first,
        "last": last_of(first, MONTHS),
        "later": f"{following:%Y-%m}" if (following := months_later(first, MONTHS)) < furthest(this) else "",
        "earlier": f"{max(this, months_later(first, -MONTHS)):%Y-%m}" if first > this else "",
        "kept": f"&{query.urlencode()}" if query else "",
        "there_are": bool(everything),
        "today": today(),
    }
    return render(request, "reviews/calendar.html", said, status=422 if filters.errors else 200)


def month(asked: str, least: date) -> date:
    """The first day of `2027-03`; Http404 for what is no month from this one to those years ahead."""
    try:
        found = datetime.strptime(asked, "%Y-%m").date()
    except ValueError:
        raise Http404("The calendar has no such month.") from None
    if not least <= found < furthest(least):
        raise Http404("The calendar has no such month.")
    return found


def furthest(this: date) -> date:
    return months_later(this, 12 * YEARS)


@require_safe
def calendar_file(request: HttpRequest) -> HttpResponse:
    """All that is open, years ahead, for a calendar program."""
    organisation = organisation_for(request, "export")
    found = collected(organisation, Span(None, furthest(today()), MOST))
    site = settings.SITE_URL or request.build_absolute_uri("/")[:-1]
    content = icalendar(found, site, f"Plumbline: {organisation}", timezone.now())
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="plumbline.ics"'
    return answer


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    organisation = organisation_for(request)
    found = notices_of(request.user, organisation)
    said = {
        "page": Paginator(found, ON_A_PAGE).get_page(request.GET.get("page")),
        "waiting": found.filter(seen_at=None).count(),
        "mail": settings.MAIL,
        "is_mailed": is_mailed(request.user, organisation),
    }
    return render(request, "reviews/notices.html", said)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """`mail`: on or off; anything else changes nothing."""
    organisation, said = organisation_for(request), request.POST.get("mail")
    if said in ("on", "off"):
        choose_mail(request.user, organisation, said == "on")
        messages.success(
            request, "You get mail again." if said == "on" else "You get no mail. Your notices stand here."
        )
    return redirect("notices")


@require_POST
def see_notices(request: HttpRequest) -> HttpResponse:
    see(request.user, organisation_for(request))
    messages.success(request, "All of them are marked as seen.")
    return redirect("notices")


@require_POST
def see_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Mark one as seen and go to what it is about."""
    organisation = organisation_for(request)
    notice: Any = get_object_or_404(notices_of(request.user, organisation), pk=pk)
    see(request.user, organisation, notice.pk)
    known = url_has_allowed_host_and_scheme(notice.address, None)
    return redirect(notice.address if known else "notices")
