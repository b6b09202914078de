"""What a kind of job gets to work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.jobs.heartbeat import Heartbeat
from models.jobs.models import Job
from models.jobs.sandbox.run import Limits, run_sandboxed


class Stopped(Exception):
    """The work has to end now: cancelled, out of time, or no longer ours. Kinds let it pass."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """job is the row as it was when taken, to be read only. workdir is private to the attempt and goes with it."""

    job: Job
    workdir: Path
    heartbeat: Heartbeat

    @property
    def params(self) -> dict[str, Any]:
        return self.job.params

    @property
    def limits(self) -> Limits:
        """For a sandbox started now: the job's memory, and the time that is left of the attempt."""
        return Limits(seconds=self.heartbeat.seconds_left, memory=self.job.memory_limit)

    def progress(self, fraction: float, sentence: str) -> None:
        """Tell how far it is, from 0 to 1, in a sentence for people; raises Stopped if the work has to end."""
        self.check()
        self.heartbeat.tell(fraction, sentence)

    def log(self, line: str) -> None:
        self.heartbeat.note(line)

    def cancelled(self) -> bool:
        """True as soon as the work has to end, for whatever reason."""
        return self.heartbeat.stop is not None

    def check(self) -> None:
        """Raise Stopped if the work has to end; long work outside the sandbox calls it often."""
        if self.cancelled():
            raise Stopped

    def run_sandboxed(
        self,
        task: str,
        payload: dict[str, Any],
        *,
        inputs: Mapping[str, Path],
        output: Path,
        limits: Limits | None = None,
        share: tuple[float, float] = (0.0, 1.0),
    ) -> dict[str, Any]:
        """run_sandboxed with this job's limits, log and cancel; its progress fills `share` of the job's."""
        low, high = share
        return run_sandboxed(
            task,
            payload,
            inputs=inputs,
            output=output,
            limits=limits or self.limits,
            on_progress=lambda fraction, sentence: self.heartbeat.tell(low + (high - low) * fraction, sentence),
            cancelled=self.cancelled,
            on_log=lambda text: self.log(text) if text else None,
        )
