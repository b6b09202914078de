"""One file from which everything can be brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.archive import Damaged
from governance.backup import back_up


class Command(BaseCommand):
    help = "Write the database and every stored file into one archive, while the service goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a new file; whoever reads it reads everything")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"].resolve()
        try:
            taken = back_up(file)
        except (OSError, Damaged) as error:
            raise CommandError(str(error)) from error
        parts = f" and {taken.parts} parts of uploads" if taken.parts else ""
        self.stdout.write(f"{file}: {taken.rows} rows, {taken.blobs} stored files{parts}.")
        self.stdout.write(f"SHA-256 of its manifest: {taken.fingerprint}")
        self.stdout.write("SECRET_KEY is not in it: keep that apart, what is encrypted needs it.")
        if taken.missing:
            raise CommandError(f"The storage lacks files that the database names: {', '.join(taken.missing[:10])}")
