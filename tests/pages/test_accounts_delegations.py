"""Standing in, as a person does it: giving, what opens, the members' page, and ending it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from models.accounts.delegation import give
from models.accounts.models import Delegation, Membership, User
from models.trail.models import Entry
from tests.models.people import organisation, person

pytestmark = pytest.mark.django_db
LIST, GIVE, MEMBERS = "/delegations/", "/delegations/new/", "/members/"


@pytest.fixture
def approver(client) -> User:
    someone = person("approver")
    client.force_login(someone)
    return someone


def day(ahead: int = 0) -> date:
    return timezone.now().date() + timedelta(days=ahead)


def asked(receiver: User, first: object = None, last: object = None) -> dict[str, object]:
    number = Membership.unscoped.get(user=receiver).pk
    return {"receiver": number, "first_day": first or day(), "last_day": last or day(13)}


def text(answer) -> str:
    return answer.content.decode()


def test_a_role_is_handed_over_opens_what_it_opens_and_is_ended(client, approver):
    auditor = person("auditor")
    assert "at most 90 days" in text(client.get(GIVE))
    answer = client.post(GIVE, asked(auditor), follow=True)
    assert f"{auditor} stands in for you until" in text(answer)
    made = Delegation.unscoped.get()
    assert (made.giver, made.receiver, made.role) == (approver, auditor, "approver")

    client.force_login(auditor)
    assert f"You stand in for <bdi>{approver}</bdi>" in text(client.get(LIST))
    home = text(client.get("/"))
    assert f"approver for <bdi>{approver}</bdi> until" in home
    assert client.post(f"/delegations/{made.pk}/end/").status_code == 403

    client.force_login(approver)
    for _ in range(2):
        assert "stands in no more" in text(client.post(f"/delegations/{made.pk}/end/", follow=True))
    client.force_login(auditor)
    assert f"approver for <bdi>{approver}</bdi>" not in text(client.get("/"))
    verbs = Entry.objects.of(organisation()).filter(object_type="accounts.delegation").values_list("verb", flat=True)
    assert list(verbs.order_by("sequence")) == ["delegated", "ended"]


def test_who_stands_in_for_an_officer_sees_the_trail_and_what_they_do_there_is_named(client):
    officer, engineer = person("officer"), person("engineer")
    client.force_login(engineer)
    assert client.get("/trail/").status_code == 403
    give(officer, organisation(), engineer, day(), day())
    assert 'href="/trail/"' in text(client.get("/"))
    client.post("/trail/verify/")
    assert f"<bdi>{engineer}</bdi> for <bdi>{officer}</bdi></strong> checked the trail" in text(client.get("/trail/"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"receiver": ""}, "Choose who stands in for you."),
        ({"receiver": "999999"}, "Choose one of these people."),
        ({"first_day": "soon"}, "Enter the first day"),
        ({"last_day": "2026-02-31"}, "Enter the last day"),
        ({"last_day": "2020-01-01"}, "The last day is before the first."),
        ({"last_day": "2999-01-01"}, "It lasts at most 90 days"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(client, approver, change, said):
    answer = client.post(GIVE, asked(person("engineer")) | change)
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Delegation.unscoped.exists()


def test_only_members_in_other_roles_and_no_administrators_can_be_chosen(client, approver):
    here = [person(role) for role in ("engineer", "administrator")]
    other, stranger = person("approver", email="two@example.org"), person("engineer", organisation("Other Bank"))
    page = text(client.get(GIVE))
    assert [str(each) in page for each in (*here, other, stranger)] == [True, False, False, False]
    assert client.post(GIVE, asked(stranger)).status_code == 422


def test_an_administrator_sees_and_ends_it_on_the_members_page(client, approver):
    made = give(approver, organisation(), person("engineer"), day(3), day(4))
    assert f"/delegations/{made.pk}/end/" not in text(client.get(MEMBERS))
    client.force_login(person("administrator"))
    assert f"/delegations/{made.pk}/end/" in text(client.get(MEMBERS))
    answer = client.post(f"/delegations/{made.pk}/end/", follow=True)
    assert answer.redirect_chain[-1][0] == MEMBERS
    assert "Who stands in for whom" not in text(answer)
