"""What people read when something goes wrong: what happened, what is safe, what to do."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from governance.views import broken

pytestmark = pytest.mark.django_db


def test_a_fault_of_ours_says_what_is_safe_and_nothing_of_the_inside(world, monkeypatch):
    client = Client(raise_request_exception=False)
    client.force_login(world.people["engineer"])

    def fail(*given):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("governance.views.organisation_for", fail)
    answer = client.get(reverse("home"))
    page = answer.content.decode()
    assert answer.status_code == 500
    assert answer["X-Request-ID"] in page
    assert "What you saved before is safe" in page
    assert "secret" not in page


def test_a_fault_of_ours_is_told_without_asking_the_database(rf, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert broken(rf.get("/")).status_code == 500


def test_a_form_that_is_larger_than_a_form_may_be_changes_nothing(client, world, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = client.post(reverse("sign-in"), {"username": "x" * 2000})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.content.decode()
    assert answer["X-Request-ID"] in answer.content.decode()
