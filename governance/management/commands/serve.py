"""Web, worker and beat in one terminal: for a laptop and for trying out."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from governance import web
from governance.beside import Process, start
from governance.one_click import SAMPLE, people
from models.accounts.models import Organisation
from models.trail import keys


class Command(BaseCommand):
    help = "Serve the pages, run the jobs and call what is periodic, until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        web.add_arguments(parser)
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at the same time")

    def handle(self, *args: Any, **options: Any) -> None:
        web.on_signal(web.interrupt)
        call_command("migrate", interactive=False, verbosity=0)
        with suppress(FileExistsError):
            keys.make()  # the beat signs the trail's heads with it
        web.share_figures(options)
        bound = web.listening(options["host"], options["port"])
        self.welcome(web.address(bound, options["host"]))
        beside = web.run(
            options, bound, {"worker": start_worker(options["concurrency"], light=1), "beat": start("beat")}
        )
        self.stdout.write("Stopped; what was running goes on when you start again.")
        beside.complain()

    def welcome(self, address: str) -> None:
        self.stdout.write(f"Plumbline is at {address}. Ctrl-C stops it.")
        if not Organisation.objects.exclude(name=SAMPLE).exists():
            self.stdout.write("\nSample users, one for each role, with passwords that are new at every start:")
            call_command("sample_users", organisation=SAMPLE, stdout=self.stdout)
        if settings.DEMO:
            said = (
                "one click on the sign-in page signs in, on this machine" if people() else "make demo brings its people"
            )
            self.stdout.write(f"\nDemo of {SAMPLE}: {said}.")
        self.stdout.flush()


def start_worker(concurrency: int, log: IO[bytes] | None = None, light: int = 0) -> Process:
    """`light` more processes do light jobs only, so that a registration never waits for audits to end."""
    return start("worker", "--concurrency", str(concurrency), "--light", str(light), log=log)
