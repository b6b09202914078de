"""What every room of governance keeps to: keys, pages, other people's ids, days of the law, and odd texts."""

from __future__ import annotations

import json

import pytest

from models.accounts.roles import Role
from tests.api.conftest import Caller, is_problem
from tests.api.test_every_operation import call, rows
from tests.api.ways import NOBODY, WAYS

KEY = "monday, first try"
POSTS = [name for name, way in WAYS.items() if way.method == "POST" and not way.by_person and way.status < 300]
NOT_KEYED = ("cancel_job", "complete_upload")  # done twice they change nothing
LONG_AGO, ODD = "2020-01-01", ("0001-01-01", "9999-12-31")


@pytest.fixture
def officer(as_role) -> Caller:
    return as_role("officer")


@pytest.mark.parametrize("name", [name for name in POSTS if name not in NOT_KEYED])
def test_a_post_that_is_repeated_with_its_key_is_done_once(name, world, as_role):
    caller = as_role(WAYS[name].role)
    first = call(caller, name, world, Idempotency_Key=KEY)
    before = rows()
    again = call(caller, name, world, Idempotency_Key=KEY)
    if WAYS[name].body(world) == WAYS[name].body(world):
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again["Idempotency-Replayed"] == "true"
    else:  # a body that holds the present moment is another one
        assert is_problem(again, 422, "idempotency-key-reused")
    assert rows() == before


def test_every_list_can_be_walked_page_by_page(world, as_role):
    callers = {role: as_role(role) for role in Role.values}
    lists = 0
    for name, way in WAYS.items():
        address, caller = way.address(world), callers[way.role]
        if not name.startswith("list_") or caller.get(limited(address, 1)).status_code == 422:
            continue  # whole on one page
        whole = walked(caller, address, 100)
        assert walked(caller, address, max(1, len(whole) // 4)) == whole, name
        lists += 1
    assert lists > 20


def walked(caller, address, limit):
    found, following = [], limited(address, limit)
    while following:
        said = caller.get(following).json()
        assert len(said["items"]) <= limit
        found += said["items"]
        following = said["next"]
    return found


def limited(address, limit):
    return f"{address}{'&' if '?' in address else '?'}limit={limit}"


def test_another_organisations_id_in_a_body_is_not_there(officer, world, elsewhere):
    theirs, mine = str(elsewhere.system.pk), str(world.system.pk)
    stranger = str(elsewhere.people["officer"].pk)
    before = rows()
    for path, body in (
        ("/risks", {"system": theirs, "hazard": "It refuses all"}),
        ("/incidents", {"system": theirs, "title": "All", "aware_at": "2026-11-21T12:00:00Z"}),
        ("/reviews", {"system": theirs, "what": "Drift", "due_on": "2027-03-01"}),
        ("/assessments", {"system": theirs}),
        ("/evidence", {"system": theirs, "title": "x", "type": "policy", "text": "y"}),
        ("/evidence", {"system": mine, "title": "x", "type": "policy", "audit": str(elsewhere.done.pk)}),
        ("/evidence", {"system": mine, "title": "x", "type": "policy", "upload": NOBODY}),
        ("/evidence", {"system": mine, "title": "x", "type": "policy", "text": "y",
                       "replaces": str(elsewhere.evidence.pk)}),
        (f"/systems/{mine}/parts", {"version": str(elsewhere.model.pk)}),
        (f"/systems/{mine}/results", {"audit": str(elsewhere.done.pk)}),
        (f"/obligations/{world.duty.pk}/evidence", {"evidence": str(elsewhere.evidence.pk)}),
        (f"/systems/{mine}/statements/fria",
         {"content": {"art-27-1-a": "x"}, "draws_on": {"art-27-1-a": str(elsewhere.evidence.pk)}}),
    ):  # fmt: skip
        assert is_problem(officer.post(path, body), 404, "not-found"), path
    for path, body in (
        ("/systems", {"name": "New", "owner": stranger}),
        ("/risks", {"system": mine, "hazard": "It refuses all", "owner": stranger}),
        ("/evidence", {"system": mine, "title": "x", "type": "policy", "text": "y", "owner": stranger}),
    ):
        answer = officer.post(path, body)
        assert is_problem(answer, 422, "invalid"), path
        assert answer.json()["errors"][0]["pointer"] == "/body/owner", path
    planned = officer.post("/reviews", {"system": mine, "what": "x", "due_on": "2027-03-01", "owner": stranger})
    assert planned.status_code == 422
    assert rows() == before
    for listing in ("/risks", "/incidents", "/reviews", "/assessments", "/evidence", "/obligations"):
        assert officer.get(f"{listing}?system={theirs}").json()["items"] == [], listing


def test_a_day_before_the_law_and_a_version_that_is_not_held_are_refused_in_words(officer, world):
    for path in (
        f"/law?as_of={LONG_AGO}",
        f"/law/frameworks/eu-ai-act?as_of={LONG_AGO}",
        f"/law/requirements/art-9-1?as_of={LONG_AGO}",
        f"/law/lists/eu-ai-act-timeline?as_of={ODD[0]}",
        f"/systems/{world.system.pk}/outcome?as_of={LONG_AGO}",
        f"/systems/{world.system.pk}/law?as_of={LONG_AGO}",
    ):
        answer = officer.get(path)
        assert is_problem(answer, 422, "refused"), path
        assert "2026-07-27" in answer.json()["detail"], path
    begun = officer.post("/assessments", {"system": str(world.system.pk), "as_of": LONG_AGO})
    assert is_problem(begun, 422, "refused")
    assert "2026-07-27" in begun.json()["detail"] or "review" in begun.json()["detail"]
    other = officer.get("/law/frameworks/eu-ai-act?version=2024")
    assert is_problem(other, 422, "refused")
    assert "consolidated" in other.json()["detail"]
    unknown = officer.get("/law/frameworks/eu-ai-acts")
    assert is_problem(unknown, 404, "not-found")
    assert "eu-ai-act" in unknown.json()["detail"]
    assert is_problem(officer.get("/law/requirements/art-9-999"), 404, "not-found")


def test_the_same_question_on_another_day_gets_that_days_answer(officer, world):
    now, later = (
        officer.get(f"/systems/{world.system.pk}/law?as_of={day}").json() for day in ("2026-11-21", "2027-12-02")
    )
    named = {day: {each["id"] for each in said["in_force"]} for day, said in (("now", now), ("later", later))}
    assert "art-9-1" not in named["now"]
    assert "art-9-1" in {each["id"] for each in now["coming"]}
    assert "art-9-1" in named["later"]


@pytest.mark.parametrize(
    "day", ["tomorrow", "2026-13-01", "20261121", "1795219200", "2026-11-21T00:00:00Z", "٢٠٢٦-١١-٢١"]
)
def test_what_is_no_day_is_refused_where_it_stands(officer, world, day):
    answer = officer.get(f"/systems/{world.system.pk}/outcome?as_of={day}")
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/query/as_of"
    answer = officer.post("/reviews", {"system": str(world.system.pk), "what": "Drift", "due_on": day})
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/body/due_on"


@pytest.mark.parametrize("day", ODD)
def test_a_day_of_another_age_breaks_nothing(officer, world, day):
    system = str(world.system.pk)
    for path, body in (
        ("/reviews", {"system": system, "what": "Drift", "due_on": day, "every_months": 120}),
        (f"/risks/{world.risk.pk}/measures", {"text": "Read it.", "due_on": day, "done_on": day}),
        ("/evidence", {"system": system, "title": "x", "type": "policy", "text": "y", "expires_on": day}),
        ("/systems", {"name": f"Of {day}", "placed_on": day}),
        ("/incidents", {"system": system, "title": "x", "aware_at": f"{day}T00:00:00Z"}),
        ("/assessments", {"system": system, "as_of": day}),
    ):
        assert officer.post(path, body).status_code in (201, 422), path
    for path in (f"/calendar?until={day}", "/reviews", "/incidents", "/obligations", "/evidence", "/systems", "/risks"):
        assert officer.get(path).status_code == 200, path


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7*7 }}", "\u202egnp.exe", "=cmd|' /C calc'!A0"])
def test_odd_text_comes_back_as_it_went_in(officer, world, text):
    made = officer.post("/risks", {"system": str(world.system.pk), "hazard": text, "cause": text})
    assert made.status_code == 201
    assert (made.json()["hazard"], made.json()["cause"]) == (text, text)
    assert made["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800"])
def test_what_no_database_takes_is_refused_in_every_text(text, world, as_role):
    callers = {role: as_role(role) for role in Role.values}
    before = rows()
    for name, field in (
        ("create_risk", "hazard"),
        ("create_incident", "title"),
        ("create_review", "what"),
        ("create_system", "name"),
        ("create_assessment_comment", "text"),
        ("close_risk", "closing"),
    ):
        way = WAYS[name]
        body = json.dumps({**way.body(world), field: text}).encode()
        answer = callers[way.role](way.method, way.address(world), body, Content_Type="application/json")
        assert is_problem(answer, 422, "invalid"), name
    assert rows() == before


def test_answers_that_are_none_are_refused_by_the_question(officer, world):
    path = f"/systems/{world.system.pk}/answers"
    for answers in (
        {"no-such-question": {"value": "yes"}},
        {"machine": {"value": "perhaps"}},
        {"machine": {"value": ["yes"]}},
        {"areas": {"value": "work"}},
        {"flops": {"value": "many"}},
    ):
        answer = officer.post(path, {"answers": answers})
        assert answer.status_code == 422, answers
        assert answer["Content-Type"] == "application/problem+json"
    newest = officer.get(path).json()["revision"]
    stale = officer.post(path, {"answers": {"machine": {"value": "yes"}}, "revision": newest + 1})
    assert is_problem(stale, 409, "conflict")
    assert officer.get(path).json()["revision"] == newest


def test_a_sheet_that_is_none_is_refused(officer):
    for content in (b"\x00\x01\x02", b"PK\x03\x04 no sheet", "name\nä".encode("latin-1"), b"colour\nred\n"):
        answer = officer("POST", "/systems/import?dry_run=false", content, Content_Type="application/octet-stream")
        assert answer.status_code == 422, content
        assert answer["Content-Type"] == "application/problem+json"
    assert is_problem(
        officer.post("/systems/import", b"name\nx\n", Content_Type="text/csv"), 415, "unsupported-media-type"
    )
    large = officer.post("/systems/import", b"name\n" + b"x" * 2_100_000)
    assert is_problem(large, 413, "too-large")
