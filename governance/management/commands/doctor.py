"""Says what is missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.health import examine, told_settings


class Command(BaseCommand):
    help = "Look at what the service needs around it; exits 1 if something is missing."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        missing = 0
        for finding in examine():
            missing += finding.level == "missing"
            self.stdout.write(f"{finding.level:8} {finding.name:12} {finding.message}")
        self.stdout.write("\nSettings, and where each came from:")
        for name, value, where in told_settings():
            self.stdout.write(f"{name:28} {value or '(empty)'}  [{where}]")
        if missing:
            raise CommandError(f"{missing} missing")
