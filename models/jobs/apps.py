from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "models.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Every room may have a job_kinds.py; what it registers can be run."""
        from django.utils.module_loading import autodiscover_modules

        autodiscover_modules("job_kinds")
