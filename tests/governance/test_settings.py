"""Settings from the environment: safe by default, clear when wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from governance import environment
from governance.web import listening

ROOT = Path(__file__).resolve().parents[2]
SHOW = (
    "import json; from governance import settings as s; "
    "print(json.dumps({n: getattr(s, n) for n in dir(s) if n.isupper()}, default=str))"
)


def settings_with(folder: Path, **more: str) -> dict[str, object]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, **more, "PLUMBLINE_VAR": str(folder)}
    run = subprocess.run([sys.executable, "-c", SHOW], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_defaults_need_no_server_and_are_safe(tmp_path: Path) -> None:
    found = settings_with(tmp_path)
    assert found["DEBUG"] is False
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert found["CELERY_BROKER_URL"] == "filesystem://"
    assert found["STORAGE_URL"] == f"file://{tmp_path}/blobs"
    database = found["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert found["PASSWORD_HASHERS"][0].endswith("hashing.Argon2")
    directives = found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert not any("unsafe" in source for sources in directives.values() for source in sources)


def test_the_secret_key_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as several:
        keys = set(several.map(lambda _: settings_with(tmp_path)["SECRET_KEY"], range(4)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(".secret*")] == []


def test_two_variables_move_it_to_servers(tmp_path: Path) -> None:
    found = settings_with(tmp_path, DATABASE_URL="postgres://u:p@db/plumb", CELERY_BROKER_URL="redis://queue/1")
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert found["CELERY_BROKER_URL"] == "redis://queue/1"
    assert "data_folder_in" not in found["CELERY_BROKER_TRANSPORT_OPTIONS"]


def test_https_makes_cookies_secure(tmp_path: Path) -> None:
    found = settings_with(tmp_path, HTTPS="yes", ALLOWED_HOSTS="audit.example.org")
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
    assert all(found[name] is True for name in names)
    assert found["SECURE_HSTS_SECONDS"] == 31_536_000


@pytest.mark.parametrize(("read", "value", "more"), [
    (environment.flag, "perhaps", (False,)),
    (environment.number, "many", (0,)),
    (environment.number, "-1", (0,)),
    (environment.number, "0", (4, 1)),
    (environment.choice, "xml", ("line", ["json"])),
])  # fmt: skip
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, read: Any, value: str, more: tuple[Any, ...]) -> None:
    monkeypatch.setenv("SOME_SETTING", value)
    with pytest.raises(ImproperlyConfigured, match=f"SOME_SETTING .*{value}"):
        read("SOME_SETTING", *more)


def test_a_choice_is_taken_whatever_its_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SETTING", "debug")
    assert environment.choice("SOME_SETTING", "", ["DEBUG", "INFO"]) == "DEBUG"


def test_a_wrong_setting_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    more = {"PLUMBLINE_VAR": str(tmp_path), "DATABASE_URL": "mongodb://secret@host"}
    command = [sys.executable, "manage.py", "doctor"]
    run = subprocess.run(command, cwd=ROOT, env={**os.environ, **more}, capture_output=True, text=True)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert run.stderr.startswith("A setting is wrong: DATABASE_URL")
    assert "secret" not in run.stderr


@pytest.mark.parametrize("more", [
    {"HOST": "0.0.0.0"},
    {"HOST": "audits.example.org"},
    {"ALLOWED_HOSTS": "localhost,audits.example.org"},
    {"ALLOWED_HOSTS": "*"},
    {"HTTPS": "yes"},
    {"BEHIND_PROXY": "yes"},
])  # fmt: skip
def test_a_demo_is_for_this_machine_alone(tmp_path: Path, more: dict[str, str]) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    said = {**kept, **more, "DEMO": "yes", "PLUMBLINE_VAR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", SHOW], cwd=ROOT, env=said, capture_output=True, text=True)
    assert run.returncode
    assert "DEMO is for this machine alone" in run.stderr
    assert next(iter(more)) in run.stderr


def test_a_demo_on_this_machine_is_let_be(tmp_path: Path) -> None:
    assert settings_with(tmp_path)["DEMO"] is False
    assert settings_with(tmp_path, DEMO="yes", HOST="::1")["DEMO"] is True


def test_a_demo_listens_for_nobody_else(settings: Any) -> None:
    settings.DEMO = True
    for host in ("0.0.0.0", "", "::"):
        with pytest.raises(CommandError, match="this machine alone"):
            listening(host, 0)
    listening("127.0.0.1", 0).close()


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp+tls://me:a%40b@mail.example.org", ("mail.example.org", 587, "me", "a@b", True, False)),
        ("smtps://me:p@mail.example.org", ("mail.example.org", 465, "me", "p", False, True)),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "", "", False, False)),
    ],
)
def test_a_mail_server_is_named_by_its_address(url: str, found: tuple) -> None:
    assert tuple(environment.mail_server("EMAIL_URL", url).values()) == found


@pytest.mark.parametrize("url", ["mail.example.org", "https://mail.example.org", "smtp://", "smtp://host:port"])
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL is smtp"):
        environment.mail_server("EMAIL_URL", url)


def test_mail_needs_a_sender_and_the_address_for_its_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = {"EMAIL_URL": "smtp://127.0.0.1", "EMAIL_FROM": "us@example.org", "SITE_URL": "https://audits.example.org/"}
    found = settings_with(tmp_path, **mail)
    assert (found["MAIL"], found["EMAIL_HOST"], found["SITE_URL"]) == (True, "127.0.0.1", "https://audits.example.org")
    with pytest.raises(AssertionError, match="SITE_URL is missing"):
        settings_with(tmp_path, EMAIL_URL=mail["EMAIL_URL"], EMAIL_FROM=mail["EMAIL_FROM"])
    for wrong in ("audits.example.org", "ftp://audits.example.org", "https://audits.example.org/here"):
        monkeypatch.setenv("SITE_URL", wrong)
        with pytest.raises(ImproperlyConfigured, match="SITE_URL is like"):
            environment.site("SITE_URL")
