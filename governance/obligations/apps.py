from __future__ import annotations

from django.apps import AppConfig


class ObligationsConfig(AppConfig):
    name = "governance.obligations"
    label = "obligations"

    def ready(self) -> None:
        from governance.obligations.board import follow_classification
        from governance.systems.signals import system_classified

        system_classified.connect(follow_classification, dispatch_uid="obligations.board")
