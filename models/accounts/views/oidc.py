"""To the identity provider and back; there only where one is set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from requests import RequestException

from models.accounts.oidc import FAILED, PROVIDER, Exchange, asking, refused
from models.accounts.permission import NotFound


@login_not_required
@require_safe
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    asking(request)
    return reached(request, provider_id, OAuth2LoginView.adapter_view)


@login_not_required
@require_safe
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    return reached(request, provider_id, OAuth2CallbackView.adapter_view)


def reached(request: HttpRequest, provider_id: str, view: Callable[[Exchange], Any]) -> HttpResponse:
    """A provider that is away or says nonsense refuses, and is no fault of ours."""
    if provider_id != PROVIDER:
        raise NotFound("There is nothing here.")
    try:
        answer: HttpResponse = view(Exchange(request, PROVIDER))(request)
    except (RequestException, KeyError):
        return refused(request, FAILED)
    return answer
