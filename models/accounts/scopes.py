"""What a token may be used for: a few scopes, and one table from action to scope.

A token never does more than its owner's role allows; its scopes only take away.
"""

from __future__ import annotations

SCOPES: dict[str, str] = {
    "read": "Read models, data, jobs, audits and reports, and download them.",
    "register": "Register models and data, and change their descriptions.",
    "run": "Start audits and other jobs, and cancel them.",
    "govern": "Keep AI systems: what is said and answered of them, their parts, duties, risks and incidents.",
    "manage": "Manage members, delegations, webhooks and tokens.",
}

# Deciding is for a person who is there: no token approves, classifies or erases, so these have no scope.
SCOPE_OF: dict[str, str | None] = {
    "read": "read",
    "export": "read",
    "read trail": "read",
    "register": "register",
    "describe": "register",
    "run": "run",
    "cancel": "run",
    "govern": "govern",
    "comment": "govern",
    "manage members": "manage",
    "manage webhooks": "manage",
    "manage tokens": "manage",
    "delegate": "manage",
    "end delegation": "manage",
    "approve": None,
    "classify": None,
    "erase": None,
}

# What a pipeline needs, for who does not say.
USUAL = ("read", "register", "run")
