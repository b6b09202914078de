"""The API under /api/v1/: every room brings its own api.py; nothing is listed here."""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from governance.systems.register import NameTaken as SystemNameTaken
from models.accounts.access import organisation_for
from models.accounts.api_auth import by_session, by_token
from models.accounts.permission import ScopeMissing
from models.accounts.scopes import SCOPE_OF
from models.jobs.sandbox.errors import SandboxError
from models.jobs.wait import wait_for
from models.registry.blobs.store import ChecksumMismatch, StorageError, StorageFull, TooLarge
from models.registry.describe import NameTaken
from models.rest.docs import DocumentationPage
from models.rest.edge import Api
from models.rest.problems import Problem

logger = logging.getLogger(__name__)
DESCRIPTION = "Everything that the pages do: register models and data, audit them, read what was found."


def wait(job: UUID, seconds: float) -> bool:
    """Whether the job finished in that time. Never within a transaction, in which it could not be seen to end."""
    return not transaction.get_connection().in_atomic_block and wait_for(job, seconds).is_finished


def store_away(error: StorageError) -> Problem:
    logger.error("the store of files did not answer: %s", error)
    return Problem("unavailable", str(error), headers={"Retry-After": "30"})


def made() -> Api:
    api = Api(
        title="Plumbline",
        version=version("plumbline"),
        description=DESCRIPTION,
        docs=DocumentationPage(),
        ways=[by_token, by_session],
        permit=organisation_for,
        wait=wait,
        scope_of=SCOPE_OF,
    )
    for room in settings.ROOMS:
        if room != "governance" and find_spec(f"{room}.api"):
            api.add_router("", import_module(f"{room}.api").router)
    api.turn(ScopeMissing, lambda error: Problem("insufficient-scope", str(error), scope=error.scope))
    api.turn(ChecksumMismatch, lambda error: Problem("checksum-mismatch", str(error)))
    api.turn(TooLarge, lambda error: Problem("too-large", str(error)))
    api.turn(SandboxError, lambda error: Problem("refused", str(error)))
    api.turn(StorageError, store_away)
    api.turn(StorageFull, lambda error: Problem("storage-full", str(error)))
    for taken in (NameTaken, SystemNameTaken):
        api.turn(taken, lambda error: Problem("conflict", str(error), existing=str(error.existing)))
    return api


def urls() -> tuple[list[Any], str, str]:
    """The API's own door stands in place of the pages' one."""
    patterns, app, namespace = made().urls
    for pattern in patterns:
        assert pattern.callback is not None
        if str(pattern.name).startswith("openapi"):  # read without a login: only the method can be wrong
            pattern.callback = csrf_exempt(require_safe(pattern.callback))
        login_not_required(pattern.callback)  # marks it; what answers stays the same function
    return patterns, app, namespace
