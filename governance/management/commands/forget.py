"""Makes the account of a person who left nobody's."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.forget import forget
from models.accounts.models import User
from models.errors import InputError


class Command(BaseCommand):
    help = "Take a person's name, address and ways in off their account. What the trail recorded of their acts stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="stands in the trail; name no person")
        parser.add_argument("--by", metavar="EMAIL", help="who asked for it; without it the service itself did")

    def handle(self, *args: Any, **options: Any) -> None:
        user, actor = self.user(options["email"]), self.user(options["by"]) if options["by"] else None
        try:
            gone = forget(user, actor, options["reason"])
        except InputError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The account is now called: {gone}.")

    def user(self, email: str) -> User:
        found = User.objects.filter(email__iexact=email).first()
        if found is None:
            raise CommandError(f"There is no user {email}.")
        return found
