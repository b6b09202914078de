"""One pass of the reaper."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from models.jobs.reaper import reap


class Command(BaseCommand):
    help = "Put jobs whose worker died back into the queue, and ring again for those that no worker heard of."

    def handle(self, *args: Any, **options: Any) -> None:
        done = reap()
        self.stdout.write(f"{done.put_back} put back, {done.failed} ended, {done.rung} rung for again")
