"""The API's edge: who asks, may they, how often, with what body; then the endpoint; then what every answer carries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cached_property, wraps
from typing import Any
from uuid import UUID

import ninja
from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser

from models.errors import InputError
from models.rest import rates
from models.rest.bodies import check_query, read_json
from models.rest.conditional import unchanged
from models.rest.idempotency import once
from models.rest.openapi import completed
from models.rest.prefer import seconds_to_wait
from models.rest.problems import Problem, problem_response
from models.rest.router import Told
from models.rest.words import sentence

logger = logging.getLogger(__name__)
Way = Callable[[HttpRequest], str | None]


class ParsedBefore(Parser):
    """The body was read at the edge, within limits."""

    def parse_body(self, request: HttpRequest) -> Any:
        return request.json  # type: ignore[attr-defined]


class Api(ninja.NinjaAPI):
    """What the rooms above bring, since this one knows of no accounts and no jobs.

    ways: each names the principal of a request that it recognises, or None; raises Problem for a bad one. permit: the
    organisation that the request is about, if its caller may do the action. wait: comes back once the job is finished,
    or after the seconds, with whether it is. scope_of: the scope that a token needs for an action.
    """

    def __init__(
        self,
        *,
        ways: list[Way],
        permit: Callable[[HttpRequest, str], Any],
        wait: Callable[[UUID, float], bool],
        scope_of: Mapping[str, str | None],
        **more: Any,
    ) -> None:
        super().__init__(parser=ParsedBefore(), urls_namespace="api", auth=None, **more)
        self.ways, self.permit, self.wait, self.scope_of = ways, permit, wait, scope_of
        self.add_decorator(self.edge, mode="view")

    def edge(self, run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        """Around each endpoint; runs before its arguments are read."""
        operation: Operation = run.__self__  # type: ignore[attr-defined]
        told: Told = operation.view_func.told  # type: ignore[attr-defined]
        known = query_parameters(operation)
        has_body = any(model.__ninja_param_source__ == "body" for model in operation.models)

        @wraps(run)
        def answer(request: HttpRequest, **parts: Any) -> HttpResponseBase:
            standing = None
            try:
                principal = self.recognised(request)
                standing = rates.spend(principal)
                request.organisation = self.permit(request, told.action)  # type: ignore[attr-defined]
                check_query(request, known)
                if has_body:
                    request.json = read_json(request)  # type: ignore[attr-defined]
                response = self.answered(request, told, lambda: run(request, **parts))
            except Exception as error:
                response = self.on_exception(request, error)
            return finished(request, response, standing)

        return answer

    def recognised(self, request: HttpRequest) -> str:
        for way in self.ways:
            if principal := way(request):
                return principal
        raise Problem("unauthenticated", "Send a token: Authorization: Bearer plb_...")

    def answered(self, request: HttpRequest, told: Told, work: Callable[[], Any]) -> Any:
        if told.once:
            organisation = request.organisation  # type: ignore[attr-defined]
            response = once(request, f"{organisation.pk}:{request.user.pk}", work)
        else:
            response = work()
        return self.waited(request, response) if told.waits else response

    def waited(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Waiting comes after the transaction, and what is remembered for the key is the 202."""
        later, seconds = getattr(response, "later", None), seconds_to_wait(request)
        if later is None or not seconds or not self.wait(later.job, seconds):
            return response
        finished: HttpResponse = later.answer()
        finished.headers["Location"] = response.headers["Location"]
        finished.headers["Preference-Applied"] = "wait"
        return finished

    def set_default_exception_handlers(self) -> None:
        super().set_default_exception_handlers()
        self.turn(Problem, lambda problem: problem)
        for kind, turn in TURNED.items():
            self.turn(kind, turn)
        self.add_exception_handler(Exception, fault)

    def turn(self, kind: type[Exception], into: Callable[[Any], Problem]) -> None:
        """Answer an exception as the problem that `into` makes of it."""
        self.add_exception_handler(kind, lambda request, error: problem_response(request, into(error)))

    @cached_property
    def schema(self) -> dict[str, Any]:
        """OpenAPI 3.1, made once."""
        return completed(super().get_openapi_schema(path_prefix="api/v1"), self)

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        return self.schema

    def operations(self) -> list[Operation]:
        bound = self._get_bound_routers()
        return [op for router in bound for view in router.path_operations.values() for op in view.operations]


def query_parameters(operation: Operation) -> frozenset[str]:
    models = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    return frozenset(name for model in models for name in model.__ninja_flatten_map__)


def finished(request: HttpRequest, response: Any, standing: rates.Standing | None) -> Any:
    response = unchanged(request, response)
    for name, value in (standing.headers() if standing else {}).items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "private, no-cache" if response.has_header("ETag") else "no-store")
    response.headers["Vary"] = "Authorization, Cookie"
    return response


def fault(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """Ours: logged with its traceback, and told without it."""
    got_request_exception.send(sender=Api, request=request)
    logger.error("Internal Server Error: %s %s", request.method, request.path, exc_info=True)
    return problem_response(request, Problem("internal"))


def not_valid(error: ValidationError) -> Problem:
    """Pydantic's findings, each at its JSON pointer; `body` is the body's root, whatever the argument is called."""
    errors = []
    for found in error.errors:
        source, *parts = found["loc"]
        if source == "body":
            parts = parts[1:]
        escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in (source, *parts))
        errors.append(("/" + "/".join(escaped), sentence(found)))
    detail = f"{errors[0][0]}: {errors[0][1]}" if len(errors) == 1 else several(errors)
    return Problem("invalid", detail, errors=errors[:100])


def several(errors: list[tuple[str, str]]) -> str:
    shown = ", ".join(pointer for pointer, _ in errors[:3])
    more = f" and {len(errors) - 3} more" if len(errors) > 3 else ""
    return f"{len(errors)} parts of the request are not valid: {shown}{more}."


def unavailable(error: Exception) -> Problem:
    logger.error("the database did not answer: %s", error)
    return Problem("unavailable", headers={"Retry-After": "5"})


TURNED: dict[type[Exception], Callable[[Any], Problem]] = {
    InputError: lambda error: Problem("refused", str(error)),
    Http404: lambda error: Problem("not-found", "There is nothing here."),
    PermissionDenied: lambda error: Problem("forbidden", str(error)),
    ValidationError: not_valid,
    HttpError: lambda error: Problem("invalid", str(error)),
    OperationalError: unavailable,
    InterfaceError: unavailable,
}
