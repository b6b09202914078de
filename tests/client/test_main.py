"""What the command line promises of its exit codes, its messages and its start."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest

from models.errors import InputError
from plumbline_client import commands
from plumbline_client.main import run

SCRIPT = Path(sys.executable).with_name("plumbline")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """Runs a function as the body of `plumbline probe`, installed like any other command; gives the exit code."""

    class Installed(EntryPoint):
        def load(self) -> click.Command:
            return click.command("probe")(bodies[0])

    bodies: list[Callable[[], object]] = []
    entry = Installed("probe", "tests.client.test_main:probe", commands.ENTRY_POINTS)
    monkeypatch.setattr(commands, "installed", lambda: {"probe": entry})

    def probe(body: Callable[[], object]) -> int:
        bodies[:] = [body]
        return run(["probe"])

    return probe


def raising(error: BaseException) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_command_says_its_own_exit_code(command, code):
    assert command(lambda: click.get_current_context().exit(code)) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("no such column"), 2),
        (click.UsageError("no such option"), 2),
        (click.FileError("data.parquet", "not there"), 2),
        (click.ClickException("cannot"), 2),
        (PermissionError(13, "Permission denied", "out.json"), 2),
        (OSError(28, "No space left on device"), 2),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (ZeroDivisionError("division by zero"), 70),
        (FileNotFoundError(2, "No such file", "templates/report.html"), 70),
        (ModuleNotFoundError("No module named 'numpy'", name="numpy"), 70),
    ],
)
def test_every_error_has_its_exit_code_and_none_is_taken_for_a_finding(command, error, code):
    assert command(raising(error)) == code


def test_what_the_user_must_mend_is_said_on_stderr_without_a_traceback(command, capsys):
    command(raising(InputError("The column 'race' is not in data.csv.")))
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "Error: The column 'race' is not in data.csv.\n"


@pytest.mark.parametrize(
    ("module", "group"),
    [("torch", "privacy"), ("opacus.accountants", "privacy"), ("sdv", "synthetic"), ("xgboost", "xgboost")],
)
def test_a_missing_group_is_answered_with_the_command_that_installs_it(command, capsys, module, group):
    assert command(raising(ModuleNotFoundError(f"No module named {module!r}", name=module))) == 2
    assert f'make install WITH="{group}"' in capsys.readouterr().err


def test_our_own_fault_says_what_to_report_and_hides_the_traceback(command, capsys, monkeypatch):
    monkeypatch.delenv("PLUMBLINE_DEBUG", raising=False)
    command(raising(ZeroDivisionError("division by zero")))
    message = capsys.readouterr().err
    assert "ZeroDivisionError: division by zero" in message
    assert "PLUMBLINE_DEBUG=1" in message
    assert "Traceback" not in message


def test_the_traceback_is_shown_when_asked_for(command, capsys, monkeypatch):
    monkeypatch.setenv("PLUMBLINE_DEBUG", "1")
    command(raising(ZeroDivisionError("division by zero")))
    assert "Traceback" in capsys.readouterr().err


def test_a_command_that_cannot_be_loaded_leaves_the_help_standing(monkeypatch, capsys):
    broken = EntryPoint("broken", "tests.client.no_such_module:command", commands.ENTRY_POINTS)
    monkeypatch.setattr(commands, "installed", lambda: {"broken": broken})
    assert run(["--help"]) == 0
    assert "cannot be loaded" in capsys.readouterr().out


def test_a_reader_who_goes_away_is_no_fault_of_ours():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([SCRIPT, "--help"], stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == b""


def test_a_package_that_hides_ours_is_named(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").touch()
    done = subprocess.run(
        [SCRIPT, "audit"], env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert f"{tmp_path}/models/__init__.py" in done.stderr


def test_the_help_lists_the_commands_and_starts_in_a_blink():
    def processor_seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, timeout=60, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert {"audit", "init", "verify"} <= set(done.stdout.split())
        assert "cannot be loaded" not in done.stdout
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(processor_seconds() for _ in range(5)) < 0.3
