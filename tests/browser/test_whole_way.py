"""The engineer's whole way by browser, by API and by client: the same data and model give the same figures."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest
import redis
from playwright.sync_api import Page, expect
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from demo.prepare import INPUTS, LABEL, clients, split
from plumbline_client.client import Client
from tests.browser import steps
from tests.browser.conftest import Service

pytestmark = pytest.mark.timeout(500)
PLUMBLINE = Path(sys.executable).with_name("plumbline")
POSTGRES, REDIS = os.environ.get("PLUMBLINE_TEST_POSTGRES", ""), os.environ.get("PLUMBLINE_TEST_REDIS", "")
PARAMETERS = {"sensitive": list(steps.SENSITIVE), "label": LABEL, "positive": 1, "favourable": 0}
ROWS = 3_000
PART = 4 * 1024 * 1024


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """A database on PostgreSQL and queues on Redis that go afterwards."""
    name = f"plumbline_way_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            at = re.sub(r"/[^/]*$", f"/{name}", POSTGRES)
            yield {"DATABASE_URL": at, "CELERY_BROKER_URL": REDIS, "CELERY_QUEUE": name}
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
            redis.Redis.from_url(REDIS).delete(*(f"{name}.{queue}" for queue in ("light", "heavy", "gpu")))


@pytest.fixture(params=["embedded", "servers"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """SQLite and the filesystem as by default; PostgreSQL with Redis and two web processes."""
    if request.param == "embedded":
        yield from running(Service(tmp_path / "var"))
        return
    if not POSTGRES or not REDIS:
        pytest.skip("PLUMBLINE_TEST_POSTGRES and PLUMBLINE_TEST_REDIS name no services")
    with servers() as at:
        yield from running(Service(tmp_path / "var", ("--processes", "2"), at))


def running(service: Service) -> Iterator[Service]:
    yield service
    if service.process.poll() is None:
        service.stop()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Three thousand real clients with a long note each, so that they go in parts; a small real model of others."""
    import onnx

    learned, held_out = split(clients())
    inputs = learned[list(INPUTS)].to_numpy(np.float32)[:4000]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(inputs, learned[LABEL][:4000])
    converted = to_onnx(model, inputs[:1], options={"zipmap": False})
    onnx.helper.set_model_props(converted, {"feature_names": json.dumps(INPUTS)})
    data, file = tmp_path / "held-out.parquet", tmp_path / "model.onnx"
    drawn = np.random.default_rng(5)
    noted = held_out[:ROWS].assign(note=[drawn.bytes(1_500).hex() for _ in range(ROWS)])
    noted.to_parquet(data, index=False, compression=None)
    assert data.stat().st_size > 2 * PART
    file.write_bytes(converted.SerializeToString())
    return data, file


def test_three_ways_one_result(service: Service, page: Page, files: tuple[Path, Path], tmp_path: Path) -> None:
    seen = by_browser(page, service, files, tmp_path)
    token = steps.make_token(page)
    answered = by_api(service.address, token, *files)
    with Client(service.address, token) as client:
        fetched, newest = by_client(client, *files)
    assert len(seen["measurements"]) > 100
    assert answered["measurements"] == seen["measurements"]
    assert fetched["measurements"] == seen["measurements"]
    assert answered["verdicts"] == fetched["verdicts"] == seen["verdicts"]
    steps.compare(page, newest)
    page.goto("/jobs/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is running")
    left_behind_nothing(page)
    assert page.complaints == []
    assert service.stop() == 0
    assert token not in "".join(service.output)


def by_browser(page: Page, service: Service, files: tuple[Path, Path], folder: Path) -> dict[str, Any]:
    steps.sign_in(page, service)
    expect(page.get_by_role("heading", level=1)).to_have_text("Begin with data to audit on")
    app = steps.protect(page)
    steps.sign_out(page)
    steps.sign_in_with_code(page, service, app)
    steps.register_data(page, files[0])
    steps.register_model(page, files[1])
    steps.start_audit(page)
    steps.watch(page)
    steps.read_result(page)
    steps.ask_what_a_figure_means(page)
    report, evidence = steps.download(page, folder)

    checked = subprocess.run([PLUMBLINE, "verify", report], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    page.get_by_role("link", name="Read it as a page").click()
    expect(page.get_by_role("navigation", name="Contents")).to_be_visible()
    return evidence


def by_api(address: str, token: str, data: Path, model: Path) -> dict[str, Any]:
    """With nothing but HTTP. The files are known here, so the versions are the ones that the pages made."""
    headers = {"Authorization": f"Bearer {token}", "Prefer": "wait=60"}
    with httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=90, trust_env=False) as api:
        asked = {"parameters": PARAMETERS} | {
            kind: version_by_api(api, kind, name, file)
            for kind, name, file in (("dataset", "Held-out clients", data), ("model", "Credit default model", model))
        }
        started = api.post("/audits", json=asked, headers={"Idempotency-Key": "the one"})
        again = api.post("/audits", json=asked, headers={"Idempotency-Key": "the one"})
        assert again.json()["id"] == started.json()["id"]
        job = ended(api, started.json()["job"])
        assert job["state"] == "succeeded", job["error"]
        at = f"/audits/{started.json()['id']}"
        evidence = good(api.get(f"{at}/evidence")).json()
        assert everything(api, f"{at}/measurements?limit=100") == evidence["measurements"]
        assert everything(api, f"{at}/verdicts") == evidence["verdicts"]
        assert good(api.get(f"{at}/report.pdf")).content.startswith(b"%PDF-")
    return evidence


def version_by_api(api: httpx.Client, kind: str, name: str, file: Path) -> str:
    thing = good(api.get(f"/{kind}s", params={"name": name})).json()["items"][0]["id"]
    content = file.read_bytes()
    told = {"file_name": file.name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    upload = good(api.post("/uploads", json=told | {"part_size": PART})).json()["id"]
    for number, start in enumerate(range(0, len(content), PART)):
        part = content[start : start + PART]
        digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
        kind_of = {"Content-Type": "application/octet-stream", "Content-Digest": f"sha-256=:{digest}:"}
        good(api.put(f"/uploads/{upload}/parts/{number}", content=part, headers=kind_of))
    good(api.post(f"/uploads/{upload}/complete"))
    job = ended(api, good(api.post(f"/{kind}s/{thing}/versions", json={"upload": upload})).json()["id"])
    assert (job["state"], job["result"]["new"]) == ("succeeded", False), job
    return str(job["result"][f"{kind}_version"])


def ended(api: httpx.Client, job: str) -> dict[str, Any]:
    """Each time it is asked, the service waits for the job on its side."""
    for _ in range(6):
        found = good(api.get(f"/jobs/{job}")).json()
        if found["state"] in ("succeeded", "failed", "cancelled"):
            break
    return found


def everything(api: httpx.Client, address: str | None) -> list[dict[str, Any]]:
    """A list's items, page by page."""
    items: list[dict[str, Any]] = []
    while address:
        page = good(api.get(address)).json()
        items += page["items"]
        address = page["next"] and page["next"].removeprefix("/api/v1")
    return items


def good(answer: httpx.Response) -> httpx.Response:
    assert answer.status_code in (200, 201, 202), answer.text
    return answer


def by_client(client: Client, data: Path, model: Path) -> tuple[dict[str, Any], str]:
    """The evidence, and which audit it was."""
    dataset = client.datasets.register("Held-out clients", data)
    audited = client.models.register("Credit default model", model)
    assert (dataset.number, audited.number) == (1, 1)
    audit = client.audit(dataset=dataset, model=audited, **PARAMETERS).wait(progress=False)
    assert len(audit.measurements()) == len(audit.result["measurements"])
    return audit.result, audit.id


def left_behind_nothing(page: Page) -> None:
    """After signing out nothing can be had, nor seen by going back."""
    steps.sign_out(page)
    page.goto("/audits/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    for _ in range(3):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
