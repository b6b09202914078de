"""What an administrator does with webhooks. Each function authorises, changes and records in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from models.accounts.models import Organisation
from models.accounts.permission import authorize
from models.accounts.secrets import seal, unseal
from models.errors import InputError
from models.trail.record import record
from models.webhooks.announce import ping
from models.webhooks.guard import addresses_of, target_of
from models.webhooks.models import EVENTS, Delivery, Endpoint
from models.webhooks.signing import new_secret

MANAGE = "manage webhooks"
PURPOSE = "webhooks"  # of what is sealed
MOST = 20  # of one organisation
OVERLAP = timedelta(hours=24)


def register_endpoint(
    user: Any, organisation: Organisation, url: str, events: Sequence[str], description: str = ""
) -> tuple[Endpoint, str]:
    """The endpoint and its secret, which is shown this once. Raises Forbidden, and InputError for a refused address."""
    authorize(user, MANAGE, organisation)
    url, told = checked_url(url), checked_events(events)
    secret = new_secret()
    with transaction.atomic():
        needs_room(organisation, url)
        endpoint = Endpoint.unscoped.create(
            organisation=organisation,
            url=url,
            events=told,
            description=checked_description(description),
            sealed_secret=seal(secret, PURPOSE),
            created_by=user,
        )
        record(organisation, user, "registered", endpoint, facts(endpoint))
    return endpoint, secret


def change_endpoint(
    user: Any,
    endpoint: Endpoint,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    active: bool | None = None,
) -> Endpoint:
    """Change what is given. Made active again, it hears of what happens from now on. Raises as registering does."""
    authorize(user, MANAGE, endpoint)
    url = None if url is None or url == endpoint.url else checked_url(url)
    with transaction.atomic():
        endpoint = locked(endpoint)
        before, address = facts(endpoint), endpoint.url
        endpoint.url = url or endpoint.url
        endpoint.events = endpoint.events if events is None else checked_events(events)
        endpoint.description = endpoint.description if description is None else checked_description(description)
        endpoint.save(update_fields=["url", "events", "description"])
        if active is False:
            stop(endpoint, f"Disabled by {user}.")
        elif active and not endpoint.is_active:
            endpoint.state, endpoint.note, endpoint.failing_since = Endpoint.State.ACTIVE, "", None
            endpoint.save(update_fields=["state", "note", "failing_since"])
        if said := differing(before, facts(endpoint), endpoint.url != address):
            record(endpoint.organisation, user, "changed", endpoint, said)
    return endpoint


def rotate(user: Any, endpoint: Endpoint) -> str:
    """A new secret, shown this once. For a day the old one signs too, so that the receiver can change over."""
    authorize(user, MANAGE, endpoint)
    secret = new_secret()
    with transaction.atomic():
        endpoint = locked(endpoint)
        endpoint.sealed_previous, endpoint.previous_until = endpoint.sealed_secret, timezone.now() + OVERLAP
        endpoint.sealed_secret = seal(secret, PURPOSE)
        endpoint.save(update_fields=["sealed_secret", "sealed_previous", "previous_until"])
        record(endpoint.organisation, user, "gave a new secret to", endpoint, facts(endpoint))
    return secret


def test(user: Any, endpoint: Endpoint) -> Delivery:
    """Send a ping. Raises InputError where it is disabled."""
    authorize(user, MANAGE, endpoint)
    with transaction.atomic():
        endpoint = needs_active(locked(endpoint))
        delivery = ping(endpoint)
        record(endpoint.organisation, user, "tested", endpoint, facts(endpoint))
    return delivery


def retry_delivery(user: Any, delivery: Delivery) -> Delivery:
    """Send it again, with the same webhook-id, and with all its tries. One that waits is sent at once."""
    authorize(user, MANAGE, delivery)
    with transaction.atomic():
        endpoint = needs_active(locked(delivery.endpoint))
        delivery = Delivery.unscoped.select_for_update().select_related("event").get(pk=delivery.pk)
        delivery.state, delivery.tries = Delivery.State.PENDING, 0
        delivery.due_at, delivery.finished_at = timezone.now(), None
        delivery.save(update_fields=["state", "tries", "due_at", "finished_at"])
        said = {"event": delivery.event.type, "delivery": str(delivery.pk)}
        record(endpoint.organisation, user, "sent again", endpoint, facts(endpoint) | said)
    return delivery


def delete_endpoint(user: Any, endpoint: Endpoint) -> None:
    """It and its deliveries are gone; the trail still says that it was there."""
    authorize(user, MANAGE, endpoint)
    with transaction.atomic():
        endpoint = locked(endpoint)
        record(endpoint.organisation, user, "deleted", endpoint, facts(endpoint))
        endpoint.delete()


def stop(endpoint: Endpoint, note: str) -> None:
    """Send it nothing more: what waits is given up. Within the caller's transaction, which records it."""
    now = timezone.now()
    endpoint.state, endpoint.note = Endpoint.State.DISABLED, note[:300]
    endpoint.save(update_fields=["state", "note"])
    waiting = Delivery.unscoped.filter(endpoint=endpoint, state=Delivery.State.PENDING)
    waiting.update(state=Delivery.State.FAILED, finished_at=now, due_at=None, claim=None, claimed_until=None)


def secrets_of(endpoint: Endpoint) -> list[str]:
    """Those that hold now, the newest first. Raises Unsealable."""
    held = [unseal(endpoint.sealed_secret, PURPOSE)]
    if endpoint.sealed_previous and endpoint.previous_until and endpoint.previous_until > timezone.now():
        held.append(unseal(endpoint.sealed_previous, PURPOSE))
    return held


def locked(endpoint: Endpoint) -> Endpoint:
    return Endpoint.unscoped.select_for_update(of=("self",)).select_related("organisation").get(pk=endpoint.pk)


def needs_active(endpoint: Endpoint) -> Endpoint:
    if not endpoint.is_active:
        raise InputError("This webhook is disabled, so nothing is sent. Enable it first.")
    return endpoint


def needs_room(organisation: Organisation, url: str) -> None:
    """Two that register at once do so one after the other, so that a form sent twice makes one webhook."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    there = list(Endpoint.objects.of(organisation).values_list("url", flat=True))
    if url in there:
        raise InputError("There is a webhook to this address already. Change that one, or delete it first.")
    if len(there) >= MOST:
        raise InputError(f"There are {MOST} webhooks already. Delete one that is not needed any more.")


def checked_url(url: str) -> str:
    addresses_of(target_of(url), settings.WEBHOOK_ALLOWED_NETWORKS)
    return url


def checked_events(events: Sequence[str]) -> list[str]:
    chosen = [name for name in EVENTS if name in set(events)]
    if unknown := sorted(set(events) - set(EVENTS)):
        raise InputError(f"There is no event named {unknown[0][:60]!r}. There are {', '.join(EVENTS)}.")
    if not chosen:
        raise InputError("Choose at least one event.")
    return chosen


def checked_description(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > 200:
        raise InputError("The description has at most 200 characters.")
    return text


def facts(endpoint: Endpoint) -> dict[str, Any]:
    """What the trail says of it. Not the whole address: many readers of the trail, and it may hold a key."""
    said = {"host": endpoint.host, "events": list(endpoint.events)}
    return said | {"description": endpoint.description, "state": str(endpoint.state)}


def differing(before: dict[str, Any], after: dict[str, Any], moved: bool) -> dict[str, Any]:
    """What the trail says of a change; nothing where there was none. `moved`: the address is another one."""
    changed = [name for name in after if before[name] != after[name]]
    if not changed and not moved:
        return {}
    said = {which: {name: kept[name] for name in changed} for which, kept in (("from", before), ("to", after))}
    return said | ({"address": "another one"} if moved else {})
