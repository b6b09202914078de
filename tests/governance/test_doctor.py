"""manage.py doctor: what is there, what is weak, what is missing."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from governance import environment, health
from models.jobs.sandbox import jail

ROOT = Path(__file__).resolve().parents[2]


def findings() -> dict[str, health.Finding]:
    return {finding.name: finding for finding in health.examine()}


@pytest.mark.django_db
def test_everything_has_a_finding_and_a_sound_machine_lacks_nothing_of_ours() -> None:
    found = findings()
    assert len(found) == len(health.EXAMINATIONS)
    for name in ("packages", "fonts", "database", "migrations", "broker", "queue", "storage"):
        assert found[name].level == "ok", found[name]


@pytest.mark.django_db
def test_a_clock_that_was_set_back_is_betrayed_by_the_trail() -> None:
    from django.db import transaction
    from django.utils import timezone

    from models.trail.models import Entry
    from models.trail.record import record
    from tests.models.people import organisation

    assert health.clock().level == "ok"
    with transaction.atomic():
        entry = record(organisation(), None, "tested", organisation())
    future = timezone.now() + timedelta(hours=1)
    Entry.unscoped.bulk_create([Entry(**{**plain(entry), "pk": None, "sequence": 99, "at": future})])
    assert health.clock().level == "weak"
    assert "set back" in health.clock().message


def plain(entry: Any) -> dict[str, Any]:
    return {field.attname: getattr(entry, field.attname) for field in entry._meta.concrete_fields if field.name != "id"}


@pytest.mark.django_db(transaction=True)
def test_it_tells_whether_workers_and_beat_are_alive_and_for_which_queues() -> None:
    from models.jobs.alive import Alive
    from models.jobs.beat import take
    from models.jobs.models import Job
    from tests.models.people import organisation

    assert (health.workers().level, health.beat().level) == ("weak", "weak")
    Alive(["light", "heavy"], 2).say()
    assert take() is not None
    assert (health.workers().level, health.beat().level) == ("ok", "ok")
    Job.unscoped.create(organisation=organisation(), kind="x", queue="gpu", time_limit=1, memory_limit=1)
    assert health.workers().message == "jobs wait that no worker takes: --queues gpu"


@pytest.mark.django_db
def test_a_storage_that_cannot_be_written_to_is_missing(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").write_text("where the folder should be")
    settings.STORAGE_URL = f"file://{tmp_path / 'file' / 'blobs'}"
    assert findings()["storage"].level == "missing"


def test_every_setting_is_told_with_its_source_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("sqlite:////tmp/elsewhere.sqlite3\n")
    more = {"METRICS_TOKEN": "a-token-of-mine", "CELERY_BROKER_URL": "redis://:hidden-word@127.0.0.1:1/0"}
    more |= {"DATABASE_URL_FILE": str(tmp_path / "database"), "PLUMBLINE_VAR": str(tmp_path / "var")}
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | more
    command = [sys.executable, "manage.py", "doctor"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    said = {line.split()[0]: line for line in run.stdout.partition("Settings,")[2].splitlines()[1:]}
    assert said["METRICS_TOKEN"].endswith("(not shown)  [environment]")
    assert said["SECRET_KEY"].endswith(f"(not shown)  [file {tmp_path}/var/secret_key]")
    assert said["DATABASE_URL"].endswith(f"sqlite:////tmp/elsewhere.sqlite3  [file {tmp_path}/database]")
    assert said["PORT"].endswith("8000  [default]")
    assert "a-token-of-mine" not in run.stdout
    assert "hidden-word" not in run.stdout
    assert (tmp_path / "var" / "secret_key").read_text() not in run.stdout


def test_without_bubblewrap_it_says_which_protection_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SANDBOX", "auto")
    monkeypatch.setenv("PATH", "/nonexistent")
    jail.isolation.cache_clear()
    found = health.sandbox()
    jail.isolation.cache_clear()
    assert found.level == "weak"
    assert "apt install bubblewrap" in found.message
    assert "limits" in found.message


def test_a_key_of_ours_that_others_may_read_is_told(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR = tmp_path
    (tmp_path / "secret_key").write_text("known to all")
    (tmp_path / "secret_key").chmod(0o644)
    monkeypatch.setitem(environment.SOURCES, "SECRET_KEY", environment.Source("file", "", f"{tmp_path}/secret_key"))
    assert health.secret_key().level == "weak"


def test_a_key_that_a_container_was_given_in_a_file_is_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "given").write_text("a secret of the container's")
    told = environment.Source("file", "a secret of the container's", f"{tmp_path}/given")
    monkeypatch.setitem(environment.SOURCES, "SECRET_KEY", told)
    assert health.secret_key() == health.Finding("ok", "secret key", f"in {tmp_path}/given")


@pytest.mark.parametrize(("reserve", "free", "level"), [(0, 3, "ok"), (0, 1, "weak"), (2, 1, "missing")])
def test_a_disk_that_is_nearly_full_is_told_before_and_when_nothing_is_taken_any_more(
    settings: Any, monkeypatch: pytest.MonkeyPatch, reserve: int, free: int, level: str
) -> None:
    settings.DISK_RESERVE_BYTES = reserve * 1024**3
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, free * 1024**3))  # type: ignore[attr-defined]
    assert health.disk().level == level
    assert f"{free}.0 GiB free under {settings.VAR}" in health.disk().message


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "value", "finding"), [
    ("API_RATE", "often", "rates"), ("DATA_SOURCES", "/nowhere/sources.toml", "sources"),
])  # fmt: skip
def test_a_setting_that_would_fail_only_in_a_request_is_found(
    settings: Any, name: str, value: str, finding: str
) -> None:
    setattr(settings, name, value)
    assert findings()[finding].level == "missing"


def test_a_library_that_the_rest_goes_on_without_is_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "HELPERS", {"libnowhere.so.1": "something goes without"})
    assert health.libraries() == health.Finding(
        "weak", "libraries", "libnowhere.so.1 is not installed; something goes without"
    )


def test_what_is_missing_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def pango() -> health.Finding:
        raise OSError("cannot be loaded")

    monkeypatch.setattr(health, "EXAMINATIONS", (pango,))
    said = io.StringIO()
    with pytest.raises(CommandError, match="1 missing"):
        call_command("doctor", stdout=said)
    assert said.getvalue().startswith("missing  pango")


def test_it_speaks_where_nothing_was_set_up_yet(tmp_path: Path) -> None:
    environment = {**os.environ, "PLUMBLINE_VAR": str(tmp_path / "var")}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "manage.py", "doctor"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 1
    assert "manage.py migrate" in run.stdout
    assert "Traceback" not in run.stderr


def test_that_one_click_signs_in_is_told(settings: Any) -> None:
    settings.DEMO = True
    assert (health.exposure().level, "without a password" in health.exposure().message) == ("weak", True)
