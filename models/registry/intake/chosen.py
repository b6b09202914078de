"""The roles of columns as a person chose them, in place of those that were guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from models.errors import InputError
from models.registry.intake.profile import ColumnProfile, Profile
from models.registry.intake.roles import Role


def with_roles(profile: Profile, chosen: Mapping[str, Role]) -> Profile:
    """The profile with the roles in `chosen` (column: role); where some are chosen for a role that people decide
    (label, sensitive), the columns that were guessed for it become features.

    Raises:
        InputError: there is no such column, or no such role.
    """
    known = [column.name for column in profile.columns]
    for name, role in chosen.items():
        if name not in known:
            raise InputError(f"There is no column {name!r}. There are: {', '.join(known[:30])}.")
        if role not in get_args(Role):
            raise InputError(f"There is no role {role!r}. There are: {', '.join(get_args(Role))}.")
    decided = {"label", "sensitive"} & set(chosen.values())

    def of(column: ColumnProfile) -> Role:
        guess: Role = "feature" if column.role in decided else column.role
        return chosen.get(column.name, guess)

    return replace(profile, columns=tuple(replace(column, role=of(column)) for column in profile.columns))
