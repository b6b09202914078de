"""ETag, If-None-Match and If-Match (RFC 9110): nobody gets what they have or overwrites what they have not seen."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.http import parse_etags
from pydantic import BaseModel

from models.rest.problems import Problem
from models.rest.records import tag, tag_of


def require_match(request: HttpRequest, record: BaseModel) -> None:
    """Call it in the transaction of the change, with the row locked and `record` as GET would show it now.

    Raises Problem: precondition-required without If-Match, precondition-failed where it names another state.
    """
    given = request.headers.get("If-Match")
    if given is None:
        raise Problem("precondition-required", "Send the ETag of what you got in the header If-Match.")
    wanted = parse_etags(given)
    present = tag(record)
    if wanted != ["*"] and present not in wanted:
        raise Problem("precondition-failed", headers={"ETag": present})


def unchanged(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """304 in place of an answer that the caller has already; every answer that is in memory gets its ETag here."""
    if request.method not in ("GET", "HEAD") or response.status_code != 200:
        return response
    if not response.streaming:
        response.headers.setdefault("ETag", tag_of(response.content))
    present, given = response.headers.get("ETag"), request.headers.get("If-None-Match")
    if not present or not given:
        return response
    wanted = [each.removeprefix("W/") for each in parse_etags(given)]
    if wanted != ["*"] and present not in wanted:
        return response
    if isinstance(response, FileResponse):
        response.file_to_stream.close()
    same = HttpResponse(status=304)
    same.headers["ETag"] = present
    return same
