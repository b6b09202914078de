"""Check every organisation's trail."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models.accounts.models import Organisation
from models.trail.verify import verify_chain


class Command(BaseCommand):
    help = "Recompute every organisation's chain of entries; exits 1 and names the first bad entry if one is not whole."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for organisation in Organisation.objects.all():
            found = verify_chain(organisation)
            if found.whole:
                self.stdout.write(f"{organisation}: {found.entries} entries, head {found.head}")
            else:
                broken += 1
                self.stderr.write(f"{organisation}: entry {found.bad}: {found.reason}")
        if broken:
            raise CommandError(f"{broken} of the trails are not whole")
