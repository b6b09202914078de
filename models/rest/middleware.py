"""Every error under the API's address is problem details, whoever made it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from models.rest.problems import BY_STATUS, MEDIA_TYPE, ROOT, Problem, problem_response


class ProblemMiddleware:
    """Stands outermost, so that what the resolver, another middleware or a fault answers is turned too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path_info.startswith(ROOT) or response.status_code < 400 or is_problem(response):
            return response
        return turned(request, response)


def is_problem(response: HttpResponse) -> bool:
    return str(response.headers.get("Content-Type", "")).startswith(MEDIA_TYPE)


def turned(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The same status and Allow, said as the API says it."""
    status = response.status_code
    slug = BY_STATUS.get(status, "invalid" if status < 500 else "internal")
    made = problem_response(request, Problem(slug), status)
    if "Allow" in response.headers:
        made.headers["Allow"] = response.headers["Allow"]
    return made
