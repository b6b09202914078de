"""Calls what is periodic: retries, sweeping, reminders."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand

from models.jobs.beat import Beating
from models.jobs.periodic import discovered


class Command(BaseCommand):
    help = "Call what is periodic until told to stop (SIGTERM, SIGINT). Start as many as you like: one at a time calls."

    def handle(self, *args: Any, **options: Any) -> None:
        beating = Beating(discovered())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: beating.stopping.set())
        beating.run()
        sys.stdout.flush()
        os._exit(0)  # a call that still runs is cut off: its transaction is rolled back, and it is called again
