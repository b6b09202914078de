"""Lists in pages that stay right while rows come in: each page begins after the last row of the one before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from pydantic import BaseModel, ConfigDict, Field

from models.rest.problems import invalid
from models.rest.records import Listed, reply

USUAL, MOST = 50, 100
NEWEST = ("-created_at", "-pk")


class PageQuery(BaseModel):
    """The query parameters of every list; filters are further fields of a subclass."""

    model_config = ConfigDict(protected_namespaces=())

    limit: int = Field(USUAL, ge=1, le=MOST, description="How many at most.")
    cursor: str | None = Field(None, max_length=1000, description="Taken from `next` of the page before.")


def listed(
    request: HttpRequest,
    rows: QuerySet[Any],
    query: PageQuery,
    show: Callable[[Any], BaseModel],
    order: Sequence[str] = NEWEST,
    before: Callable[[list[Any]], object] | None = None,
) -> HttpResponse:
    """One page of `rows` by `order`, whose fields together are unique and not null (`-` in front: falling).

    `before` gets the page's rows once, to look up what `show` needs of all of them.

    Raises Problem for a cursor that is not one of ours for this list.
    """
    if query.cursor is not None:
        rows = rows.filter(after(order, opened(request.path, query.cursor, len(order))))
    found = list(rows.order_by(*order)[: query.limit + 1])
    page, following = found[: query.limit], None
    if len(found) > query.limit:
        following = address(request, closed(request.path, [value(page[-1], name) for name in order]))
    if before:
        before(page)
    response = reply(Listed[Any](items=[show(row) for row in page], next=following))
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """a > x, or a = x and b > y, and so on; `<` where the order falls."""
    condition, same = Q(pk__in=[]), Q()
    for name, last in zip(order, values, strict=True):
        field, side = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        condition |= same & Q(**{f"{field}__{side}": last})
        same &= Q(**{field: last})
    return condition


def value(row: Model, name: str) -> Any:
    found: Any = row
    for part in name.removeprefix("-").split("__"):
        found = getattr(found, part)
    return found


def closed(path: str, values: Sequence[Any]) -> str:
    """Signed, so that nobody asks the database for what we did not offer; for this list only. Without the time, so that
    a list that is as it was has the ETag that it had."""
    said = [f"t{each.isoformat()}" if isinstance(each, datetime) else each for each in map(plain, values)]
    return signing.Signer(salt=f"place:{path}").sign_object(said)


def plain(value: Any) -> Any:
    if isinstance(value, str):
        return f"s{value}"
    return value if isinstance(value, int | datetime) else f"s{value}"


def opened(path: str, cursor: str, length: int) -> list[Any]:
    try:
        said = signing.Signer(salt=f"place:{path}").unsign_object(cursor)
    except signing.BadSignature:
        raise invalid("/query/cursor", "This is no cursor of this list. Take it from next, unchanged.") from None
    if len(said) != length:  # of a version of the service that ordered the list otherwise
        raise invalid("/query/cursor", "This cursor is of an older version of this list. Begin again without one.")
    return [back(each) for each in said]


def back(said: Any) -> Any:
    if isinstance(said, str):
        return parse_datetime(said[1:]) if said.startswith("t") else said[1:]
    return said


def address(request: HttpRequest, cursor: str) -> str:
    """The same list with the same filters, further on."""
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"{request.path}?{query.urlencode()}"
