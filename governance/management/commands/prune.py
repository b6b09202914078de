"""Lets go of what is past its time. The beat does the same once a day."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from governance.prune import prune


class Command(BaseCommand):
    help = "Let go of what is past its time (docs/retention.md); versions, audits, reports and the trail are never."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        for done in prune(dry_run=options["dry_run"]):
            self.stdout.write(f"{done.count:8} {done.what}")
        if options["dry_run"]:
            self.stdout.write("Nothing was changed.")
