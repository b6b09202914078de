"""What every page needs to know of its reader is asked once; what changes something asks again."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from models.accounts.models import Membership
from models.accounts.permission import Forbidden, authorize, remember_memberships


@pytest.fixture
def engineer(client, world):
    client.force_login(world.people["engineer"])
    return client


@pytest.mark.parametrize("address", ["/", "/models/", "/datasets/", "/audits/", "/jobs/", "/help/"])
def test_a_page_reads_memberships_once(engineer, address):
    with CaptureQueriesContext(connection) as asked:
        assert engineer.get(address).status_code == 200
    assert sum('FROM "accounts_membership"' in query["sql"] for query in asked) == 1


def test_a_change_goes_by_what_the_database_says_then(engineer, world):
    """The form was opened with a role that is gone when it comes back."""
    assert engineer.get("/audits/new/").status_code == 200
    Membership.unscoped.filter(user=world.people["engineer"]).update(role="auditor")
    assert engineer.post(f"/audits/new/?dataset={world.dataset.pk}", {}).status_code == 403


def test_what_is_remembered_holds_for_one_user_object_alone(world):
    one, other = world.people["engineer"], type(world.people["engineer"]).objects.get(pk=world.people["engineer"].pk)
    remember_memberships(one)
    Membership.unscoped.filter(user=one).update(role="auditor")
    assert authorize(one, "run", world.organisation).role == "engineer"
    with pytest.raises(Forbidden):
        authorize(other, "run", world.organisation)
