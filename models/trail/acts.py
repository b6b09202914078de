"""What the accounts room tells of (tokens, members, second factors) goes into the trail."""

from __future__ import annotations

from typing import Any

from models.accounts.models import Organisation
from models.accounts.signals import acted
from models.trail.record import record


def listen() -> None:
    acted.connect(write, dispatch_uid="trail.acted")


def write(
    sender: Any, organisation: Organisation, actor: Any, verb: str, thing: Any, facts: dict[str, Any], **kwargs: Any
) -> None:
    record(organisation, actor, verb, thing, facts)
