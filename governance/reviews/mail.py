"""Notices by e-mail: at least once each. Rows are claimed before anything is sent, so that two beats do not both send.

A sender that dies in between leaves a claim that runs out; the message then goes again with the same Message-ID, by
which mail programs know a repeated one. What it says is no more than what sort of thing is due, when and where to read
of it: names and titles stay behind the sign-in.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import timezone

from governance.reviews.lists import is_mailed
from governance.reviews.models import Mail, Notice
from models.accounts.models import Membership
from models.accounts.templatetags.pages import words
from models.jobs.models import from_now

logger = logging.getLogger(__name__)

WAITS = (60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600)  # seconds until the second try, the third, ...; then the last again
GIVE_UP = timedelta(days=7)
IN_A_PASS = 20
CLAIM_SECONDS = 900  # longer than a pass can last: 20 messages, and the time-out of the connection


def send_due() -> int:
    """One pass: how many messages the mail server took."""
    taken = 0
    for mail in claim_due():
        try:
            error = attempt(mail)
        except Exception as failure:  # whatever it is, it is this message's, and tried again
            logger.exception("mail %s could not be sent", mail.pk)
            error = str(failure) or type(failure).__name__
        settle(mail, error)
        taken += mail.sent_at is not None
    return taken


def claim_due() -> list[Mail]:
    """Some of what is due, taken for us."""
    free = Q(claim=None) | Q(claimed_until__lt=Now())
    due = Mail.unscoped.filter(free, due_at__lte=timezone.now())
    token = uuid.uuid4()
    for pk in list(due.order_by("due_at").values_list("pk", flat=True)[:IN_A_PASS]):
        due.filter(pk=pk).update(claim=token, claimed_until=from_now(CLAIM_SECONDS))
    return list(Mail.unscoped.filter(claim=token).select_related("user", "organisation").order_by("due_at"))


def attempt(mail: Mail) -> str:
    """Send it; what was wrong, empty where the server took it. Nothing goes to who does not belong here any more."""
    here = Membership.unscoped.filter(organisation=mail.organisation, user=mail.user, user__is_active=True)
    notices = list(mail.notices.order_by("day", "pk"))
    if not notices or not here.exists() or not is_mailed(mail.user, mail.organisation):
        mail.due_at = None
        return "nobody to send it to any more"
    get_connection(timeout=settings.EMAIL_TIMEOUT).send_messages([message(mail, notices)])
    mail.sent_at, mail.due_at = timezone.now(), None
    return ""


def message(mail: Mail, notices: list[Notice]) -> EmailMessage:
    number = len(notices)
    stable = f"<{mail.pk}@{urlsplit(settings.SITE_URL).hostname}>"
    said = {"notices": notices, "site": settings.SITE_URL, "organisation": mail.organisation, "today": mail.created_at}
    return EmailMessage(
        f"Plumbline: {words(number)} thing{'' if number == 1 else 's'} with a day",
        render_to_string("reviews/mail.txt", said),
        settings.EMAIL_FROM,
        [mail.user.email],
        headers={"Message-ID": stable, "Auto-Submitted": "auto-generated"},
    )


def settle(mail: Mail, error: str) -> None:
    """Write down how it went and what is next. Nothing, if the claim is no longer ours."""
    said: dict[str, Any] = {"claim": None, "claimed_until": None, "tries": mail.tries + 1, "error": error[:500]}
    said |= {"sent_at": mail.sent_at, "due_at": mail.due_at}
    if error and mail.due_at is not None:
        said["due_at"] = next_try(mail)
        if said["due_at"] is None:
            logger.error("mail %s is given up after %d tries: %s", mail.pk, said["tries"], error)
    Mail.unscoped.filter(pk=mail.pk, claim=mail.claim).update(**said)


def next_try(mail: Mail) -> Any:
    """None once it is a week old: its notices stand on the page all the same."""
    now = timezone.now()
    if now - mail.created_at > GIVE_UP:
        return None
    return now + timedelta(seconds=WAITS[min(mail.tries, len(WAITS) - 1)])
