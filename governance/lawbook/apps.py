from __future__ import annotations

from django.apps import AppConfig


class LawbookConfig(AppConfig):
    name = "governance.lawbook"
    label = "lawbook"
