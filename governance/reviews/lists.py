"""What is asked of the tables of this room."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from governance.reviews.models import Notice, Review, WithoutMail
from models.accounts.models import Organisation

MOST_COUNTED = 100


def reviews_of(organisation: Organisation) -> QuerySet[Review]:
    return Review.objects.of(organisation).select_related("system", "owner", "done_by")


def address_of(review: Review) -> str:
    """Where it stands on its system's page of reviews."""
    return f"{reverse('system-reviews', args=[review.system_id])}#review-{review.pk}"


def notices_of(user: Any, organisation: Organisation) -> QuerySet[Notice]:
    return Notice.objects.of(organisation).filter(user=user)


def is_mailed(user: Any, organisation: Organisation) -> bool:
    """Whether they want a mail of what nears, where mail is sent at all."""
    return not WithoutMail.objects.of(organisation).filter(user=user).exists()


def unseen(user: Any, organisation: Organisation) -> int:
    """How many notices wait for somebody, counted to a hundred."""
    return notices_of(user, organisation).filter(seen_at=None).order_by()[:MOST_COUNTED].count()
