"""How an endpoint is declared: its method and address, what it answers, and what its caller must be allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import ninja

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Media:
    """An answer that is not JSON of ours; `others` are further types that may be asked for."""

    type: str
    description: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What an endpoint says of itself beyond its types.

    action: of the table of roles, asked before anything is read. once: takes Idempotency-Key. match: needs If-Match.
    waits: takes Prefer: wait. raw: the body is bytes, read by the view. media: answers that are not JSON, by status.
    problems: kinds of problem beyond those that every endpoint of its shape has.
    """

    action: str
    once: bool = False
    match: bool = False
    waits: bool = False
    raw: bool = False
    media: Mapping[int, Media] | None = None
    problems: tuple[str, ...] = ()


class Router(ninja.Router):
    """A room's endpoints. The function's name is the operation's id, its docstring the documentation."""

    def on(self, method: str, path: str, answers: Mapping[int, Any], **told: Any) -> Callable[[View], View]:
        """Declare an endpoint; `answers` is a type (None: no body, or Media) by status, `told` the fields of Told."""

        def declare(view: View) -> View:
            about = Told(**told, media={s: a for s, a in answers.items() if isinstance(a, Media)})
            view.told = about  # type: ignore[attr-defined]
            summary, _, description = (view.__doc__ or "").strip().partition("\n")
            self.add_api_operation(
                path,
                ["GET", "HEAD"] if method == "GET" else [method],
                view,
                response={status: None if isinstance(a, Media) else a for status, a in answers.items()},
                operation_id=view.__name__,
                by_alias=True,
                summary=summary.rstrip("."),
                description=" ".join(description.split()) or None,
                url_name=f"api-{view.__name__}",
            )
            return view

        return declare
