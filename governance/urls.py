"""Every room brings its own urls.py; nothing is listed here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from governance.views import home


@login_not_required
def healthy(request: HttpRequest) -> HttpResponse:
    """For a load balancer: the web process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def rooms() -> Iterator[URLResolver]:
    """Lowest room last, so that the top floor has the first say about an address."""
    for room in reversed(settings.ROOMS):
        if room != "governance" and find_spec(f"{room}.urls"):
            yield path("", include(f"{room}.urls"))


urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("healthy", healthy, name="healthy"),
    *rooms(),
]
