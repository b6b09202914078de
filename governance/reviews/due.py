"""Reviews have a day."""

from __future__ import annotations

from collections.abc import Iterator

from governance.reviews.lists import address_of, reviews_of
from governance.systems.days import Due, Span
from models.accounts.models import Organisation


def due(organisation: Organisation, span: Span) -> Iterator[Due]:
    """Those that are not done. One query."""
    found = reviews_of(organisation).filter(done_at=None, system__is_archived=False, **span.of("due_on"))
    for review in found.order_by("due_on")[: span.most]:
        owner = review.owner_id or review.system.owner_id
        key = f"review:{review.pk}"
        yield Due(review.due_on, "Review", review.what, review.system.name, address_of(review), key, owner)
