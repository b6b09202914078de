"""The client of a Plumbline server: `from plumbline_client import Client`.

Loaded when it is asked for, so that the command line starts without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plumbline_client.client import Client as Client
    from plumbline_client.errors import PlumblineError as PlumblineError

__all__ = ["Client", "PlumblineError"]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from plumbline_client.client import Client

        return Client
    if name == "PlumblineError":
        from plumbline_client.errors import PlumblineError

        return PlumblineError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
