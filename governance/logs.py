"""Lines of the log: for people or as JSON, with the request or job they are about and without secrets."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

current_request: ContextVar[str] = ContextVar("current_request", default="")

HIDDEN = "[hidden]"
SECRETS = (
    (re.compile(r"\b(plb_|pll_|whsec_)[A-Za-z0-9_\-+/=]{4,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)(?!\[)[A-Za-z0-9._~+/=\-]{8,}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)(authorization|cookie|password|secret|token)(\"|')?(\s*[:=]\s*)(\"|')?(?!\[|bearer|basic)[^\s\"',;&]{12,}"),
     rf"\1\2\3\4{HIDDEN}"),
    (re.compile(r"(\b[a-z][a-z0-9+.\-]*://[^\s/:@]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),
)  # fmt: skip


def without_secrets(text: str) -> str:
    """Tokens, signing secrets, authorisations and passwords in addresses are taken out, wherever they stand."""
    for pattern, instead in SECRETS:
        text = pattern.sub(instead, text)
    return text


class Context(logging.Filter):
    """Adds `about` and, for machines, request_id, job and attempt; a handler's filter, so that it sees every line."""

    def filter(self, record: logging.LogRecord) -> bool:
        from models.jobs.logs import current_job

        about = []
        if request := current_request.get():
            record.request_id = request
            about.append(f"request {request}")
        if job := current_job.get():
            record.job, record.attempt = job
            about.append(f"job {job[0]} attempt {job[1]}")
        record.about = f" [{', '.join(about)}]" if about else ""
        return True


class Line(logging.Formatter):
    """For people."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class Json(JsonFormatter):
    """One object a line: time, level, logger, message, what the line is about, and what was given as `extra`."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Before it becomes JSON, so that no quote is taken out of it."""
        return {name: without_secrets(value) if isinstance(value, str) else value for name, value in log_data.items()}


def configuration(form: str, level: str) -> dict[str, Any]:
    """For logging.config.dictConfig. level: of everything; without it our own lines from INFO, others from WARNING."""
    ours = (level or "INFO").upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "governance.logs.Context"}},
        "formatters": {
            "line": {
                "()": "governance.logs.Line",
                "format": "{asctime} {levelname} {name}{about}: {message}",
                "style": "{",
            },
            "json": {
                "()": "governance.logs.Json",
                "fmt": "{asctime}{levelname}{name}{message}{process}",
                "style": "{",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                "reserved_attrs": RESERVED,
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "json" if form == "json" else "line",
                "filters": ["context"],
            }
        },
        "root": {"handlers": ["console"], "level": (level or "WARNING").upper()},
        "loggers": {
            "models": {"level": ours},
            "audits": {"level": ours},
            "governance": {"level": ours},
            "plumbline": {"level": ours},
            "django.security": {"level": "INFO"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody can cause it
            "django.request": {"level": "ERROR"},  # a page that is not there is in the access line
            "kombu.connection": {"level": "ERROR"},  # it warns that a folder has no host name
        },
    }


def reserved() -> list[str]:
    from pythonjsonlogger.core import RESERVED_ATTRS

    return [*RESERVED_ATTRS, "about", "request"]


RESERVED = reserved()
