from __future__ import annotations

from django.apps import AppConfig


class SystemsConfig(AppConfig):
    name = "governance.systems"
    label = "systems"
