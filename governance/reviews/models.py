"""Reviews of a system that come due, what people are told of days that near, and the mail that tells them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.systems.models import System
from models.accounts.scoped import OrganisationOwned


class Review(OrganisationOwned):
    """Something about a system that is looked at again by a day.

    With `every_months` a review that is done makes the next one, which comes `after` it. `edition` grows by one with
    each change, so that a page that is older is refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="reviews")
    what = models.CharField(max_length=200)
    every_months = models.PositiveSmallIntegerField(null=True, blank=True)
    due_on = models.DateField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    after = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="next")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    notes = models.TextField(blank=True, max_length=10_000)
    edition = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(fields=["organisation", "due_on"], name="reviews_open", condition=Q(done_at=None)),
            models.Index(fields=["system", "due_on"], name="reviews_of_system"),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.system}"

    @property
    def is_overdue(self) -> bool:
        return self.done_at is None and self.due_on < timezone.now().date()


class Mail(OrganisationOwned):
    """One message to one person about the notices that were made for them at the same time; see mail.py.

    `due_at` is when it is tried next, None once it was sent or given up. Whoever sends it holds a claim.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    due_at = models.DateTimeField(null=True, default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["due_at"], name="mail_due", condition=Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"Mail of {self.created_at:%Y-%m-%d %H:%M} to {self.user}"


class WithoutMail(OrganisationOwned):
    """Somebody who wants no mail of what nears in an organisation; their notices stand on the page all the same."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="one_choice_of_mail")]

    def __str__(self) -> str:
        return f"{self.user}, no mail since {self.since:%Y-%m-%d}"


class Notice(OrganisationOwned):
    """That a day nears, or has passed, told to one person once for each `threshold`: days ahead, -1 once overdue.

    `thing` is the key of what is due (governance/systems/days.py); `text` and `address` are what it was called then.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    thing = models.CharField(max_length=120)
    threshold = models.SmallIntegerField()
    kind = models.CharField(max_length=60)
    text = models.CharField(max_length=500)
    address = models.CharField(max_length=300)
    day = models.DateField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(null=True, blank=True)
    mail = models.ForeignKey(Mail, null=True, blank=True, on_delete=models.SET_NULL, related_name="notices")

    class Meta:
        ordering = ["-created_at", "day"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "thing", "day", "threshold"], name="one_notice_per_threshold"
            )
        ]
        indexes = [
            models.Index(fields=["user", "organisation"], name="notices_unseen", condition=Q(seen_at=None)),
            models.Index(fields=["user", "organisation", "-created_at"], name="notices_of_user"),
        ]

    def __str__(self) -> str:
        return self.text
