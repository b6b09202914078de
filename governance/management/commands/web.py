"""The web process alone: for an installation whose workers and beat are services of their own."""

from __future__ import annotations

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from governance import web


class Command(BaseCommand):
    help = "Serve the pages until told to stop (SIGTERM, SIGINT); requests that run then have seconds to end."

    def add_arguments(self, parser: CommandParser) -> None:
        web.add_arguments(parser)
        parser.add_argument("--inherit", type=int, help="number of a listening socket that is open already")

    def handle(self, *args: Any, **options: Any) -> None:
        web.on_signal(web.interrupt)
        web.run(options, self.bound(options)).complain()

    def bound(self, options: dict[str, Any]) -> socket.socket:
        """One of several takes over what the first one bound, and says nothing of its own."""
        if options["inherit"] is not None:
            return socket.socket(fileno=options["inherit"])
        web.share_figures(options)
        bound = web.listening(options["host"], options["port"])
        self.stdout.write(f"Plumbline is at {web.address(bound, options['host'])}.")
        self.stdout.flush()
        return bound
