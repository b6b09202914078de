"""Reading what was sent: JSON within limits, and query parameters that are known."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError

from models.rest.problems import Problem, invalid

DEEPEST = 32
MOST_PARAMETER = 2_000


def read_json(request: HttpRequest) -> Any:
    """The body as JSON; raises Problem for another type, one that is too large, too deep, or holds what no record can.

    None where there is none. The size is told from Content-Length before anything is read.
    """
    if request.META.get("CONTENT_LENGTH") in (None, "", "0"):
        return None
    if request.content_type != "application/json":
        raise Problem("unsupported-media-type", "Send JSON, with the header Content-Type: application/json.")
    body = read_bytes(request)
    try:
        value = json.loads(body, parse_constant=refuse_constant)
    except RecursionError:
        raise too_deep() from None
    except (ValueError, UnicodeDecodeError):
        raise invalid("/body", "The body is not JSON.") from None
    check_values(value)
    return value


def read_bytes(request: HttpRequest) -> bytes:
    """The body, which is kept in memory. Raises Problem for one that is too large, or was cut off."""
    try:
        return request.body
    except RequestDataTooBig:
        raise too_large() from None
    except UnreadablePostError:
        raise invalid("/body", "The body ended before its end.") from None


def too_large() -> Problem:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return Problem("too-large", f"A JSON body has at most {most:,} bytes. Files are sent as an upload in parts.")


def too_deep() -> Problem:
    return invalid("/body", f"The JSON is nested more than {DEEPEST} deep.")


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def check_values(value: Any) -> None:
    """No database stores NUL or half a character, and a number that overflows is not the one that was meant."""
    left = [(value, 1)]
    while left:
        each, depth = left.pop()
        if depth > DEEPEST:
            raise too_deep()
        if isinstance(each, dict):
            left += [(inner, depth + 1) for pair in each.items() for inner in pair]
        elif isinstance(each, list):
            left += [(inner, depth + 1) for inner in each]
        elif isinstance(each, str) and not storable(each):
            raise invalid("/body", "A text in the body holds NUL or half a character.")
        elif isinstance(each, float) and not math.isfinite(each):
            raise invalid("/body", "A number in the body is too large.")


def storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def check_query(request: HttpRequest, known: frozenset[str]) -> None:
    """Every query parameter is known, given once, and of a sensible length."""
    errors = []
    for name, values in request.GET.lists():
        pointer = f"/query/{name[:100]}"
        if name not in known:
            said = f"The known ones are {', '.join(sorted(known))}." if known else "There are none here."
            errors.append((pointer, f"There is no such parameter. {said}"))
        elif len(values) > 1:
            errors.append((pointer, "The parameter is given more than once."))
        elif len(values[0]) > MOST_PARAMETER or not storable(values[0]):
            errors.append((pointer, f"The parameter is longer than {MOST_PARAMETER:,} characters, or holds NUL."))
    if errors:
        raise Problem("invalid", "A query parameter is unknown or not valid.", errors=errors)
