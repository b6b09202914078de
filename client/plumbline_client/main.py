"""The script `plumbline`: runs a command and turns whatever happens into an exit code and a message on stderr.

0 passed, 1 a rule failed, 2 bad input or usage, 3 inconclusive, 4 server or network, 70 a fault of our own,
130 interrupted, 141 the reader of our output went away, 143 asked to end (SIGTERM). A command says its own code with
`ctx.exit(code)`; an exception says it with an integer attribute `exit_code` (never 1, which is a finding and no error).
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

from plumbline_client.commands import PROGRAM, plumbline
from plumbline_client.groups import install_line

BAD_INPUT, FAULT, INTERRUPTED, BROKEN_PIPE = 2, 70, 130, 141
THE_USERS_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}


def main() -> NoReturn:
    """The console script."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # nohup has SIGHUP ignored, and so it stays
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end_tidily)
    sys.exit(run(sys.argv[1:]))


def end_tidily(number: int, _frame: FrameType | None) -> NoReturn:
    """Ends as an exception does, so that children are stopped and temporary folders removed; once is enough."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code; nothing but SystemExit escapes."""
    try:
        return concluded(arguments)
    except BrokenPipeError:
        return quiet_broken_pipe()
    except SystemExit as end:
        # rich answers a broken pipe with exit code 1, which with us is a finding
        if isinstance(end.__context__, BrokenPipeError):
            return quiet_broken_pipe()
        raise


def concluded(arguments: Sequence[str]) -> int:
    """The exit code of a command line; whoever has to know is told why. BrokenPipeError where nobody listens."""
    try:
        code = invoke(list(arguments))
        sys.stdout.flush()
        return code
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nInterrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except click.ClickException as error:
        error.show()
        return BAD_INPUT
    except Exception as error:
        return explain(error)


def invoke(arguments: list[str]) -> int:
    complete(os.environ.get(f"_{PROGRAM.upper()}_COMPLETE"))
    with plumbline.make_context(PROGRAM, arguments) as context:
        result = plumbline.invoke(context)
    return result if isinstance(result, int) else 0


def complete(instruction: str | None) -> None:
    """Answers the shell's question for completions, when that is why we were started."""
    if instruction:
        from click.shell_completion import shell_complete

        code = shell_complete(plumbline, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE", instruction)
        raise click.exceptions.Exit(code)


def explain(error: Exception) -> int:
    """Prints what went wrong for whoever can mend it, and returns the exit code that says who that is."""
    if os.environ.get("PLUMBLINE_DEBUG") == "1":
        traceback.print_exception(error)
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):
        return say(str(error), code)
    if isinstance(error, ModuleNotFoundError) and (line := install_line(error.name)):
        return say(f"{error.name} is not installed. Install it with:\n  {line}", BAD_INPUT)
    if isinstance(error, OSError) and error.errno in THE_USERS_DISK:
        return say(f"{error.strerror}: {error.filename or 'the output'}", BAD_INPUT)
    return say(report(error), FAULT)


def say(message: str, code: int) -> int:
    click.echo(f"Error: {message}", err=True)
    return code


def report(error: Exception) -> str:
    """What somebody who reports our fault should copy."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return (
        "this is a fault in Plumbline, not in your input.\n"
        f"  {type(error).__name__}: {error}{where}\n"
        "Please report it with the command you ran, the output of `plumbline --version`, and the traceback that\n"
        "the same command prints with PLUMBLINE_DEBUG=1 in its environment. Your files were not changed."
    )


def quiet_broken_pipe() -> int:
    """Keeps Python from complaining once more when it flushes at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return BROKEN_PIPE
