"""The web server: waitress, as the settings say, in as many processes as are asked for.

Python runs one thread at a time, so more than one core needs more than one process. They share one listening socket,
which the first of them binds and the others inherit.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from governance.beside import Beside, Process, start
from governance.environment import is_here

SLACK = 2  # how much over the limit an upload may be and still get a page that says so, rather than a cut line
SHARED = "PROMETHEUS_MULTIPROC_DIR"
PROXY_HEADERS = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--host", default=settings.HOST, help="the address to listen on (HOST)")
    parser.add_argument("--port", type=int, default=settings.PORT, help="the port (PORT)")
    parser.add_argument("--threads", type=int, default=settings.WEB_THREADS, help="requests at the same time")
    parser.add_argument("--processes", type=int, default=settings.WEB_PROCESSES, help="web processes (WEB_PROCESSES)")


def listening(host: str, port: int) -> socket.socket:
    """Bound and listening; raises CommandError where the address is not to be had, or others could reach a demo."""
    if settings.DEMO and not is_here(host):
        raise CommandError(f"DEMO is for this machine alone, so it does not listen on {host}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(found[4][:2], family=found[0], backlog=1024)
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise CommandError(f"{host}, port {port} is not to be had ({why}); give --port or PORT another") from error


def address(bound: socket.socket, host: str) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{bound.getsockname()[1]}"


def others(options: dict[str, Any]) -> list[str]:
    """The names of the processes that serve beside this one."""
    return [] if options.get("inherit") is not None else [f"web {n}" for n in range(2, options["processes"] + 1)]


def share_figures(options: dict[str, Any]) -> None:
    """Several processes write what /metrics tells into one folder, which goes with this one.

    The library decides when it is loaded, so this comes first.
    """
    if others(options) and SHARED not in os.environ:
        os.environ[SHARED] = folder = tempfile.mkdtemp(prefix="plumbline-metrics-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def run(options: dict[str, Any], bound: socket.socket, more: Mapping[str, Process] | None = None) -> Beside:
    """Answer until we are told to end (SIGTERM, SIGINT) or one of those beside us ends; then all of them have ended.

    `more` are processes that are to live and end with the web processes.
    """
    beside = Beside({**(more or {}), **{name: another(options, bound) for name in others(options)}})
    server = None
    try:
        server = web_server(options, bound)
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        on_signal(signal.SIG_IGN)
        beside.stop()
        if server is not None:
            server.close()
    return beside


def on_signal(do: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, do)


def interrupt(*args: Any) -> None:
    raise KeyboardInterrupt


def another(options: dict[str, Any], bound: socket.socket) -> Process:
    """One more process that answers on the same socket."""
    number = str(bound.fileno())
    return start("web", "--inherit", number, "--threads", str(options["threads"]), keep=(bound.fileno(),))


def web_server(options: dict[str, Any], bound: socket.socket) -> Any:
    """Ready to run() on a socket that listens."""
    from waitress.server import create_server

    from governance.bodies import Channel
    from governance.wsgi import application

    tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)  # where the server keeps a body until it is whole
    server = create_server(
        application, sockets=[bound], threads=options["threads"], ident=None,
        max_request_body_size=settings.FORM_UPLOAD_BYTES * SLACK, **proxy(),
    )  # fmt: skip
    server.channel_class = Channel
    return server


def proxy() -> dict[str, Any]:
    """Whose headers tell of the caller. Without a declared proxy nothing believes them; probes look whether they are
    there, so they are left where they are."""
    if not settings.BEHIND_PROXY:
        return {"clear_untrusted_proxy_headers": False}
    return {
        "trusted_proxy": settings.TRUSTED_PROXY,
        "trusted_proxy_headers": PROXY_HEADERS,
        "clear_untrusted_proxy_headers": True,
    }
