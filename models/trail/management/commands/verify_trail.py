"""Check every organisation's trail."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from models.accounts.models import Organisation
from models.trail import checkpoints, keys
from models.trail.verify import verify_signed


class Command(BaseCommand):
    help = (
        "Recompute every organisation's chain of entries and check every signed head; exits 1 and names the first bad "
        "entry if one is not whole."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for organisation in Organisation.objects.all():
            found = verify_signed(organisation)
            if found.whole:
                self.stdout.write(f"{organisation}: {found.entries} entries, head {found.head}, {found.signed} signed")
            else:
                broken += 1
                self.stderr.write(f"{organisation}: entry {found.bad}: {found.reason}")
        try:
            gone = checkpoints.without_chain(Organisation.objects.values_list("pk", flat=True))
        except ValueError as error:
            raise CommandError(str(error)) from None
        for number, name in gone.items():
            broken += 1
            self.stderr.write(f"{name}: entry 1: heads of this chain were signed, and organisation {number} is missing")
        if not keys.known():
            self.stderr.write(
                "No public key is kept on this machine, so that signatures were held only to the keys that they carry."
            )
        if broken:
            raise CommandError(f"{broken} of the trails are not whole")
