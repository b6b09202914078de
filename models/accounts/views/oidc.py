"""To the identity provider and back; there only where one is set up."""

from __future__ import annotations

from collections.abc import Callable

from allauth.socialaccount.providers.openid_connect import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from requests import RequestException

from models.accounts.oidc import FAILED, PROVIDER, refused
from models.accounts.permission import NotFound


@login_not_required
@require_safe
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    return reached(request, provider_id, views.login)


@login_not_required
@require_safe
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    return reached(request, provider_id, views.callback)


def reached(request: HttpRequest, provider_id: str, view: Callable[..., HttpResponse]) -> HttpResponse:
    """A provider that is away or says nonsense refuses, and is no fault of ours."""
    if provider_id != PROVIDER:
        raise NotFound("There is nothing here.")
    try:
        return view(request, PROVIDER)
    except (RequestException, KeyError):
        return refused(request, FAILED)
