"""Two versions side by side, as the page shows them: a sentence first, then what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.accounts.templatetags.pages import count, words
from models.registry.formats.changes import SignatureChange
from models.registry.formats.changes import changes as signature_changes
from models.registry.intake.changes import TableChange
from models.registry.intake.changes import changes as table_changes
from models.registry.models import DatasetVersion, ModelVersion


@dataclass(frozen=True, slots=True)
class Compared:
    heading: str
    change: Any


def compared_datasets(before: DatasetVersion, after: DatasetVersion) -> Compared:
    change = table_changes(before.profile, after.profile)
    return Compared(table_heading(before, after, change), change)


def compared_models(before: ModelVersion, after: ModelVersion) -> Compared:
    change = signature_changes(before.signature, after.signature)
    return Compared(signature_heading(before, after, change), change)


def table_heading(before: DatasetVersion, after: DatasetVersion, change: TableChange) -> str:
    if before.sha256 == after.sha256:
        return "This is the same version twice"
    more = change.rows[1] - change.rows[0]
    said = [f"{count(abs(more))} row{'' if abs(more) == 1 else 's'} {'more' if more > 0 else 'fewer'}"] if more else []
    for columns, what in ((change.added, "new"), (change.removed, "gone"), (change.changed, "changed")):
        if columns:
            said.append(f"{words(len(columns))} column{'' if len(columns) == 1 else 's'} {what}")
    if not said:
        return f"Version {after.number} has the same columns and figures as version {before.number}"
    return f"Version {after.number} against version {before.number}: {', '.join(said)}"


def signature_heading(before: ModelVersion, after: ModelVersion, change: SignatureChange) -> str:
    if before.sha256 == after.sha256:
        return "This is the same version twice"
    new, old = f"Version {after.number}", f"version {before.number}"
    if None not in change.rows:
        return f"{new} holds other predictions than {old}"
    if change.rows != (None, None):
        return f"{new} is of another kind than {old}: one is a model, the other holds predictions"
    if change.takes_the_same and change.gives_the_same:
        return f"{new} takes and gives the same as {old}"
    if change.takes_the_same:
        return f"{new} takes the same as {old}, but gives something else"
    if change.gives_the_same:
        return f"{new} reads other columns than {old}, and gives the same"
    return f"{new} reads other columns than {old} and gives something else"
