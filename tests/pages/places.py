"""Every address there is, with what it takes to go there; found from the resolver, so that a new one must be added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.pages.conftest import World

Parts = Callable[[World], dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """`action` is what its visitor must be allowed (None: no one has to sign in); `parts` are those of its address."""

    methods: frozenset[str] = frozenset({"GET"})
    action: str | None = "read"
    parts: Parts = field(default=lambda world: {})
    query: str = ""

    @property
    def is_read(self) -> bool:
        return "GET" in self.methods

    def address(self, name: str, world: World) -> str:
        return reverse(name, kwargs=self.parts(world)) + self.query


BOTH, POST = frozenset({"GET", "POST"}), frozenset({"POST"})
PLACES = {
    "home": Place(),
    "healthy": Place(action=None),
    "sign-in": Place(BOTH, None),
    "sign-out": Place(POST),
    "choose-organisation": Place(POST),
    "jobs": Place(),
    "job": Place(parts=lambda world: {"pk": world.failed.pk}),
    "job-progress": Place(parts=lambda world: {"pk": world.waiting.job_id}, query="?state=queued"),
    "cancel-job": Place(POST, "cancel", lambda world: {"pk": world.waiting.job_id}),
    "models": Place(),
    "register-model": Place(BOTH, "register"),
    "model": Place(parts=lambda world: {"pk": world.model.model_id}),
    "model-version": Place(parts=lambda world: {"pk": world.model.model_id, "number": 1}),
    "datasets": Place(),
    "register-dataset": Place(BOTH, "register"),
    "dataset": Place(parts=lambda world: {"pk": world.dataset.dataset_id}),
    "dataset-version": Place(parts=lambda world: {"pk": world.dataset.dataset_id, "number": 1}),
    "audits": Place(),
    "start-audit": Place(BOTH, "run"),
    "audit": Place(parts=lambda world: {"pk": world.done.pk}),
    "audit-report": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "audit-report-pdf": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "audit-evidence": Place(action="export", parts=lambda world: {"pk": world.done.pk}),
    "report-style": Place(),
}


def names(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[str | None]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        else:
            yield pattern.name
