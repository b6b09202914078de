"""One line for each request and job, with its id, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from governance import logs
from models.accounts.tokens import issue
from models.jobs.logs import current_job
from models.jobs.sandbox.run import Limits, run_sandboxed
from tests.models.people import organisation, person

TOKEN, SIGNING = "plb_" + "a1B2" * 10, "whsec_" + "Zm9v" * 8


def formatted(form: str, *lines: Any, **extra: Any) -> str:
    """What a handler of ours writes."""
    stream = io.StringIO()
    made = logs.configuration(form, "")
    handler = logging.StreamHandler(stream)
    chosen = dict(made["formatters"]["json" if form == "json" else "line"])
    factory = {"governance.logs.Json": logs.Json, "governance.logs.Line": logs.Line}[chosen.pop("()")]
    if "format" in chosen:
        chosen["fmt"] = chosen.pop("format")
    handler.setFormatter(factory(**chosen))
    handler.addFilter(logs.Context())
    logger = logging.Logger("a.test")
    logger.addHandler(handler)
    logger.error(*lines, extra=extra or None)
    return stream.getvalue()


def test_a_warning_is_a_line_like_every_other() -> None:
    said = "import django, warnings; django.setup(); warnings.warn('mind this')"
    surroundings = {**os.environ, "DJANGO_SETTINGS_MODULE": "governance.settings", "LOG_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-c", said], env=surroundings, capture_output=True, text=True, timeout=60)
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["logger"] == "py.warnings"


@pytest.mark.parametrize("form", ["line", "json"])
@pytest.mark.parametrize("text", [
    f"asked with {TOKEN} for it", f"signed by {SIGNING}", f"Authorization: Bearer {TOKEN}",
    'headers {"authorization": "Basic dXNlcjpwYXNzd29yZA=="}', "postgres://user:letmein@db/plumbline",
    "password=correct-horse-battery", "redis://:letmein@127.0.0.1:6379/0",
])  # fmt: skip
def test_secrets_are_taken_out_of_messages_and_what_goes_with_them(form: str, text: str) -> None:
    try:
        raise RuntimeError(text)
    except RuntimeError:
        said = formatted(form, "%s", text, more=text) + formatted(form, text)
    for secret in (TOKEN, SIGNING, "dXNlcjpwYXNzd29yZA", "letmein", "correct-horse-battery"):
        assert secret not in said
    assert logs.HIDDEN in said


@pytest.mark.parametrize("form", ["line", "json"])
def test_a_traceback_hides_them_too(form: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Json("{message}", style="{") if form == "json" else logs.Line())
    logger = logging.Logger("a.test")
    logger.addHandler(handler)
    try:
        raise RuntimeError(f"with {TOKEN}")
    except RuntimeError:
        logger.exception("it failed")
    assert "Traceback" in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_plain_words_stay() -> None:
    assert (
        logs.without_secrets("the token expired; password too short: 5") == "the token expired; password too short: 5"
    )
    assert logs.without_secrets("GET /jobs/ 200 in 3 ms") == "GET /jobs/ 200 in 3 ms"


def test_a_line_of_json_says_which_job_it_is_about() -> None:
    token = current_job.set(("7f6c", 2))
    try:
        said = json.loads(formatted("json", "half way", step=3))
    finally:
        current_job.reset(token)
    assert (said["job"], said["attempt"], said["step"], said["message"]) == ("7f6c", 2, 3, "half way")
    assert said["level"] == "ERROR"
    assert said["time"].endswith("Z")
    assert "job" not in json.loads(formatted("json", "after it"))


def test_the_sandbox_says_it_in_its_lines(tmp_path: Any) -> None:
    said: list[str] = []
    token = current_job.set(("7f6c", 2))
    try:
        run_sandboxed(
            "tests.models.jobs.sandbox_tasks:warn", {}, inputs={}, output=tmp_path, limits=Limits(), on_log=said.append
        )
    finally:
        current_job.reset(token)
    assert "WARNING a.task [job 7f6c attempt 2]: mind this" in "".join(said)


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    found: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record)

    keep = Keep()
    access = logging.getLogger("plumbline.access")
    access.addHandler(keep)
    yield found
    access.removeHandler(keep)


@pytest.mark.django_db
def test_each_request_leaves_one_line_without_the_querys_values(client: Client, lines: list[logging.LogRecord]) -> None:
    user = person()
    client.force_login(user)
    answer = client.get(f"/jobs/?state=queued&q={TOKEN}", headers={"x-request-id": "from-the-proxy-1"})
    (line,) = lines
    assert answer["X-Request-ID"] == "from-the-proxy-1"
    said = line.__dict__
    assert (said["method"], said["path"], said["route"], said["status"]) == ("GET", "/jobs/?q&state", "jobs", 200)
    assert said["user"] == user.pk
    assert said["ms"] > 0
    assert TOKEN not in str(said)


@pytest.mark.django_db
def test_the_line_of_a_request_by_token_says_whose_it_was(client: Client, lines: list[logging.LogRecord]) -> None:
    user = person()
    ends = timezone.now() + timedelta(days=1)
    token, secret = issue(user, organisation(), "mine", ["read"], ends)
    client.get("/api/v1/me", headers={"authorization": f"Bearer {secret}"})
    (line,) = lines
    assert (line.__dict__["token_id"], line.__dict__["user"]) == (str(token.pk), user.pk)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "odd", ["short", "x" * 65, "with space in it", "line\nbreak-in-it", "<script>alert(1)", "-starts-odd"]
)
def test_an_odd_request_id_is_replaced(client: Client, odd: str) -> None:
    answer = client.get("/livez", headers={"x-request-id": odd})
    assert answer["X-Request-ID"] != odd
    assert len(answer["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_a_secret_in_an_address_is_not_written_down(client: Client, lines: list[logging.LogRecord]) -> None:
    from django.urls import reverse

    secret = "pll_" + "s3cr" * 10
    client.get(reverse("open-link", kwargs={"secret": secret}))
    assert secret not in str(lines[0].__dict__)
    assert "<secret>" in lines[0].__dict__["path"]


def test_what_is_asked_every_second_leaves_no_line(client: Client, lines: list[logging.LogRecord]) -> None:
    client.get("/livez")
    assert lines == []
