from __future__ import annotations

from django.apps import AppConfig


class ObligationsConfig(AppConfig):
    name = "governance.obligations"
    label = "obligations"

    def ready(self) -> None:
        from governance.obligations.board import follow_classification
        from governance.obligations.starting import hear_end
        from governance.systems.signals import system_classified
        from models.jobs.signals import job_finished

        system_classified.connect(follow_classification, dispatch_uid="obligations.board")
        job_finished.connect(hear_end, dispatch_uid="obligations.awaited")
