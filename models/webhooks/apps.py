from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "models.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from models.jobs.signals import job_finished
        from models.webhooks.announce import tell_of_the_end

        job_finished.connect(tell_of_the_end, dispatch_uid="webhooks")
