"""The first organisation and its administrator."""

from __future__ import annotations

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from models.accounts.models import Membership, Organisation, User
from models.accounts.roles import Role


class Command(BaseCommand):
    help = "Make an organisation and its administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--admin", required=True, metavar="EMAIL")
        parser.add_argument("--password-env", metavar="VAR", help="the environment variable that holds the password")

    def handle(self, *args: Any, **options: Any) -> None:
        if Organisation.objects.filter(name=options["name"]).exists():
            raise CommandError(f"there is an organisation {options['name']} already")
        try:
            with transaction.atomic():
                organisation = Organisation.objects.create(name=options["name"])
                user = self.user(options["admin"], options["password_env"])
                Membership.unscoped.create(organisation=organisation, user=user, role=Role.ADMINISTRATOR)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{organisation}: {user.email} is its administrator")

    def user(self, email: str, variable: str | None) -> User:
        """Someone who is known already keeps their password."""
        known = User.objects.filter(email__iexact=email.strip()).first()
        if known is not None:
            return known
        password = os.environ.get(variable, "") if variable else getpass.getpass(f"Password for {email}: ")
        if not password:
            raise CommandError(f"the environment variable {variable} is empty" if variable else "no password was given")
        validate_password(password, User(email=email))
        return User.objects.create_user(email, password)
