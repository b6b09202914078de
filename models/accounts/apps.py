from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "models.accounts"
    label = "accounts"

    def ready(self) -> None:
        from django.conf import settings
        from django.contrib.auth.signals import user_logged_in

        if settings.OIDC:
            from models.accounts.oidc import bind

            user_logged_in.connect(bind, dispatch_uid="accounts.oidc")
