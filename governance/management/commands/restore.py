"""Brings a backup back into an empty place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.archive import Damaged
from governance.restore import Refused, restore

OTHER_KEY = (
    "SECRET_KEY is another one than when the backup was taken. People sign in anew; what was encrypted with the old "
    "one (second factors, webhook secrets) is lost without it."
)


class Command(BaseCommand):
    help = (
        "Fill an empty database and an empty storage from a backup; every hash is checked first, the trail afterwards."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--manifest", metavar="SHA-256", help="what `backup` said of the manifest, kept elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = restore(options["file"], options["manifest"])
        except Damaged as error:
            for fault in error.faults:
                self.stderr.write(fault)
            raise CommandError("The archive is damaged or was changed; nothing was restored.") from error
        except FileNotFoundError as error:
            raise CommandError(f"There is no file {options['file']}.") from error
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done.rows} rows and {done.blobs} stored files are back; the trail is whole.")
        if not done.same_key:
            self.stderr.write(OTHER_KEY)
        if done.missing:
            self.stderr.write(f"The backup lacked {len(done.missing)} stored files: {', '.join(done.missing[:10])}")
