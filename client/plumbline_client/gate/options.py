"""The gate's options, the same on `plumbline gate` and on `plumbline audit`, and the files that it writes."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from plumbline_client.gate.decision import Decision, Terms

FILE = click.Path(dir_okay=False, path_type=Path)
READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
SUMMARY = "GITHUB_STEP_SUMMARY"
F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = (
    click.option(
        "--waivers", type=READABLE, metavar="FILE", help="Waivers with a reason, a name and a last day (TOML)."
    ),
    click.option("--allow-inconclusive", is_flag=True, help="Exit 0 where nothing failed but something is undecided."),
    click.option(
        "--regressions",
        type=click.Choice(["ruled", "any", "ignore"]),
        default="ruled",
        show_default=True,
        help="Which figures that got worse than the baseline fail the gate: those that a rule rests on, any, or none.",
    ),
    click.option("--junit", type=FILE, metavar="FILE", help="Write JUnit XML here."),
    click.option("--sarif", type=FILE, metavar="FILE", help="Write SARIF 2.1.0 here, for code scanning."),
    click.option(
        "--markdown", type=FILE, metavar="FILE", help=f"Write a summary in Markdown here (also to ${SUMMARY})."
    ),
)


def gate_options(command: F) -> F:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Gate:
    """What was typed of the options above."""

    waivers: Path | None
    allow_inconclusive: bool
    regressions: str
    junit: Path | None
    sarif: Path | None
    markdown: Path | None

    @staticmethod
    def taken_from(given: dict[str, Any]) -> Gate:
        """Takes its own options out of all that were typed."""
        return Gate(**{name: given.pop(name) for name in Gate.__slots__})

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(file for file in (self.junit, self.sarif, self.markdown) if file)

    @property
    def asked(self) -> bool:
        """Whether anything of it was asked for."""
        return bool(self.files or self.waivers or self.allow_inconclusive or SUMMARY in os.environ)

    def terms(self) -> Terms:
        """Raises InvalidInput where the file of waivers is wrong."""
        from plumbline_client.gate.decision import Terms
        from plumbline_client.gate.waivers import read_waivers

        waivers = read_waivers(self.waivers) if self.waivers else ()
        today = datetime.datetime.now(datetime.UTC).date()
        return Terms(today, waivers, self.regressions, self.allow_inconclusive)  # type: ignore[arg-type]

    def write(self, decision: Decision, *, policy: Path | None, config: Path | None = None) -> None:
        """Write every file that was asked for, and the summary that a GitHub job shows."""
        from plumbline_client.gate.junit import junit
        from plumbline_client.gate.markdown import markdown
        from plumbline_client.gate.place import places
        from plumbline_client.gate.sarif import sarif
        from plumbline_client.whole_files import write

        text = markdown(decision).encode("utf-8", "replace")
        if self.junit:
            write(self.junit, junit(decision))
        if self.sarif:
            write(self.sarif, sarif(decision, places(policy, config)))
        if self.markdown:
            write(self.markdown, text)
        if summary := os.environ.get(SUMMARY):
            with Path(summary).open("ab") as file:
                file.write(text)
