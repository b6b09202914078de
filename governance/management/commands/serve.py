"""Web and worker in one terminal: for a laptop and for trying out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from models.accounts.models import Organisation
from models.jobs.tasks import die_with_parent

PATIENCE = 40.0  # seconds for the worker to give its jobs back
SAMPLE = "Sample Bank"
SLACK = 2  # how much over the limit an upload may be and still get a page that says so, rather than a cut line


class Command(BaseCommand):
    help = "Serve the pages by waitress and run the jobs by a worker, until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--threads", type=int, default=4, help="requests at the same time")
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at the same time")

    def handle(self, *args: Any, **options: Any) -> None:
        on_signal(interrupt)
        call_command("migrate", interactive=False, verbosity=0)
        server = self.server(options)
        self.welcome(server.effective_port, options["host"])
        worker = start_worker(options["concurrency"])
        threading.Thread(target=stop_without, args=(worker,), daemon=True).start()
        try:
            server.run()
        except KeyboardInterrupt:
            pass
        finally:
            on_signal(signal.SIG_IGN)
            server.close()
            code = stop(worker)
        self.stdout.write("Stopped; what was running goes on when you start again.")
        if code not in (0, -signal.SIGTERM):
            raise CommandError(f"the worker ended with exit code {code}")

    def server(self, options: dict[str, Any]) -> Any:
        from waitress.server import create_server

        from governance.wsgi import application

        limit = settings.UPLOAD_BYTES * SLACK
        try:
            return create_server(
                application, host=options["host"], port=options["port"], threads=options["threads"],
                max_request_body_size=limit, ident=None,
            )  # fmt: skip
        except OSError as error:
            raise CommandError(f"port {options['port']} is not to be had ({error.strerror}); give --port") from error

    def welcome(self, port: int, host: str) -> None:
        self.stdout.write(f"Plumbline is at http://{host}:{port}. Ctrl-C stops it.")
        if not Organisation.objects.exclude(name=SAMPLE).exists():
            self.stdout.write("\nSample users, one for each role, with passwords that are new at every start:")
            call_command("sample_users", organisation=SAMPLE, stdout=self.stdout)
        self.stdout.flush()


def start_worker(concurrency: int, log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """A session of its own, so that Ctrl-C reaches us alone and we tell it; it ends with us, however we end.

    What it prints goes to `log` where that is given, else to our own output.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "worker", "--concurrency", str(concurrency)]
    with_us = partial(die_with_parent, signal.SIGTERM)
    errors = subprocess.STDOUT if log else None
    return subprocess.Popen(
        command, cwd=settings.BASE_DIR, start_new_session=True, preexec_fn=with_us, stdout=log, stderr=errors
    )


def stop_without(worker: subprocess.Popen[bytes]) -> None:
    """Pages without a worker would take work that nobody does."""
    worker.wait()
    os.kill(os.getpid(), signal.SIGTERM)


def stop(worker: subprocess.Popen[bytes]) -> int:
    worker.terminate()
    try:
        return worker.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        worker.kill()
        return worker.wait()


def on_signal(do: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, do)


def interrupt(*args: Any) -> None:
    raise KeyboardInterrupt
