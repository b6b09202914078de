"""What narrows the board and the list of evidence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest

from governance.frameworks.requirements import framework, frameworks
from governance.obligations.models import Evidence, State
from governance.obligations.rows import Row
from models.accounts.filters import Filters, choice

STALE, OVERDUE, MINE, GAPS, NOBODYS = "stale", "overdue", "mine", "gaps", "nobodys"
SHOWN = ((STALE, "Stale"), (OVERDUE, "Overdue"), (MINE, "Mine"), (NOBODYS, "Without an owner who is here"),
         (GAPS, "Not proven"))  # fmt: skip


class BoardFilters(Filters):
    """Of rows that are read already: a board is one page, whatever its length."""

    framework = choice("Framework", "All", ())
    state = choice("State", "All", State.choices)
    show = choice("Only", "Everything", SHOWN)

    def __init__(self, request: HttpRequest, members: frozenset[Any]) -> None:
        super().__init__(request)
        self.user, self.members = request.user, members
        field = self.fields["framework"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "All"), *((name, framework(name).title) for name in frameworks())]

    def kept(self, rows: list[Row]) -> list[Row]:
        """Those that fit; none where the question makes no sense."""
        if not self.is_valid():
            return []
        return [row for row in rows if self.fits(row, self.cleaned_data)]

    def fits(self, row: Row, said: dict[str, Any]) -> bool:
        words = f"{row.asks.ref} {row.asks.title} {row.asks.help}".casefold()
        only = {
            STALE: bool(row.stale),
            OVERDUE: row.is_overdue,
            MINE: row.duty.owner_id == self.user.pk,
            NOBODYS: row.is_asked and row.duty.owner_id not in self.members,
            GAPS: bool(row.gap),
        }
        return (
            said["q"].casefold() in words
            and said["framework"] in ("", row.duty.framework)
            and said["state"] in ("", row.duty.state)
            and (not said["show"] or only[said["show"]])
        )


class EvidenceFilters(Filters):
    searched = ("title", "file_name")
    lookups = {"source": "source"}
    orders = {"": ("-created_at", "pk")}

    source = choice("Sort", "All", Evidence.Source.choices)
