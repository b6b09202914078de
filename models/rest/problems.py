"""What can go wrong with a request, as the API says it: problem details (RFC 9457), each kind with its own page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

ROOT = "/api/v1/"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem. `slug` never changes: it is what programs decide by. `mend` is what the caller can do."""

    slug: str
    status: int
    title: str
    meaning: str
    mend: str

    @property
    def address(self) -> str:
        return f"{ROOT}problems/{self.slug}"


_KINDS = (
    Kind("unauthenticated", 401, "No valid token",
         "The request has no token, or one that is unknown, revoked or expired; or its owner left the organisation.",
         "Send the header Authorization: Bearer plb_... with a token that is still good. Make a new one in your "
         "profile if need be. A token in the address is never read."),
    Kind("forbidden", 403, "Your role may not do this",
         "The token's owner, or the person who is signed in, has a role that does not allow this.",
         "The detail names the roles that may. An administrator of your organisation gives roles."),
    Kind("insufficient-scope", 403, "The token's scope is too small",
         "The owner's role may allow this, but the token was not given the scope for it.",
         "Make a token with the scope that the detail names. Some acts need a person who is signed in."),
    Kind("not-found", 404, "There is nothing here",
         "Nothing has this address, or what has it belongs to another organisation. The two look the same.",
         "Check the id and that the token belongs to the right organisation."),
    Kind("method-not-allowed", 405, "This address does not take that method",
         "The address exists; it is asked in another way.",
         "The header Allow lists the methods that it takes."),
    Kind("conflict", 409, "It conflicts with what there is",
         "What you ask for cannot be beside what is there already, such as a second model of the same name.",
         "Use what is there (the field existing gives its id where there is one), or choose another name."),
    Kind("precondition-failed", 412, "It has changed meanwhile",
         "The header If-Match names a state that is no longer the present one: somebody else changed it.",
         "Get it again, look at what changed, and repeat the change with the new ETag."),
    Kind("precondition-required", 428, "Say which state you change",
         "This changes something that others may change too, so it needs the header If-Match.",
         "Get it first, and send its ETag in If-Match."),
    Kind("too-large", 413, "The request is too large",
         "The body is larger than what this address takes.",
         "Send data and models as an upload in parts. The detail names the limit."),
    Kind("unsupported-media-type", 415, "The body is of another type",
         "The header Content-Type names a type that this address does not read.",
         "Send JSON with Content-Type: application/json; parts of an upload as application/octet-stream."),
    Kind("invalid", 422, "The request is not valid",
         "A field, a header or a part of the address is missing, unknown or of the wrong form.",
         "The list errors says for each what is wrong; pointer says where."),
    Kind("refused", 422, "This cannot be used as given",
         "The request is well formed, but the file, policy or option in it cannot be used.",
         "The detail says what is wrong and how to mend it. Nothing was changed."),
    Kind("checksum-mismatch", 422, "The bytes are not the ones announced",
         "The SHA-256 of what arrived is not the one that was sent with it.",
         "Send the part again. If it stays like this, the file changes while it is read."),
    Kind("idempotency-key-reused", 422, "The Idempotency-Key was used for another request",
         "The same key came before with another method, address or body.",
         "Use a new key for a new request; repeat a request with its key only as it was."),
    Kind("idempotency-in-progress", 409, "The same request is still being worked on",
         "A request with the same Idempotency-Key came before and has no answer yet.",
         "Repeat it after the seconds in Retry-After: you then get the answer of the first."),
    Kind("rate-limited", 429, "Too many requests",
         "More requests came with this token (or from this person) than are taken in the time.",
         "Wait for the seconds in Retry-After. RateLimit-Remaining tells how many are left."),
    Kind("storage-full", 507, "There is no room",
         "The service could not store what was sent. Nothing of it was kept.",
         "Tell whoever runs this service. Repeating it later is safe."),
    Kind("unavailable", 503, "A part of the service does not answer",
         "The database or the store could not be reached in time. Nothing was changed.",
         "Repeat the request later, with the same Idempotency-Key where it has one."),
    Kind("internal", 500, "A fault of the service",
         "Something went wrong that is not the request's fault. Nothing was changed.",
         "Repeat it later. If it stays like this, tell whoever runs this service when it happened."),
)  # fmt: skip
KINDS: dict[str, Kind] = {kind.slug: kind for kind in _KINDS}
# for an answer that something else than the API made: by its status
BY_STATUS = {401: "unauthenticated", 403: "forbidden", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}


class Problem(Exception):
    """Ends a request with problem details. `errors` are pairs of a JSON pointer and a sentence; `more` are fields."""

    def __init__(
        self,
        slug: str,
        detail: str = "",
        *,
        errors: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        self.kind = KINDS[slug]
        self.detail = detail or self.kind.meaning
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.more = more
        super().__init__(self.detail)


def invalid(pointer: str, detail: str) -> Problem:
    """One part of the request is not valid."""
    return Problem("invalid", detail, errors=[(pointer, detail)])


def problem_response(request: HttpRequest, problem: Problem, status: int | None = None) -> HttpResponse:
    """The answer that a problem is; `status` where it is not that of the kind."""
    body: dict[str, Any] = {
        "type": problem.kind.address,
        "title": problem.kind.title,
        "status": status or problem.kind.status,
        "detail": problem.detail,
        "instance": request.path,
    }
    if problem.errors:
        body["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in problem.errors]
    content = json.dumps(body | problem.more, ensure_ascii=False)
    response = HttpResponse(content.encode("utf-8", "replace"), content_type=MEDIA_TYPE, status=body["status"])
    response.headers["Cache-Control"] = "no-store"
    if body["status"] == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response
