"""What can go wrong, each with the exit code that it means on the command line.

2: what was given cannot be used, or is not there. 4: the server or the way to it. A program decides by the class, or by
`slug`, the last part of a problem's type, which never changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BAD_INPUT, SERVER = 2, 4
# how a server tells of a job that failed through no fault of its input: in words, or a bare Python error
OURS = re.compile(r"a fault of our own|the database was not to be reached|[A-Z]\w*(Error|Exception)\b: ")
# problems that are the caller's to mend; what else may come is the server's, or a matter of the token
INPUT_PROBLEMS = frozenset(
    {
        *("not-found", "method-not-allowed", "conflict", "precondition-failed", "precondition-required", "too-large"),
        *("unsupported-media-type", "invalid", "refused", "checksum-mismatch", "idempotency-key-reused"),
    }
)


class PlumblineError(Exception):
    """Something that this client or its server refuses or cannot do; its text is made for people."""

    exit_code = SERVER


class InvalidInput(PlumblineError, ValueError):
    """What was given cannot be used; nothing was sent."""

    exit_code = BAD_INPUT


class NotInstalled(InvalidInput):
    """A library that this needs is missing; the message has the line that installs it."""

    def __init__(self, what: str, needed: str) -> None:
        super().__init__(f"{what} needs {needed}, which is not installed. Install it with:\n  pip install {needed}")


class Unreachable(PlumblineError):
    """No answer came: no such host, refused, cut off or too slow; asked again as often as is reasonable."""


class NotPlumbline(PlumblineError):
    """An answer came that no Plumbline server gives."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One part of a request that is wrong. `pointer` is a JSON pointer such as /body/name."""

    pointer: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer.removeprefix('/body/') or 'request'}: {self.detail}"


class Problem(PlumblineError):
    """The server's answer was problem details (RFC 9457)."""

    def __init__(self, slug: str, status: int, detail: str, errors: tuple[FieldError, ...], body: Mapping[str, Any]):
        self.slug, self.status, self.detail, self.errors, self.body = slug, status, detail, errors, dict(body)
        self.exit_code = BAD_INPUT if slug in INPUT_PROBLEMS else SERVER
        super().__init__(self.sentence())

    def sentence(self) -> str:
        told = [str(error) for error in self.errors if error.detail not in self.detail]
        return "\n  ".join([self.detail, *told])


class JobFailed(PlumblineError):
    """A job ended without a result: it failed, mostly for what it was given, or was cancelled. `job` is its record."""

    def __init__(self, message: str, job: Any) -> None:
        super().__init__(message)
        self.job = job
        self.exit_code = BAD_INPUT if job.state == "failed" and not OURS.match(job.error or "") else SERVER


class StillRunning(PlumblineError):
    """The job was not finished within the time that was given to wait; it goes on."""

    def __init__(self, message: str, job: Any) -> None:
        super().__init__(message)
        self.job = job


class UploadStopped(PlumblineError):
    """An upload broke off. `upload` is its id; uploading the same file with `resume=` sends only what is missing."""

    def __init__(self, message: str, upload: str) -> None:
        super().__init__(message)
        self.upload = upload
