"""The top floor, and what starts with Django."""

from __future__ import annotations

import logging

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    label = "governance"

    def ready(self) -> None:
        """The Celery app is made here: in governance/__init__.py it would drag Django into science."""
        from governance.celery import app

        app.set_current()
        app.set_default()
        logging.captureWarnings(True)  # a line of the log like every other
