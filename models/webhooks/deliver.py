"""Sending what is due, at least once each. Rows are claimed before anything is sent, so that two beats do not both
send; a sender that dies leaves a claim that runs out, and the message goes again under the same id."""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from models.accounts.secrets import Unsealable
from models.jobs.models import from_now
from models.trail.record import record
from models.webhooks.announce import moment
from models.webhooks.endpoints import facts, locked, secrets_of, stop
from models.webhooks.models import Delivery, Endpoint, Event
from models.webhooks.post import Answer, post
from models.webhooks.signing import headers

logger = logging.getLogger(__name__)

WAITS = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600)  # seconds until the second try, the third, ...
DISABLED_AFTER = timedelta(days=3)
AT_ONCE, OF_ONE, IN_A_PASS = 8, 4, 40
CLAIM_SECONDS = 180  # longer than a pass can last: 40 messages, 8 at once, 15 seconds each
LOG = 20  # attempts that are kept


def deliver() -> int:
    """One pass: how many messages were sent, well or not."""
    claimed = claim_due()
    if not claimed:
        return 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent: dict[Future[Answer], Delivery] = {pool.submit(*message(each)): each for each in claimed}
        for done in as_completed(sent):
            try:
                settle(sent[done], done.result())
            except Exception:
                logger.exception("webhook delivery %s could not be settled", sent[done].pk)
    return len(claimed)


def claim_due() -> list[Delivery]:
    """Some of what is due, taken for us. Of one endpoint only a few, so that a slow one does not keep the others."""
    free = Q(claim=None) | Q(claimed_until__lt=Now())
    due = Delivery.unscoped.filter(free, state=Delivery.State.PENDING, due_at__lte=Now())
    waiting = due.order_by("due_at").values_list("pk", "endpoint_id")[: IN_A_PASS * 10]
    taken: Counter[Any] = Counter()
    token = uuid.uuid4()
    mine: list[uuid.UUID] = []
    for pk, endpoint in list(waiting):
        if taken[endpoint] < OF_ONE and len(mine) < IN_A_PASS:
            taken[endpoint] += 1
            if due.filter(pk=pk).update(claim=token, claimed_until=from_now(CLAIM_SECONDS)):
                mine.append(pk)
    claimed = Delivery.unscoped.filter(pk__in=mine, claim=token)
    return list(claimed.select_related("endpoint", "event").order_by("due_at"))


def message(delivery: Delivery) -> tuple[Any, ...]:
    """post() and all that it needs, read here: its thread has no business with the database."""
    event, endpoint = delivery.event, delivery.endpoint
    body = event.body.encode()
    try:
        return post, endpoint.url, signed(endpoint, event, body), body, settings.WEBHOOK_ALLOWED_NETWORKS
    except Unsealable:
        return Answer, None, 0.0, "the secret was sealed with a key that is not here any more: make a new one"


def signed(endpoint: Endpoint, event: Event, body: bytes) -> dict[str, str]:
    """The time is that of the attempt: receivers refuse what is older than some minutes."""
    return headers(secrets_of(endpoint), event.message_id, int(time.time()), body)


@transaction.atomic
def settle(delivery: Delivery, answer: Answer) -> None:
    """Write down how it went and what is next. Nothing, if the claim is no longer ours or the webhook was stopped."""
    endpoint = locked(delivery.endpoint)
    mine = Delivery.unscoped.filter(pk=delivery.pk, claim=delivery.claim, state=Delivery.State.PENDING)
    found = mine.select_for_update().first()
    if found is None:
        return
    note = answer.note if not answer.is_taken else ""
    attempt = {"at": moment(timezone.now()), "status": answer.status, "seconds": answer.seconds, "note": note}
    found.log = [*found.log, attempt][-LOG:]
    found.tries, found.claim, found.claimed_until = found.tries + 1, None, None
    if answer.is_taken:
        ended(found, Delivery.State.DELIVERED)
        Endpoint.unscoped.filter(pk=endpoint.pk, failing_since__isnull=False).update(failing_since=None)
        return
    if answer.is_gone or found.tries > len(WAITS):
        ended(found, Delivery.State.FAILED)
    else:
        found.due_at = timezone.now() + timedelta(seconds=WAITS[found.tries - 1] * random.uniform(1, 1.1))
        found.save()
    note_failure(endpoint, answer)


def ended(delivery: Delivery, state: Delivery.State) -> None:
    delivery.state, delivery.finished_at, delivery.due_at = state, timezone.now(), None
    delivery.save()


def note_failure(endpoint: Endpoint, answer: Answer) -> None:
    """An endpoint that says it is gone, or takes nothing for days, is sent nothing more until somebody enables it."""
    now = timezone.now()
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    if answer.is_gone:
        disable(endpoint, "Disabled, since it answered 410: it wants no more messages.")
    elif now - endpoint.failing_since > DISABLED_AFTER:
        disable(endpoint, f"Disabled, since it took nothing for {DISABLED_AFTER.days} days.")


def disable(endpoint: Endpoint, note: str) -> None:
    """By the service itself; the trail says so."""
    stop(endpoint, note)
    record(endpoint.organisation, None, "disabled", endpoint, facts(endpoint) | {"reason": note})
    logger.warning("webhook %s to %s: %s", endpoint.pk, endpoint.host, note)
