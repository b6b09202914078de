"""Every request has an id, is counted, and leaves one line in the log."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse

from governance.logs import current_request
from governance.probes import PROBES

access = logging.getLogger("plumbline.access")

SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{7,63}")
# what machines ask for every few seconds, or a page twenty times
QUIET = ("/static/", *PROBES)


class RequestMiddleware:
    """The outermost: sets request.id (the caller's X-Request-ID where that is sane), and sends it back.

    What probes ask is answered here, whatever name they call us by and without HTTPS: they know the address alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if SANE.fullmatch(given) else uuid4().hex  # type: ignore[attr-defined]
        token = current_request.set(request.id)  # type: ignore[attr-defined]
        began = time.perf_counter()
        try:
            probe = PROBES.get(request.path)
            response = probe(request) if probe else self.get_response(request)
            response.headers["X-Request-ID"] = request.id  # type: ignore[attr-defined]
            tell(request, response, time.perf_counter() - began)
            return response
        finally:
            current_request.reset(token)


def tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """One line for people; for machines the same as fields. Values of the query are left out, names are not."""
    from governance.metrics import observe  # Django's checks load this file before web.py has said how figures are kept

    route = route_of(request)
    observe(route, response.status_code, seconds)
    level = logging.DEBUG if request.path.startswith(QUIET) else logging.INFO
    if not access.isEnabledFor(level):
        return
    said: dict[str, Any] = {
        "method": request.method,
        "path": shown_path(request),
        "route": route,
        "status": response.status_code,
    }
    said |= {"ms": round(seconds * 1000, 1), **who(request)}
    people = f" user {said['user']}" if "user" in said else ""
    people += f" token {said['token_id']}" if "token_id" in said else ""
    access.log(
        level, "%s %s %s in %s ms%s", said["method"], said["path"], said["status"], said["ms"], people, extra=said
    )


def route_of(request: HttpRequest) -> str:
    """The address's name, never the address: there are few of them."""
    match = request.resolver_match
    if match is None and request.path in PROBES:
        return request.path[1:]
    if match is None:
        return "static" if request.path.startswith("/static/") else "(none)"
    return match.view_name or "(unnamed)"


def shown_path(request: HttpRequest) -> str:
    """The path without what may be a secret in it (an invitation's code, say), and the names of the query's fields."""
    path = request.path[:500]
    for name, value in (request.resolver_match.kwargs if request.resolver_match else {}).items():
        if isinstance(value, str) and not is_plain(value):
            path = path.replace(value, f"<{name}>")
    fields = sorted(request.GET)[:20]
    return f"{path}?{'&'.join(name[:40] for name in fields)}" if fields else path


def is_plain(value: str) -> bool:
    """A number, a UUID or a short word is no secret."""
    if len(value) < 16:
        return True
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def who(request: HttpRequest) -> dict[str, Any]:
    """Only where it is known already: the line must not read the database."""
    token = getattr(request, "token", None)
    if token is not None:
        return {"token_id": str(token.pk), "user": token.user_id}
    number = getattr(getattr(request, "_cached_user", None), "pk", None)
    return {"user": number} if number else {}
