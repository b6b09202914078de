"""What every command that talks to a server shares: where it is, notes on stderr, a progress bar."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from plumbline_client.audits import Audit
    from plumbline_client.client import Client

F = TypeVar("F", bound=Callable[..., Any])


def server_option(command: F) -> F:
    """The token is never an option: whoever lists the machine's processes would read it."""
    option = click.option(
        "--url", envvar="PLUMBLINE_URL", metavar="URL", help="The server (PLUMBLINE_URL). Token: PLUMBLINE_TOKEN."
    )
    return option(command)


@contextmanager
def connected(url: str | None) -> Iterator[Client]:
    """A client, closed at the end. InvalidInput where address or token is missing."""
    from plumbline_client.client import Client

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        with Client(url) as client:
            yield client


def note(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"Note: {message}", err=True)


def the_audit(client: Client, ident: str) -> Audit:
    """The audit of that id. InvalidInput where it is no id, or the server has none of it for us."""
    from plumbline_client.errors import InvalidInput, Problem

    try:
        return client.audits.get(checked_id(ident))
    except Problem as problem:
        if problem.slug != "not-found":
            raise
        raise InvalidInput(nothing_like("audit", ident, client)) from problem


def checked_id(ident: str) -> str:
    from plumbline_client.client import registered_id
    from plumbline_client.errors import InvalidInput

    found = registered_id(ident)
    if found is None:
        raise InvalidInput(f"{ident!r} is no id. Ids look like 6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10.")
    return found


def nothing_like(what: str, ident: str, client: Client) -> str:
    return f"{client.connection.address} has no {what} {ident}, or none that this token may see."
