"""What of the trail is asked for."""

from __future__ import annotations

from typing import Any, Literal

from django import forms
from django.db import connection
from django.db.models import Q, QuerySet

from models.accounts.models import Organisation, User
from models.trail.models import Entry, noun
from models.trail.narrowing import SERVICE, narrowed


def day(label: str) -> forms.DateField:
    shown = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    wrong = {"invalid": "Enter a day, such as 2026-11-21."}
    return forms.DateField(required=False, label=label, widget=shown, error_messages=wrong, input_formats=["%Y-%m-%d"])


class TrailFilter(forms.Form):
    """Only what stands in the organisation's own trail can be chosen; anything else is refused at its field."""

    verb = forms.ChoiceField(required=False, label="What was done")
    actor = forms.ChoiceField(required=False, label="By whom")
    kind = forms.ChoiceField(required=False, label="To what")
    since = day("From")
    until = day("To")
    object = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Q(pk__in=distinct(organisation, "actor_id")) | Q(memberships__organisation=organisation)
        actors = [(str(user.pk), str(user)) for user in User.objects.filter(people).distinct()]
        kinds = distinct(organisation, "object_type")
        self.offer("verb", "Anything", [(verb, verb) for verb in distinct(organisation, "verb")])
        self.offer("actor", "Anybody", [(SERVICE, "the service itself"), *actors])
        self.offer("kind", "Anything", [(kind, noun(kind)) for kind in kinds])

    def offer(self, name: str, empty: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", empty), *choices]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("since") and said.get("until") and said["until"] < said["since"]:
            self.add_error("until", "The last day is before the first.")
        return said

    def of(self, entries: QuerySet[Entry]) -> QuerySet[Entry]:
        """Those that were asked for. Call it on a valid form."""
        said = self.cleaned_data
        days = {"since": said["since"], "until": said["until"]}
        return narrowed(
            entries, verb=said["verb"], object_type=said["kind"], object_id=said["object"], actor=said["actor"], **days
        )


def distinct(organisation: Organisation, column: Literal["verb", "actor_id", "object_type"]) -> list[Any]:
    """The values of a column in one organisation's trail, few among very many.

    Each is looked up in the column's index, from one value to the next; DISTINCT would read every entry.
    """
    table = Entry._meta.db_table
    least = f"SELECT MIN({column}) FROM {table} WHERE organisation_id = %s"
    walk = f"""WITH RECURSIVE found(value) AS (
        SELECT ({least}) UNION ALL SELECT ({least} AND {column} > found.value) FROM found WHERE found.value IS NOT NULL
    ) SELECT value FROM found WHERE value IS NOT NULL"""
    with connection.cursor() as cursor:
        cursor.execute(walk, [organisation.pk, organisation.pk])
        return [value for (value,) in cursor.fetchall()]
