"""Says what is missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.health import examine


class Command(BaseCommand):
    help = "Look at what the service needs around it; exits 1 if something is missing."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        missing = 0
        for finding in examine():
            missing += finding.level == "missing"
            self.stdout.write(f"{finding.level:8} {finding.name:12} {finding.message}")
        if missing:
            raise CommandError(f"{missing} missing")
