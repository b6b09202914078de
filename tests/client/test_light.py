"""The client is light: what it needs, what it loads, and that it stands without the service."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

CLIENT = Path(__file__).parents[2] / "client"
HEAVY = ("numpy", "pandas", "pyarrow", "polars", "sklearn", "skops", "onnx", "skl2onnx", "torch", "mlflow", "django")
ALLOWED = {"httpx", "click", "rich", "pydantic"}


def loaded_by(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after the code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_package_asks_for_four_libraries() -> None:
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
    assert {text.partition(">=")[0] for text in project["dependencies"]} == ALLOWED


def test_the_client_loads_nothing_heavy() -> None:
    code = "from plumbline_client import Client; Client('https://x.example', 'plb_x'); import plumbline_client.notebook"
    assert not loaded_by(code) & set(HEAVY)


def test_kinds_of_models_are_known_without_their_libraries() -> None:
    code = "from plumbline_client.model_files.discovery import kinds; assert any(not k.takes(1) for k in kinds())"
    assert not loaded_by(code) & {*HEAVY, "lightgbm", "xgboost"}


@pytest.mark.parametrize("name", ["submit", "status", "report", "gate", "systems"])
def test_help_of_a_command_loads_neither_the_network_nor_the_records(name: str) -> None:
    code = f"from plumbline_client import main\ntry: main.run(['{name}', '--help'])\nexcept SystemExit: pass"
    assert not loaded_by(code) & {*HEAVY, "httpx", "pydantic", "audits", "models"}


def test_the_commands_are_installed() -> None:
    found = {entry.name: entry for entry in entry_points(group="plumbline.commands")}
    for name in ("submit", "status", "report", "gate", "systems"):
        command = found[name].load()
        assert isinstance(command, click.Command)
        assert command.name == name
        assert command.get_short_help_str(120)


def test_no_file_of_the_client_imports_the_service() -> None:
    """Nor is it imported on the way: a fresh process loads all of ours and has none of it."""
    files = [path.relative_to(CLIENT) for path in (CLIENT / "plumbline_client").rglob("*.py")]
    names = [".".join(path.with_suffix("").parts) for path in files if "tracking" not in path.parts]
    assert len(names) > 30
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    assert not loaded_by(code) & {"models", "audits", "governance", "privacy", "synthetic", *HEAVY}


def test_only_what_is_meant_is_public() -> None:
    package = import_module("plumbline_client")
    assert set(package.__all__) == {"Client", "PlumblineError"}
    assert package.Client.__name__ == "Client"
    with pytest.raises(AttributeError):
        _ = package.nothing
