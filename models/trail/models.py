"""What was done, by whom, to what: one chain of entries for each organisation."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models

from models.accounts.models import Organisation
from models.accounts.scoped import OrganisationOwned


class Entry(OrganisationOwned):
    """One act. `body` is the canonical JSON that the hash is of; the other columns repeat it to be searched.

    The database itself refuses to change or delete a row (see triggers.py).
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="trail")
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64)
    body = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["organisation", "sequence"]
        verbose_name_plural = "entries"
        constraints = [models.UniqueConstraint(fields=["organisation", "sequence"], name="one_entry_per_place")]
        indexes = [
            models.Index(fields=["organisation", "object_type", "object_id"], name="trail_by_object"),
            models.Index(fields=["organisation", "verb", "sequence"], name="trail_by_verb"),
            models.Index(fields=["organisation", "actor", "sequence"], name="trail_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.verb} {self.object_type} {self.object_id}"

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.body)["facts"]

    @property
    def actor_name(self) -> str:
        """The name at the time, as it was hashed; empty for what the service did by itself."""
        return json.loads(self.body)["actor"]["name"]

    @property
    def acted_for(self) -> str:
        """In whose role the actor did it, by the name at the time; empty for the actor's own."""
        return json.loads(self.body)["actor"].get("for", {}).get("name", "")

    @property
    def object_name(self) -> str:
        """What it was done to, by its name at the time."""
        return json.loads(self.body)["object"]["name"]

    @property
    def noun(self) -> str:
        return noun(self.object_type)


def noun(object_type: str) -> str:
    """registry.modelversion: model version. What this version does not know keeps its label."""
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except LookupError:
        return object_type


class Head(models.Model):
    """The last entry of a chain; whoever writes locks this row, last of all, so that two cannot take the same place."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True, related_name="+")
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence}: {self.hash[:12]}"


class Checkpoint(OrganisationOwned):
    """A chain's head as it was signed with a key outside the database (see checkpoints.py).

    `statement` is the canonical JSON that the signature is of; the other columns repeat it. The database refuses to
    change or delete a row, as with entries.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="checkpoints")
    sequence = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()
    key = models.CharField(max_length=16)
    public_key = models.CharField(max_length=44)
    statement = models.TextField()
    signature = models.CharField(max_length=88)

    class Meta:
        ordering = ["organisation", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "sequence", "key"], name="one_checkpoint_per_head")
        ]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.hash[:12]} signed with {self.key}"
