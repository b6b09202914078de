"""Reviews, the calendar and notices, by the API."""

from __future__ import annotations

from datetime import timedelta

from governance.reviews.models import Review
from governance.systems.days import today


def test_a_review_is_planned_changed_done_and_comes_again(as_role, world):
    officer = as_role("officer")
    said = {"system": str(world.system.pk), "what": "Drift", "due_on": "2027-03-01", "every_months": 6}
    made = officer("POST", "/reviews", said | {"owner": str(world.people["engineer"].pk)})
    address = f"/reviews/{made.json()['id']}"
    assert made["Location"] == f"/api/v1{address}"
    stale = {"If-Match": '"of another one"'}
    assert officer("PATCH", address, {"what": "Other"}, **stale).status_code == 412
    changed = officer("PATCH", address, {"owner": None, "what": None}, **{"If-Match": made["ETag"]})
    assert (changed.json()["owner"], changed.json()["what"], changed.json()["every_months"]) == (None, "Drift", 6)
    assert officer("POST", f"{address}/done", {"notes": "All is well."}).json()["notes"] == "All is well."
    assert officer("POST", f"{address}/done", {"notes": "Again."}).status_code == 422
    following = Review.unscoped.get(after=made.json()["id"])
    listed = officer("GET", f"/reviews?system={world.system.pk}&done=false").json()["items"]
    assert [each["id"] for each in listed] == [str(world.review.pk), str(following.pk)]


def test_an_owner_from_elsewhere_is_refused_as_one_that_is_not_there(as_role, world, elsewhere):
    said = {"system": str(world.system.pk), "what": "Drift", "due_on": "2027-03-01"}
    for owner in (str(elsewhere.people["engineer"].pk), "999999", "x"):
        assert as_role("officer")("POST", "/reviews", said | {"owner": owner}).status_code == 422
    assert Review.unscoped.count() == 2  # the two worlds' own


def test_the_calendar_ends_on_the_day_that_was_asked_for(as_role, world):
    reader = as_role("auditor")
    found = {each["key"] for each in reader("GET", "/calendar").json()["items"]}
    assert f"review:{world.review.pk}" in found
    until = today() + timedelta(days=2)
    assert f"review:{world.review.pk}" not in str(reader("GET", f"/calendar?until={until}").content)


def test_one_sees_ones_own_notices_and_marks_them(as_role, world):
    assert as_role("engineer")("POST", f"/notices/{world.notice.pk}/seen").status_code == 404
    officer = as_role("officer")
    assert str(world.notice.pk) in {each["id"] for each in officer("GET", "/notices?seen=false").json()["items"]}
    seen = officer("POST", f"/notices/{world.notice.pk}/seen").json()["seen_at"]
    assert seen
    assert [each["seen_at"] for each in officer("GET", "/notices?seen=true").json()["items"]] == [seen]
