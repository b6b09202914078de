"""Erases the file of a version, as a person's request or the law may ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from models.accounts.models import User
from models.accounts.permission import Forbidden, NotFound
from models.errors import InputError
from models.registry.erasure import erase
from models.registry.models import DatasetVersion, ModelVersion, Version


class Command(BaseCommand):
    help = "Erase a version's file for good. Its hash, its entry in the trail and the reports made with it stay."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--dataset-version", type=UUID, metavar="ID")
        which.add_argument("--model-version", type=UUID, metavar="ID")
        parser.add_argument("--reason", required=True, help="shown wherever the file is missed; name no person")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="a compliance officer or administrator")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["by"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no user {options['by']}.")
        kind: type[Version] = DatasetVersion if options["dataset_version"] else ModelVersion
        version = kind._base_manager.filter(pk=options["dataset_version"] or options["model_version"]).first()
        if version is None:
            raise CommandError("There is no such version.")
        try:
            done = erase(user, version, options["reason"])
        except (InputError, Forbidden, NotFound) as error:
            raise CommandError(str(error) or "There is no such version.") from error
        self.stdout.write(f"{version}: {done.sentence}")
        if done.removed_at is None:
            self.stdout.write(
                "The bytes are still needed elsewhere or were just stored; the beat removes them when it can."
            )
        self.stdout.write("Backups that were taken before still have the file: see docs/retention.md.")
