"""Who may do what: the roles, and one table from action to roles."""

from __future__ import annotations

from django.db.models import TextChoices


class Role(TextChoices):
    ENGINEER = "engineer", "Engineer"
    OFFICER = "officer", "Compliance officer"
    APPROVER = "approver", "Approver"
    AUDITOR = "auditor", "Auditor (read-only)"
    ADMINISTRATOR = "administrator", "Administrator"


EVERYONE = frozenset(Role)
WORKING = frozenset({Role.ENGINEER, Role.OFFICER, Role.ADMINISTRATOR})
# What a member may hand to another for their leave. Not who manages people, and reading alone needs no stand-in.
HANDED_ON = frozenset({Role.ENGINEER, Role.OFFICER, Role.APPROVER})

# Nobody changes the trail, so no action does. An administrator manages people and may do the daily work, but does not
# approve: whoever can hand out roles must not also be the second pair of eyes.
ACTIONS: dict[str, frozenset[Role]] = {
    "read": EVERYONE,
    "register": WORKING,
    "run": WORKING,
    "cancel": WORKING,
    "describe": WORKING,
    "govern": frozenset({Role.OFFICER, Role.ADMINISTRATOR}),
    "classify": frozenset({Role.OFFICER, Role.ADMINISTRATOR}),
    "approve": frozenset({Role.APPROVER}),
    "comment": EVERYONE,
    "export": EVERYONE,
    "read trail": frozenset({Role.OFFICER, Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR}),
    "erase": frozenset({Role.OFFICER, Role.ADMINISTRATOR}),
    "manage members": frozenset({Role.ADMINISTRATOR}),
    "manage webhooks": frozenset({Role.ADMINISTRATOR}),
    "manage tokens": EVERYONE,  # their own, see scopes.py for what these can do
    "delegate": HANDED_ON,  # their own role, see delegation.py
    "end delegation": HANDED_ON | {Role.ADMINISTRATOR},  # one's own; administrators end any
}

# by one's own role alone, never by one that was handed over
OWN_ROLE_ONLY = frozenset({"delegate", "end delegation"})
