"""One person for each role, for the demo."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from models.accounts.models import Membership, Organisation, User
from models.accounts.roles import Role


class Command(BaseCommand):
    help = "Make an organisation with one user for each role, and print their fresh passwords. For trying out only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organisation", default="Sample Bank")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        organisation, _ = Organisation.objects.get_or_create(name=options["organisation"])
        for role in Role:
            email, password = f"{role.value}@sample.example", secrets.token_urlsafe(12)
            user = User.objects.filter(email=email).first() or User.objects.create_user(
                email, name=f"Sample {role.value}"
            )
            user.set_password(password)
            user.save(update_fields=["password"])
            Membership.unscoped.get_or_create(organisation=organisation, user=user, defaults={"role": role})
            self.stdout.write(f"{email:32} {password}")
