"""What each kind of problem means, for people; the address is the `type` that programs decide by."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from models.rest.problems import KINDS, Problem, problem_response


@login_not_required
@csrf_exempt
@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    return render(request, "rest/problems.html", {"kinds": KINDS.values()})


@login_not_required
@csrf_exempt
@require_safe
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in KINDS:
        return nowhere(request)
    return render(request, "rest/problem.html", {"kind": KINDS[slug]})


@login_not_required
@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    return problem_response(request, Problem("not-found", "There is nothing at this address."))
