from __future__ import annotations

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "governance.reviews"
    label = "reviews"

    def ready(self) -> None:
        from governance.reviews.lists import unseen
        from models.accounts.waiting import count_by

        count_by(unseen)
