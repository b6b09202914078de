"""Every room brings its own urls.py; nothing is listed here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from governance import api, one_click, probes
from governance.views import home


def rooms() -> Iterator[URLResolver]:
    """Lowest room last, so that the top floor has the first say about an address."""
    for room in reversed(settings.ROOMS):
        if room != "governance" and find_spec(f"{room}.urls"):
            yield path("", include(f"{room}.urls"))


handler500 = "governance.views.broken"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("livez", probes.livez, name="livez"),
    path("healthy", probes.livez, name="healthy"),  # its older name
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.figures, name="metrics"),
    path("sign-in/as/<slug:role>/", one_click.sign_in_as, name="sign-in-as"),
    path("api/v1/", api.urls()),
    *rooms(),
]
