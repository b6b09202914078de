"""Reviews: planned, done and planned again; the calendar of everything with a day; and the notices on the page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from governance.obligations.models import Duty
from governance.reviews import keeping
from governance.reviews.calendar import folded, text
from governance.reviews.models import Notice, Review
from governance.reviews.system_sections import reviews
from governance.systems.days import today
from governance.systems.models import System
from models.errors import InputError
from models.trail.models import Entry


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


def said(**more) -> dict:
    return {"what": "Drift of the scores", "due_on": "2027-03-01", "every_months": "6"} | more


def planned(world, **more) -> Review:
    due = {"what": "Oversight", "due_on": today() + timedelta(days=10)}
    return keeping.plan(world.people["officer"], world.system, due | more)


def verbs(thing) -> list[str]:
    found = Entry.unscoped.filter(object_type="reviews.review", object_id=str(thing.pk)).order_by("sequence")
    return [entry.verb for entry in found]


def test_a_review_is_planned_changed_done_and_comes_again(officer, world):
    answer = officer.post(f"/systems/{world.system.pk}/reviews/new/", said(), follow=True)
    made = Review.unscoped.get(what="Drift of the scores")
    assert f'id="review-{made.pk}"' in answer.content.decode()
    assert officer.post(f"/reviews/{made.pk}/change/", said(due_on="2027-02-01", edition=1)).status_code == 302
    assert officer.post(f"/reviews/{made.pk}/done/", {"notes": "All is well.", "edition": 2}).status_code == 302
    made.refresh_from_db()
    assert (made.due_on, made.notes, made.done_by) == (date(2027, 2, 1), "All is well.", world.people["officer"])
    following = Review.unscoped.get(after=made)
    assert (following.due_on, following.done_at) == (keeping.months_later(today(), 6), None)
    assert (verbs(made), verbs(following)) == (["planned", "changed", "done"], ["planned"])
    assert "All is well." in officer.get(f"/systems/{world.system.pk}/reviews/").content.decode()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"what": " "}, "Say what is reviewed"),
        ({"due_on": ""}, "Say by which day it is due"),
        ({"due_on": "soon"}, "Write the day as"),
        ({"due_on": "9999-01-01"}, "before the year 3000"),
        ({"every_months": "0"}, "greater than or equal to 1"),
        ({"every_months": "121"}, "less than or equal to 120"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(officer, world, more, told):
    answer = officer.post(f"/systems/{world.system.pk}/reviews/new/", said(**more))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert Review.unscoped.count() == 1


def test_who_was_slower_is_shown_what_changed_meanwhile_and_loses_nothing(officer, world):
    review = planned(world)
    keeping.change(world.people["officer"], review, {"what": "Meanwhile"}, 1)
    for address, typed in (("change", said(edition=1)), ("done", {"notes": "Drift of the scores", "edition": 1})):
        answer = officer.post(f"/reviews/{review.pk}/{address}/", typed)
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "Meanwhile" in page
        assert "Drift of the scores" in page
    assert Review.unscoped.get(pk=review.pk).what == "Meanwhile"


def test_what_was_done_stays_and_is_done_once(officer, world):
    review = keeping.do(world.people["officer"], planned(world, every_months=1), "All is well.")
    for again in (lambda: keeping.do(world.people["officer"], review, "No."),
                  lambda: keeping.change(world.people["officer"], review, {"what": "No"}, None),
                  lambda: keeping.drop(world.people["officer"], review)):  # fmt: skip
        with pytest.raises(InputError, match="done already"):
            again()
    assert Review.unscoped.filter(after=review).count() == 1


def test_a_review_is_taken_off_the_plan_and_the_trail_keeps_it(officer, world):
    review = planned(world)
    assert officer.post(f"/reviews/{review.pk}/drop/").status_code == 302
    assert not Review.unscoped.filter(pk=review.pk).exists()
    assert verbs(review) == ["planned", "dropped"]


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 11, 21), 12, date(2027, 11, 21)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_are_counted_to_the_same_day_or_the_last_one(day, months, later):
    assert keeping.months_later(day, months) == later


def test_the_calendar_has_what_is_overdue_then_each_month_and_the_law(officer, world):
    late = planned(world, what="Late one", due_on=today() - timedelta(days=3))
    Duty.unscoped.filter(pk=world.duty.pk).update(state="in progress", due_on=today() + timedelta(days=40))
    page = officer.get("/calendar/").content.decode()
    assert "<h1>One thing is overdue</h1>" in page
    overdue, _, ahead = page.partition(f"<h2>{timezone.now():%B %Y}</h2>")
    assert late.what in overdue
    assert world.duty.asks.ref in ahead
    law = Duty.unscoped.filter(system=world.system, is_asked=True, where="", binds_from__gt=today())
    day = min(law.values_list("binds_from", flat=True))
    begins = officer.get(f"/calendar/?from={day:%Y-%m}&kind=Law").content.decode()
    assert f"{day:%-d %b %Y}" in begins
    assert "obligations begin to bind" in begins
    assert late.what not in begins


@pytest.mark.parametrize("month", ["2020-01", "2999-01", "x", "2026-13", ""])
def test_a_month_that_is_not_there_is_not_found(officer, month):
    assert officer.get("/calendar/", {"from": month}).status_code == 404


def test_what_is_of_an_archived_system_comes_due_no_more(officer, world):
    planned(world, what="Late one", due_on=today() - timedelta(days=3))
    System.unscoped.filter(pk=world.system.pk).update(is_archived=True)
    assert "Late one" not in officer.get("/calendar/").content.decode()


def test_only_mine_and_only_what_was_searched_for(officer, world):
    planned(world, what="Of the engineer", owner=world.people["engineer"])
    planned(world, what="Of the officer", owner=world.people["officer"])
    mine = officer.get("/calendar/?show=mine").content.decode()
    assert ("Of the officer" in mine, "Of the engineer" in mine) == (True, False)
    found = officer.get("/calendar/?q=the+engineer").content.decode()
    assert ("Of the officer" in found, "Of the engineer" in found) == (False, True)


def test_the_file_for_calendars_is_one_that_calendars_read(officer, world):
    planned(world, what="A; b, c\\d" + "ü" * 100)
    answer = officer.get("/calendar/plumbline.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert (lines[0], lines[-2], lines[-1]) == (b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"")
    assert max(len(line) for line in lines) <= 75
    whole = answer.content.decode().replace("\r\n ", "")
    assert "SUMMARY:Review: A\\; b\\, c\\\\d" + "ü" * 100 in whole
    assert f"DTSTART;VALUE=DATE:{today() + timedelta(days=10):%Y%m%d}" in whole
    assert f"URL:http://testserver/systems/{world.system.pk}/reviews/#review-" in whole
    assert whole.count("BEGIN:VEVENT") == whole.count("END:VEVENT") == whole.count("\nUID:") >= 2


def test_a_name_cannot_write_lines_of_its_own_into_the_file():
    assert text("a\r\nBEGIN:VEVENT") == "a BEGIN:VEVENT"
    assert folded("x" * 200).split("\r\n")[1] == " " + "x" * 74


def test_a_notice_is_counted_in_the_head_until_it_was_seen(officer, world):
    page = officer.get("/notices/").content.decode()
    number = Notice.unscoped.filter(user=world.people["officer"], seen_at=None).count()
    assert f'<a class="waiting" href="/notices/">{number}<' in page
    answer = officer.post(f"/notices/{world.notice.pk}/seen/")
    assert answer["Location"] == world.notice.address
    officer.post("/notices/seen/")
    page = officer.get("/notices/").content.decode()
    assert 'class="waiting"' not in page
    assert "You have seen every notice" in page


def test_what_somebody_else_was_told_is_not_there(client, world):
    client.force_login(world.people["engineer"])
    assert client.post(f"/notices/{world.notice.pk}/seen/").status_code == 404
    world.notice.refresh_from_db()
    assert world.notice.seen_at is None


def test_the_systems_page_has_the_last_that_was_done_and_the_next_three(officer, world):
    for days in range(2, 6):
        said = {"what": f"In {days}", "due_on": today() + timedelta(days=days + 10)}
        keeping.plan(world.people["officer"], world.system, said)
    first = Review.unscoped.filter(what="In 2").get()
    keeping.do(world.people["officer"], first, "All is well.")
    section = reviews(world.system, officer.get(f"/systems/{world.system.pk}/").wsgi_request)
    assert section["last"].pk == first.pk
    assert [each.what for each in section["rows"]][1:] == ["In 3", "In 4"]
    assert section["more"]
