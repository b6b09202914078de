"""What goes in and out: the base of every type of the API, and the answer that a record makes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar, overload
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

R = TypeVar("R")


def in_utc(moment: Any) -> Any:
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo else moment


Moment = Annotated[datetime, BeforeValidator(in_utc)]


def as_day(value: Any) -> Any:
    """Pydantic would take seconds since 1970 too."""
    is_text = isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII)
    if not is_text and type(value) is not date:
        raise PydanticCustomError("day", "Give a day, such as 2026-11-21.")
    return value


Day = Annotated[date, BeforeValidator(as_day)]


def as_moment(value: Any) -> Any:
    """Pydantic would take seconds since 1970 too."""
    is_text = isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}[Tt ]", value, re.ASCII)
    if not is_text and not isinstance(value, datetime):
        raise PydanticCustomError("moment", "Give a day and a time with its offset, such as 2026-11-21T12:00:00Z.")
    return value


AskedMoment = Annotated[AwareDatetime, BeforeValidator(as_moment)]


class Record(BaseModel):
    """Something that the API tells."""

    model_config = ConfigDict(protected_namespaces=())


class Asked(BaseModel):
    """Something that the API is told; a field that is not ours is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Person(Record):
    """Who did it."""

    id: str = Field(examples=["7"])
    name: str = Field(examples=["Ada Example"])


@overload
def person(user: None) -> None: ...


@overload
def person(user: AbstractBaseUser) -> Person: ...


def person(user: AbstractBaseUser | None) -> Person | None:
    """Who a user is to the API; None where there is nobody."""
    return Person(id=str(user.pk), name=str(user)) if user else None


class Listed(Record, Generic[R]):
    """One page of a list, and where the next one is."""

    items: list[R]
    next: str | None = Field(None, description="Address of the next page; null on the last.", examples=[None])


class ApiRequest(HttpRequest):
    """For annotations: a request that was let in, about `organisation`, by `token` or (None) by a signed-in person."""

    organisation: Any
    token: Any
    json: Any


@dataclass(frozen=True, slots=True)
class Later:
    """What is answered instead once the job is finished, for who prefers to wait."""

    job: UUID
    answer: Callable[[], HttpResponse]


def reply(record: BaseModel, status: int = 200, *, location: str | None = None) -> HttpResponse:
    """The record as JSON, with the ETag of exactly these bytes."""
    body = record.model_dump_json(by_alias=True).encode()
    response = HttpResponse(body, content_type="application/json", status=status)
    response.headers["ETag"] = tag_of(body)
    if location:
        response.headers["Location"] = location
    return response


def started(record: BaseModel, job: UUID, then: Callable[[], HttpResponse]) -> HttpResponse:
    """202: a job was started; `then` is the answer once it is finished."""
    response = reply(record, 202, location=f"/api/v1/jobs/{job}")
    response.later = Later(job, then)  # type: ignore[attr-defined]
    return response


def nothing() -> HttpResponse:
    return HttpResponse(status=204)


def tag_of(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def tag(record: BaseModel) -> str:
    """The ETag that reply() gives this record."""
    return tag_of(record.model_dump_json(by_alias=True).encode())
