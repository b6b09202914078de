"""Risk assessments on their way to a second person's signature, and their reports."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from plumbline_client.desk import Assessment, AssessmentComparison, Comment
from plumbline_client.errors import StillRunning
from plumbline_client.room import Register, ident

PAUSE = 1.0


class Assessments(Register[Assessment]):
    """`client.assessments`. To approve, or to send back, is for a second person who is signed in; no token does it.
    change() takes as_of, summary and not_assessed (one thing on each line)."""

    path, thing = "/assessments", Assessment

    def list(self, *, system: Any = None, state: str | None = None) -> Iterator[Assessment]:
        """The newest first. `state`: draft, in review, approved or superseded."""
        return self._listed(system=system, state=state)

    def begin(self, system: Any, as_of: date | str | None = None) -> Assessment:
        """A draft, after the last approved one where there is one, for a day (today)."""
        return self._made(Assessment, self.path, {"system": ident(system), "as_of": as_of})

    def print(self, assessment: Assessment | str) -> Assessment:
        """Have the PDF of a draft made; each page of it bears DRAFT. report() saves it."""
        return self._act(assessment, "print")

    def submit(self, assessment: Assessment | str) -> Assessment:
        """Freeze it, and send it into review. Its report is made meanwhile."""
        return self._act(assessment, "submit")

    def withdraw(self, assessment: Assessment | str, reason: str) -> Assessment:
        """Take it back from review: a draft again, with the reason as a comment."""
        return self._act(assessment, "withdraw", reason=reason)

    def compare(self, assessment: Assessment | str) -> AssessmentComparison:
        """With the last one that was approved before it."""
        return self._one(AssessmentComparison, f"{self._at(assessment)}/comparison")

    def comments(self, assessment: Assessment | str) -> Iterator[Comment]:
        """The oldest first."""
        return self._rows(Comment, f"{self._at(assessment)}/comments")

    def comment(self, assessment: Assessment | str, text: str) -> Comment:
        return self._made(Comment, f"{self._at(assessment)}/comments", {"text": text})

    def report(self, assessment: Assessment | str, file: str | os.PathLike[str], *, timeout: float = 0.0) -> Path:
        """Save the report as PDF; `plumbline verify` checks it. Before approval each page bears DRAFT.

        `timeout`: seconds to wait for it while it is being made; StillRunning where that is not enough.
        """
        until = time.monotonic() + timeout
        found = self.get(assessment)
        while found.report is None:
            if time.monotonic() >= until:
                raise StillRunning("The report is not made yet. Print or submit the assessment, or wait longer.", None)
            time.sleep(PAUSE)
            found = self.get(assessment)
        return self._saved(f"{self._at(assessment)}/report.pdf", file)
