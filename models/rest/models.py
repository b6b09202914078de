"""What the API remembers between requests: answers by Idempotency-Key, and how much of a rate is spent."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone


class Remembered(models.Model):
    """A request with an Idempotency-Key, and its answer once there is one (see idempotency.py).

    `key` is a hash, `fingerprint` one of method, address and body. `answer` is encrypted with a secret that takes the
    key itself to make. `lease` says whose turn it is: who lost it has its work undone.
    """

    principal = models.CharField(max_length=100)
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    lease = models.UUIDField(default=uuid.uuid4)
    started_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    answer = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["principal", "key"], name="one_request_per_key")]

    def __str__(self) -> str:
        return f"{self.key[:12]} of {self.principal}"


class Spent(models.Model):
    """How many requests of a window of time were handed out to the web processes, for one principal (see rates.py)."""

    principal = models.CharField(max_length=100, unique=True)
    window = models.BigIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.taken} of {self.principal}"
