"""A file from its first part to a registered version, and data that stay where they lie; jobs are done by a worker."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from uuid import UUID

import duckdb
import pytest
from django.db import connections

from audits import pages
from audits.models import Audit
from models.jobs.models import Job
from models.jobs.perform import perform
from models.registry.models import DatasetVersion, ModelVersion
from tests.api.conftest import Caller, is_problem
from tests.models.people import organisation, person
from tests.pages.conftest import table

CARD = "---\nlicense: mit\n---\n# Scores\n\n## Intended use\n\nTo try things out.\n"


def digest(part: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(part).digest()).decode()}:"


def uploaded(caller, content: bytes, name: str, part_size: int = 1000) -> str:
    whole = hashlib.sha256(content).hexdigest()
    made = caller.post("/uploads", {"file_name": name, "size": len(content), "part_size": part_size, "sha256": whole})
    assert made.status_code == 201, made.content
    numbers = range(-(-len(content) // part_size))
    for number in reversed(numbers):
        part = content[number * part_size :][:part_size]
        sent = caller.put(f"{made['Location']}/parts/{number}", part, Content_Digest=digest(part))
        assert sent.json() == {"number": number, "size": len(part), "sha256": hashlib.sha256(part).hexdigest()}
    done = caller.post(f"{made['Location']}/complete")
    assert (done.status_code, done.json()["state"], done.json()["received"]) == (200, "complete", len(content))
    return made.json()["id"]


@pytest.fixture
def caller(transactional_db, files, settings, tmp_path) -> Caller:
    settings.JOB_WORK_FOLDER = tmp_path / "work"
    at = organisation()
    return Caller(person(at=at), at)


def worked(caller, answer) -> dict:
    """What the job of a 202 comes to, once a worker has done it."""
    assert answer.status_code == 202, answer.content
    assert perform(UUID(answer["Location"].rsplit("/", 1)[1]))
    return caller.get(answer["Location"]).json()


def registered(caller, kind: str, name: str, content: bytes, file: str, **said) -> dict:
    thing = caller.post(f"/{kind}s", {"name": name}).json()
    upload = uploaded(caller, content, file)
    job = worked(caller, caller.post(f"/{kind}s/{thing['id']}/versions", {"upload": upload, **said}))
    assert (job["kind"], job["state"], job["result"]["new"]) == ("registration", "succeeded", True), job["error"]
    version = caller.get(job["links"]["result"]).json()
    assert version == caller.get(f"/{kind}s/{thing['id']}/versions/1").json()
    assert version["sha256"] == hashlib.sha256(content).hexdigest()
    assert job["result"][f"{kind}_version"] == version["id"]
    return version


def test_the_whole_way_from_two_files_to_a_report(caller):
    people = table(120).encode()
    scores = ("score\n" + "".join(f"{i / 120:.4f}\n" for i in range(120))).encode()
    dataset = registered(caller, "dataset", "People", people, "people.csv", roles={"sex": "sensitive"})
    assert [c["role"] for c in dataset["profile"]["columns"] if c["name"] == "sex"] == ["sensitive"]
    model = registered(caller, "model", "Scores", scores, "scores.csv", trained_on=dataset["id"], card=CARD)
    assert model["trained_on"] == {
        "id": dataset["id"],
        "name": "People",
        "number": 1,
        "dataset": dataset["dataset"]["id"],
    }
    assert caller.get(f"/models/{model['model']['id']}").json()["latest"]["id"] == model["id"]

    asked = {"sensitive": ["sex"], "label": "label", "favourable": 0, "suppress": 1}
    started = caller.post("/audits", {"dataset": dataset["id"], "model": model["id"], "parameters": asked})
    audit = started.json()
    assert (audit["state"], audit["verdict"], audit["report"]) == ("queued", None, None)
    job = worked(caller, started)
    assert (job["state"], job["links"]["result"]) == ("succeeded", f"/api/v1/audits/{audit['id']}"), job["error"]
    done = caller.get(f"/audits/{audit['id']}").json()
    assert done["verdict"] in ("pass", "fail", "inconclusive")
    assert sum(done["outcomes"].values()) == len(done["rules"])
    rates = caller.get(f"/audits/{audit['id']}/measurements?metric=selection_rate&limit=100").json()["items"]
    assert {tuple(m["group"].items()) for m in rates} == {(), (("sex", "female"),), (("sex", "male"),)}
    evidence = caller.get(done["report"]["evidence"])
    assert json.loads(b"".join(evidence))["schema"] == "plumbline.audit/1"
    report = b"".join(caller.get(done["report"]["pdf"]))
    assert report.startswith(b"%PDF-")
    listed = caller.get("/reports").json()["items"][0]
    assert (listed["id"], listed["sha256"]) == (audit["id"], hashlib.sha256(report).hexdigest())
    for figure in caller.get(f"/audits/{audit['id']}/figures").json()["items"]:
        assert figure["svg"].startswith("<svg")
        assert figure["rows"]
        assert {len(row) for row in figure["rows"]} == {len(figure["columns"])}
        columns, rows = pages.figure_rows(Audit.unscoped.get(pk=audit["id"]), figure["id"])
        assert (figure["columns"], figure["rows"]) == (columns, json.loads(json.dumps(rows)))


def test_the_answer_is_the_finished_job_for_who_prefers_to_wait(caller):
    thing = caller.post("/datasets", {"name": "People"}).json()
    upload = uploaded(caller, table(30).encode(), "people.csv")

    def worker():
        for _ in range(200):
            waiting = Job.unscoped.filter(state="queued").first()
            if waiting:
                perform(waiting.pk)
                break
            time.sleep(0.05)
        connections.close_all()

    thread = threading.Thread(target=worker)
    thread.start()
    key = {"Idempotency_Key": "monday", "Prefer": "wait=60"}
    answer = caller.post(f"/datasets/{thing['id']}/versions", {"upload": upload}, **key)
    thread.join()
    assert (answer.status_code, answer["Preference-Applied"]) == (200, "wait"), answer.content
    assert answer.json()["state"] == "succeeded"
    again = caller.post(f"/datasets/{thing['id']}/versions", {"upload": upload}, **key)
    assert (again.status_code, again["Idempotency-Replayed"]) == (202, "true")
    assert again.json()["id"] == answer.json()["id"]
    assert DatasetVersion.unscoped.count() == 1


def test_the_same_file_again_is_the_version_that_it_was(caller):
    first = registered(caller, "dataset", "People", table(30).encode(), "people.csv")
    upload = uploaded(caller, table(30).encode(), "other name.csv")
    job = worked(caller, caller.post(f"/datasets/{first['dataset']['id']}/versions", {"upload": upload}))
    assert job["result"]["new"] is False
    assert job["result"]["dataset_version"] == first["id"]
    assert "registered before" in job["result"]["message"]
    assert DatasetVersion.unscoped.count() == 1


def test_a_file_that_is_refused_fails_its_job_with_the_reason(caller):
    thing = caller.post("/models", {"name": "Bad"}).json()
    upload = uploaded(caller, b"\x80\x04\x95" + b"not a model" * 20, "model.onnx")
    job = worked(caller, caller.post(f"/models/{thing['id']}/versions", {"upload": upload}))
    assert job["state"] == "failed"
    assert job["error"]
    assert job["links"]["result"] is None
    assert not ModelVersion.unscoped.exists()


@pytest.mark.parametrize(
    ("kind", "content", "file"),
    [("model", b"\x80\x04\x95" + b"not a model" * 20, "model.onnx"), ("dataset", b"a,a\n1,2\n", "twice.csv")],
)
def test_registering_under_a_name_makes_it_with_its_first_version_or_not_at_all(caller, kind, content, file):
    said = {"name": "By  name", "owner": "Lending", "upload": uploaded(caller, content, file)}
    assert worked(caller, caller.post(f"/{kind}-versions", said))["state"] == "failed"
    assert caller.get(f"/{kind}s").json()["items"] == []
    for number, owner in ((1, "Lending"), (2, "Somebody else")):
        said |= {"upload": uploaded(caller, b"score\n" + b"0.1\n0.9\n" * number, "rows.csv"), "owner": owner}
        job = worked(caller, caller.post(f"/{kind}-versions", said, Idempotency_Key=f"{kind} {number}"))
        assert (job["state"], job["result"]["number"]) == ("succeeded", number), job["error"]
    [made] = caller.get(f"/{kind}s").json()["items"]
    assert (made["name"], made["owner"], made["latest"]["number"]) == ("By name", "Lending", 2)


def test_a_part_that_is_wrong_is_refused_and_may_be_sent_again(caller):
    made = caller.post("/uploads", {"file_name": "a.csv", "size": 6, "part_size": 4}).json()
    part = f"/uploads/{made['id']}/parts/0"
    assert is_problem(caller.put(part, b"1234", Content_Digest=digest(b"4321")), 422, "checksum-mismatch")
    assert is_problem(caller.put(part, b"12345", Content_Digest=digest(b"12345")), 413, "too-large")
    assert is_problem(caller.put(part, b"123", Content_Digest=digest(b"123")), 422, "refused")
    assert is_problem(caller.put(f"/uploads/{made['id']}/parts/2", b"1", Content_Digest=digest(b"1")), 422, "refused")
    assert is_problem(caller.put(part, b"1234", Content_Digest=digest(b"1234"), Content_Type="text/plain"), 415,
                      "unsupported-media-type")  # fmt: skip
    assert caller.get(f"/uploads/{made['id']}").json()["parts"] == []
    for _ in range(2):
        assert caller.put(part, b"1234", Content_Digest=f"md5=:abc=:, {digest(b'1234')}").status_code == 200
    assert is_problem(caller.post(f"/uploads/{made['id']}/complete"), 422, "refused")
    assert caller.get(f"/uploads/{made['id']}").json()["received"] == 4
    caller.put(f"/uploads/{made['id']}/parts/1", b"56", Content_Digest=digest(b"56"))
    wrong = caller.post(f"/uploads/{made['id']}/complete", {"sha256": "0" * 64})
    assert is_problem(wrong, 422, "checksum-mismatch")
    whole = hashlib.sha256(b"123456").hexdigest()
    for _ in range(2):
        assert caller.post(f"/uploads/{made['id']}/complete", {"sha256": whole}).json()["state"] == "complete"
    assert caller.delete(f"/uploads/{made['id']}").status_code == 204
    assert is_problem(caller.get(f"/uploads/{made['id']}"), 404, "not-found")


def test_an_upload_is_seen_by_who_began_it(caller):
    made = caller.post("/uploads", {"file_name": "a.csv", "size": 4}).json()
    colleague = Caller(person("officer"), organisation())
    assert is_problem(colleague.get(f"/uploads/{made['id']}"), 404, "not-found")
    assert is_problem(colleague.delete(f"/uploads/{made['id']}"), 404, "not-found")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\\b.csv", "<b>.csv", "x" * 255, "\u202egnp.csv"])
def test_a_file_name_is_a_word_and_no_path(caller, name):
    made = caller.post("/uploads", {"file_name": name, "size": 4})
    assert made.status_code == 201
    assert "/" not in made.json()["file_name"]


@pytest.mark.parametrize("size", [0, -1, 2**53 + 1, 2**60, "4", 1.5])
def test_a_size_that_cannot_be_is_refused(caller, size):
    answer = caller.post("/uploads", {"file_name": "a.csv", "size": size})
    assert is_problem(answer, 422, "invalid")


def test_a_file_above_the_limit_is_refused_before_it_comes(caller, settings):
    settings.UPLOAD_BYTES = 100
    assert is_problem(caller.post("/uploads", {"file_name": "a.csv", "size": 101}), 413, "too-large")


def test_data_stay_where_they_lie_in_a_place_that_was_declared(caller, settings, tmp_path):
    place = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(place)) as connection:
        columns = "i % 2 AS label, CASE WHEN i % 3 = 0 THEN 'm' ELSE 'f' END AS sex"
        connection.execute(f"CREATE TABLE people AS SELECT {columns} FROM range(60) t(i)")
    declared = tmp_path / "sources.toml"
    declared.write_text(f'[warehouse]\nurl = "duckdb:///{place}"\n\n[theirs]\nurl = "duckdb:///{place}"\n'
                        'organisations = ["Brick Bank"]\n')  # fmt: skip
    settings.DATA_SOURCES = str(declared)
    assert caller.get("/sources").json() == {"items": [{"name": "warehouse", "kind": "duckdb"}]}
    thing = caller.post("/datasets", {"name": "People"}).json()
    versions = f"/datasets/{thing['id']}/versions"
    reference = {"source": "warehouse", "table": "main.people"}
    job = worked(caller, caller.post(versions, {"reference": reference}))
    assert job["state"] == "succeeded", job["error"]
    version = caller.get(job["links"]["result"]).json()
    assert (version["rows"], version["reference"]) == (60, reference)
    for other in ("theirs", "nowhere", "https://evil.example/", "../warehouse"):
        answer = caller.post(versions, {"reference": {"source": other, "table": "main.people"}})
        assert is_problem(answer, 422, "invalid"), other
    for wrong in ({"table": "people"}, {"path": "a.parquet"}, {}, {"table": "main.people", "path": "x"}):
        answer = caller.post(versions, {"reference": {"source": "warehouse", **wrong}})
        assert is_problem(answer, 422, "refused"), wrong
    both = {"reference": reference, "upload": uploaded(caller, b"a,b\n1,2\n", "a.csv")}
    assert is_problem(caller.post(versions, both), 422, "refused")
    assert is_problem(caller.post(versions, {}), 422, "refused")
