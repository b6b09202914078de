from __future__ import annotations

from django.apps import AppConfig


class TrailConfig(AppConfig):
    name = "models.trail"
    label = "trail"

    def ready(self) -> None:
        from models.trail import acts, sessions

        acts.listen()
        sessions.listen()
