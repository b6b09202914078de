"""What machines ask of the web process: does it live, may it be sent requests, and its figures."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.health import Finding, broker, database, migrations, reachable_storage

LOOPBACK = ("127.", "::1", "::ffff:127.")
LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}
FORWARDED = ("Forwarded", "X-Forwarded-", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Via")
FRESH = 2.0  # seconds for which an answer is given again: strangers must not keep the database busy

# without these a request fails; without the broker it does not: the database is the truth, and a worker rings later
NEEDED: tuple[Callable[[], Finding], ...] = (database, migrations, reachable_storage)
HELPFUL: tuple[Callable[[], Finding], ...] = (broker,)

_lock = threading.Lock()
_asked: tuple[float, dict[str, Finding]] = (-FRESH, {})


@login_not_required
@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """The web process answers; nothing else is asked, so that a database that is away starts no restart."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 where requests can be served, else 503; why is told to this machine and to who has the token."""
    found = findings()
    bad = [name for name, finding in found.items() if finding.level == "missing"]
    broken = [name for name in bad if name in map(short, NEEDED)]
    said = "not ready" if broken else "degraded" if bad else "ready"
    status = 503 if broken else 200
    if not may_see(request):
        return HttpResponse(f"{said}\n", content_type="text/plain", status=status)
    checks = {name: {"level": finding.level, "message": finding.message} for name, finding in found.items()}
    return JsonResponse({"status": said, "checks": checks}, status=status)


@login_not_required
@require_safe
@never_cache
def figures(request: HttpRequest) -> HttpResponse:
    if not may_see(request):
        return HttpResponseForbidden("The figures are for this machine, or for who has the token.\n", "text/plain")
    from governance import metrics  # not before it is settled whether processes share their figures, see web.py

    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def may_see(request: HttpRequest) -> bool:
    """From this machine itself (and not by way of a proxy on it), or with METRICS_TOKEN as bearer."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    if wanted and scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), wanted.encode()):
        return True
    return is_local(request)


def is_local(request: HttpRequest) -> bool:
    """Loopback, asked by a local name, with no trace of a proxy; never where a proxy is declared."""
    if settings.BEHIND_PROXY or any(name.startswith(FORWARDED) for name in request.headers):
        return False
    asked = urlsplit(f"//{request.META.get('HTTP_HOST', '')}").hostname
    return asked in LOCAL_NAMES and request.META.get("REMOTE_ADDR", "").startswith(LOOPBACK)


def findings() -> dict[str, Finding]:
    """What the service stands on, looked at once every FRESH seconds, whoever asks how often."""
    global _asked
    with _lock:
        if time.monotonic() > _asked[0] + FRESH:
            _asked = (time.monotonic(), {short(look): examined(look) for look in (*NEEDED, *HELPFUL)})
        return _asked[1]


def short(look: Callable[[], Finding]) -> str:
    return look.__name__.removeprefix("reachable_")


def examined(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:
        return Finding("missing", short(look), f"{type(error).__name__}: {error}".strip())


# answered by the outermost middleware; the addresses are in governance/urls.py too
PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/livez": livez,
    "/healthy": livez,
    "/readyz": readyz,
    "/metrics": figures,
}
