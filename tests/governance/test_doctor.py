"""manage.py doctor: what is there, what is weak, what is missing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from governance import health
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


def test_without_bubblewrap_it_says_which_protection_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SANDBOX", "auto")
    monkeypatch.setenv("PATH", "/nonexistent")
    jail.isolation.cache_clear()
    found = health.sandbox()
    jail.isolation.cache_clear()
    assert found.level == "weak"
    assert "apt install bubblewrap" in found.message
    assert "limits" in found.message


def test_a_key_that_others_may_read_is_told(tmp_path: Path, settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    settings.VAR = tmp_path  # type: ignore[attr-defined]
    (tmp_path / "secret_key").write_text("known to all")
    (tmp_path / "secret_key").chmod(0o644)
    assert health.secret_key().level == "weak"


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
