"""What the pages of members, the trail and two versions do, done by a program."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, timedelta
from threading import Thread

import pytest
from django.db import connection, connections, transaction

from models.accounts.links import open_links
from models.accounts.members import password_link
from models.accounts.models import OneTimeLink, Organisation
from models.jobs.models import Job
from models.jobs.perform import perform
from models.jobs.submit import cancel
from models.registry.comparing import compared_datasets
from models.registry.formats.format import Input, Signature
from models.registry.intake.profile import profile
from models.registry.intake.read import open_table
from models.registry.models import DatasetVersion, ModelVersion
from models.trail import triggers
from models.trail.chain import GENESIS, canonical, entry_hash
from models.trail.models import Entry
from models.trail.record import record
from tests.api.conftest import Caller, is_problem
from tests.models.people import organisation, person
from tests.pages.conftest import table, version_of

VERIFICATION, EXPORT = "/trail/verification", "/trail/export"


def test_open_invitations_are_listed_without_their_secret_and_end_when_withdrawn(administrator, world, client):
    made = administrator.post("/members", {"email": "grace@example.org", "role": "auditor", "name": "Grace"}).json()
    address = made.pop("invitation")
    listed = administrator.get("/members/invitations")
    assert listed.json()["items"][0] == made
    assert [each["email"] for each in listed.json()["items"]] == ["grace@example.org", world.invitation.email]
    assert made["created_by"]["id"] == str(world.people["administrator"].pk)
    assert address.rsplit("/", 2)[1] not in listed.content.decode()
    assert client.get(address, follow=True).status_code == 200
    for _ in range(2):
        assert administrator.delete(f"/members/invitations/{made['id']}").status_code == 204
    assert [each["email"] for each in administrator.get("/members/invitations").json()["items"]] == [
        world.invitation.email
    ]
    assert client.get(address, follow=True).status_code == 410
    assert Entry.unscoped.filter(verb="withdrew", object_id=made["id"]).count() == 1


def test_a_link_for_a_new_password_is_no_invitation(administrator, world):
    link, _ = password_link(world.people["administrator"], world.member)
    assert str(link.pk) not in administrator.get("/members/invitations").content.decode()
    assert is_problem(administrator.delete(f"/members/invitations/{link.pk}"), 404, "not-found")
    assert open_links(world.organisation).filter(kind=OneTimeLink.Kind.PASSWORD).exists()


def test_a_second_factor_is_required_of_every_member_and_no_more(administrator, world, client):
    seen = administrator.get("/organisation")
    assert seen.json() == {"id": str(world.organisation.pk), "name": "Acme Bank", "require_second_factor": False}
    client.force_login(world.people["engineer"])
    assert client.get("/models/").status_code == 200
    done = administrator.patch("/organisation", {"require_second_factor": True}, If_Match=seen["ETag"])
    assert done.json() == {**seen.json(), "require_second_factor": True}
    assert Organisation.objects.get(pk=world.organisation.pk).requires_second_factor
    assert client.get("/models/").status_code == 302
    assert is_problem(client.get("/api/v1/organisation"), 403, "forbidden")
    administrator.patch("/organisation", {"require_second_factor": True}, If_Match=done["ETag"])
    administrator.patch("/organisation", {"require_second_factor": False}, If_Match=done["ETag"])
    assert client.get("/models/").status_code == 200
    verbs = Entry.unscoped.filter(verb__startswith="required").order_by("sequence").values_list("verb", flat=True)
    assert list(verbs) == ["required a second factor", "required no second factor any more"]


@pytest.mark.parametrize("value", [None, 1, "true", "yes", []])
def test_what_is_neither_true_nor_false_is_refused(administrator, value):
    answer = administrator.patch("/organisation", {"require_second_factor": value}, If_Match="*")
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/body/require_second_factor"


def test_a_short_trail_is_checked_at_once_and_that_is_written_down(as_role, world):
    auditor = as_role("auditor")
    last = Entry.unscoped.filter(organisation=world.organisation).latest("sequence")
    found = auditor.post(VERIFICATION, Idempotency_Key="once")
    whole = {"whole": True, "entries": last.sequence, "head": last.hash, "signed": 0}
    assert (found.status_code, found.json()) == (200, {**whole, "bad": None, "reason": None})
    assert auditor.post(VERIFICATION, Idempotency_Key="once").json() == found.json()
    entry = Entry.unscoped.get(verb="checked the trail")
    assert (entry.actor, entry.facts) == (world.people["auditor"], whole)


def test_the_first_bad_entry_of_a_trail_is_named(as_role, world):
    triggers.remove(connection)
    Entry.unscoped.filter(organisation=world.organisation, sequence=3).update(verb="did nothing")
    triggers.install(connection)
    found = as_role("auditor").post(VERIFICATION).json()
    assert (found["whole"], found["entries"], found["bad"]) == (False, 2, 3)
    assert "columns differ" in found["reason"]


def test_a_long_trail_is_checked_by_one_job(as_role, world, monkeypatch):
    monkeypatch.setattr("models.trail.checked.MOST_AT_ONCE", 5)
    auditor = as_role("auditor")
    started = auditor.post(VERIFICATION)
    job = Job.unscoped.get(kind="check trail")
    assert started.status_code == 202
    assert started["Location"] == f"/api/v1/jobs/{job.pk}" == started.json()["links"]["self"]
    assert as_role("officer").post(VERIFICATION).json()["id"] == str(job.pk)
    perform(job.pk)
    found = auditor.get(started["Location"]).json()
    assert (found["state"], found["result"]["whole"]) == ("succeeded", True)
    assert Entry.unscoped.get(verb="checked the trail").actor == world.people["auditor"]


def as_soon_as_there_is_one(act: Callable[[Job], object]) -> Thread:
    """In place of a worker, or of a person who stops the job."""

    def run() -> None:
        for _ in range(400):
            if (job := Job.unscoped.filter(kind="check trail").first()) is not None:
                act(job)
                break
            time.sleep(0.05)
        connections.close_all()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_who_waits_for_the_check_of_a_long_trail_gets_what_it_found(transactional_db, monkeypatch):
    monkeypatch.setattr("models.trail.checked.MOST_AT_ONCE", -1)
    auditor = Caller(person("auditor"), organisation())
    thread = as_soon_as_there_is_one(lambda job: perform(job.pk))
    answer = auditor.post(VERIFICATION, Prefer="wait=60")
    thread.join()
    assert (answer.status_code, answer["Preference-Applied"]) == (200, "wait")
    entry = Entry.unscoped.get(verb="checked the trail")
    assert answer.json() == {**entry.facts, "bad": None, "reason": None}
    assert answer.json()["whole"] is True


def test_who_waits_for_a_check_that_is_stopped_gets_the_job(transactional_db, monkeypatch):
    monkeypatch.setattr("models.trail.checked.MOST_AT_ONCE", -1)
    auditor, officer = Caller(person("auditor"), organisation()), person("officer")
    thread = as_soon_as_there_is_one(lambda job: cancel(job, officer))
    answer = auditor.post(VERIFICATION, Prefer="wait=60")
    thread.join()
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
    assert not Entry.unscoped.filter(verb="checked the trail").exists()


def test_the_export_is_that_of_the_page_and_can_be_checked_without_the_service(as_role, client, world):
    officer = as_role("officer")
    answer = officer.get(EXPORT)
    said = json.loads(b"".join(answer))
    assert answer["Content-Disposition"] == 'attachment; filename="trail.json"'
    previous = GENESIS
    for each in said["entries"]:
        assert entry_hash(canonical(each["entry"])) == each["hash"]
        assert each["entry"]["previous"] == previous
        previous = each["hash"]
    assert said["head"] == {"sequence": len(said["entries"]), "hash": previous}
    assert said["complete"] is True
    client.force_login(world.people["officer"])  # which is one entry more
    page = json.loads(b"".join(client.get("/trail/export.json")))
    assert page == json.loads(b"".join(officer.get(EXPORT)))
    part = json.loads(b"".join(officer.get(f"{EXPORT}?verb=invited&object_id={world.invitation.pk}")))
    assert [each["entry"]["object"]["id"] for each in part["entries"]] == [str(world.invitation.pk)]
    assert part["complete"] is False


def test_the_trail_is_narrowed_by_person_and_day_as_on_the_page(as_role, world):
    officer, engineer = as_role("officer"), world.people["engineer"]
    with transaction.atomic():
        record(world.organisation, None, "did by itself", world.organisation)
    mine = Entry.unscoped.filter(organisation=world.organisation)
    today, day = mine.latest("at").at.astimezone(UTC).date(), timedelta(days=1)
    for query, expected in (
        (f"actor={engineer.pk}", mine.filter(actor=engineer)),
        ("actor=none", mine.filter(actor=None)),
        (f"actor=none&verb=invited&since={today}", mine.none()),
        (f"since={today - day}&until={today}", mine),
        (f"since={today + day}", mine.none()),
        (f"until={today - day - day}", mine.none()),
    ):
        places = [entry.sequence for entry in expected.order_by("-sequence")]
        listed = officer.get(f"/trail?limit=100&{query}").json()["items"]
        exported = json.loads(b"".join(officer.get(f"{EXPORT}?{query}")))["entries"]
        assert [each["sequence"] for each in listed] == places, query
        assert [each["entry"]["sequence"] for each in exported] == places[::-1], query
    assert mine.filter(actor=None).exists()


@pytest.mark.parametrize(
    "query",
    ["since=0", "since=today", "until=2026-02-30", "until=2026-11-21T00:00:00Z", "actor=-1", "actor=1%20OR%201=1"],
)
@pytest.mark.parametrize("path", ["/trail", EXPORT])
def test_a_day_or_person_that_cannot_be_is_refused_at_its_parameter(as_role, path, query):
    answer = as_role("officer").get(f"{path}?{query}")
    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


@pytest.fixture
def more(world, tmp_path):
    """A second version of the dataset: other rows, a column gone and one new."""
    lines = table(300).splitlines()
    lines = [",".join([*line.split(",")[:2], line.split(",")[3], str(i)]) for i, line in enumerate(lines)]
    lines[0] = "label,sex,prediction,age"
    lines[1:] = [line.replace("female", "male") if i % 2 else line for i, line in enumerate(lines[1:])]
    path = tmp_path / "more.csv"
    path.write_text("\n".join(lines) + "\n")
    return DatasetVersion.unscoped.create(
        dataset=world.dataset.dataset, organisation=world.organisation, created_by=world.people["engineer"],
        kind="csv", rows=300, stored_profile=profile(open_table(path)).to_json(),
        **{**version_of(path.read_bytes()), "number": 2},
    )  # fmt: skip


def test_two_versions_of_a_dataset_are_compared_as_on_the_page(engineer, world, more):
    path = f"/datasets/{world.dataset.dataset_id}/comparison"
    found = engineer.get(f"{path}?from=1&to=2").json()
    page = compared_datasets(world.dataset, more)
    assert found["summary"] == page.heading
    assert found["summary"].startswith("Version 2 against version 1: 60 rows more, one column new, one column gone")
    assert found["versions"]["before"]["id"] == str(world.dataset.pk)
    assert found["versions"]["after"] | {"name": ""} == {
        "id": str(more.pk), "name": "", "number": 2, "dataset": str(more.dataset_id)
    }  # fmt: skip
    assert found["rows"] == {"before": 240, "after": 300}
    assert ([each["name"] for each in found["added"]], [each["name"] for each in found["removed"]]) == (
        ["age"],
        ["note"],
    )
    assert [each["name"] for each in found["columns"]] == [each.name for each in page.change.columns]
    sex = next(each for each in found["columns"] if each["name"] == "sex")
    shares = {each["value"]: (round(each["before"], 3), round(each["after"], 3)) for each in sex["values"]}
    assert shares == {"female": (0.667, 0.333), "male": (0.333, 0.667)}
    assert (sex["changed"], round(sex["moved"], 3), sex["median"]) == (True, 0.333, None)
    assert found["audits"]["before"]["id"] == str(world.done.pk)
    assert found["audits"]["before"]["verdict"] == world.done.verdict
    assert found["audits"]["after"] is None
    back = engineer.get(f"{path}?from=2&to=1").json()
    assert back["rows"] == {"before": 300, "after": 240}
    same = engineer.get(f"{path}?from=2&to=2").json()
    assert same["summary"] == "This is the same version twice"
    assert not any(each["changed"] for each in same["columns"])


def test_two_versions_of_a_model_are_compared_as_on_the_page(engineer, world):
    age, income = Input("age", "integer"), Input("income", "number", missing=False)
    signatures = (
        Signature("onnx", (age, income), ("score",), "score", ("no", "yes")),
        Signature("skops", (Input("age", "number"), Input("sex", "text")), ("score",), "score", ("no", "yes")),
    )
    for number, signature in enumerate(signatures, 2):
        ModelVersion.unscoped.create(
            model=world.model.model, organisation=world.organisation, created_by=world.people["engineer"],
            format=signature.format, stored_signature=signature.to_json(),
            **{**version_of(f"model {number}".encode()), "number": number},
        )  # fmt: skip
    path = f"/models/{world.model.model_id}/comparison"
    found = engineer.get(f"{path}?from=2&to=3").json()
    assert found["summary"] == "Version 3 reads other columns than version 2, and gives the same"
    assert (found["takes_the_same"], found["gives_the_same"], found["reordered"]) == (False, True, False)
    assert found["format"] == {"before": "onnx", "after": "skops"}
    assert found["classes"]["after"] == ["no", "yes"]
    assert found["added"] == [{"name": "sex", "type": "text", "missing": True}]
    assert found["removed"] == [{"name": "income", "type": "number", "missing": False}]
    (retyped,) = found["retyped"]
    assert (retyped["before"]["type"], retyped["after"]["type"]) == ("integer", "number")
    assert found["audits"] == {"before": None, "after": None}
    other = engineer.get(f"{path}?from=1&to=2").json()
    assert other["rows"] == {"before": 240, "after": None}
    assert other["summary"].startswith("Version 2 is of another kind than version 1")


@pytest.mark.parametrize("kind", ["models", "datasets"])
@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [("from=1&to=2", 404, "not-found"), ("from=9999&to=1", 404, "not-found"), ("from=1", 422, "invalid"),
     ("", 422, "invalid"), ("from=0&to=1", 422, "invalid"), ("from=1&to=99999999999999999999", 422, "invalid"),
     ("from=1&to=one", 422, "invalid"), ("before=1&after=1", 422, "invalid")],
)  # fmt: skip
def test_versions_that_there_are_not_are_not_compared(engineer, world, kind, query, status, slug):
    thing = world.model.model_id if kind == "models" else world.dataset.dataset_id
    assert is_problem(engineer.get(f"/{kind}/{thing}/comparison?{query}"), status, slug)
