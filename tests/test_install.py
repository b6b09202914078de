"""What `make` and the scripts under requirements/ promise to somebody on a fresh machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def sh(*command: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"PATH": path} if path else {})
    environment.pop("PYTHON", None)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def machine(tmp_path: Path):
    """A machine where apt-get may not be used; `lacks` names what its Python does not find."""

    def build(lacks: str) -> str:
        programs = {
            "id": "echo 1000",
            "sudo": "exit 1",
            "apt-get": "exit 100",
            "python3": f'case "$*" in *{lacks}*) exit 1 ;; *) exec {shutil.which("python3")} "$@" ;; esac',
        }
        for name, body in programs.items():
            program = tmp_path / name
            program.write_text(f"#!/bin/sh\n{body}\n")
            program.chmod(0o755)
        return f"{tmp_path}:{os.environ['PATH']}"

    return build


def test_make_alone_lists_every_target():
    listed = sh("make").stdout
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    assert all(re.search(rf"^{target} ", listed, re.MULTILINE) for target in targets[1].split())


def test_a_group_that_does_not_exist_is_refused_before_anything_is_done():
    done = sh("requirements/install", "privcay")
    assert done.returncode == 2
    assert "No group privcay: choose from privacy, synthetic, xgboost, dev, all." in done.stderr


@pytest.mark.parametrize(("lacks", "package"), [("ensurepip", "python3"), ("libpango-1.0", "libpango-1.0-0")])
def test_a_missing_system_part_is_answered_with_the_exact_command(machine, lacks, package):
    done = sh("requirements/system", "venv", "pango", path=machine(lacks))
    assert done.returncode == 1
    assert re.search(rf"^Install what is missing with: sudo apt-get install -y {package}", done.stderr, re.MULTILINE)


def test_what_is_only_recommended_does_not_stop_the_installation(machine):
    done = sh("requirements/system", "harfbuzz", path=machine("libharfbuzz-subset"))
    assert done.returncode == 0
    assert "libharfbuzz-subset0" in done.stderr


def test_a_python_that_is_too_old_is_named_as_the_cause(machine, tmp_path):
    path = machine("version_info")
    for version in range(11, 15):
        shutil.copy(tmp_path / "python3", tmp_path / f"python3.{version}")
    done = sh("requirements/python", path=path)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
