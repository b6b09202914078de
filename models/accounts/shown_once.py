"""What is shown on the next page and never again: tokens, links, recovery codes. It waits in the session, sealed."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest

from models.accounts.secrets import Unsealable, seal, unseal

PURPOSE = "shown once"


def keep(request: HttpRequest, what: str, value: Any) -> None:
    request.session[f"once:{what}"] = seal(json.dumps(value), PURPOSE)


def take(request: HttpRequest, what: str) -> Any:
    """What was kept, once; then None."""
    sealed = request.session.pop(f"once:{what}", None)
    if sealed is None:
        return None
    try:
        return json.loads(unseal(sealed, PURPOSE))
    except Unsealable:
        return None
