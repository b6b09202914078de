"""Make the key that signs the trail's heads."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from models.trail import checkpoints, keys


class Command(BaseCommand):
    help = "Make the key that signs the trail's heads, in a file outside the database, and sign them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rotate",
            action="store_true",
            help="put a new key in the place of the present one; what that signed stays good",
        )

        parser.add_argument(
            "--public",
            action="store_true",
            help="make none: print every public key there ever was (PEM), to be published as the organisation's",
        )

    def handle(self, *args: Any, rotate: bool, public: bool, **options: Any) -> None:
        if public:
            self.publish()
        else:
            self.make(rotate)

    def make(self, rotate: bool) -> None:
        if rotate:
            self.sign()
        try:
            made = keys.make(replace=rotate)
        except FileExistsError:
            raise CommandError(f"{keys.file()} is there already; --rotate replaces it") from None
        self.stdout.write(f"The key {made} is in {keys.file()}, readable by its owner alone. No backup holds it.")
        self.stdout.write(f"Every public key is in {keys.public_file()}. Note {made} in another place too.")
        self.stdout.write(f"{self.sign()} heads signed.")

    def publish(self) -> None:
        known = keys.known()
        if not known:
            raise CommandError("There is no key yet: manage.py trail_key makes it.")
        self.stdout.write("".join(keys.pem(each) for each in known.values()), ending="")

    def sign(self) -> int:
        try:
            return checkpoints.sign_heads()
        except keys.NoKey as error:
            raise CommandError(str(error)) from None
