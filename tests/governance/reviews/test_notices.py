"""What people are told of days that near: once for each threshold, on the page and by mail, by a server of ours."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.db.models import F
from django.utils import timezone

from governance.incidents.keeping import begin as begin_incident
from governance.reviews import keeping, mail
from governance.reviews.models import Mail, Notice, Review
from governance.reviews.notices import choose_mail, let_go, tell
from governance.systems.days import today
from governance.systems.models import System
from models.accounts.delegation import end, give
from models.accounts.models import Delegation, Membership, Organisation
from models.accounts.roles import Role
from models.trail.models import Entry
from tests.models.people import organisation, person


@pytest.fixture
def bank(db) -> Organisation:
    return organisation("Acme Bank")


@pytest.fixture
def system(bank) -> System:
    return System.unscoped.create(organisation=bank, name="Scoring of Mr Doe", roles=["provider"])


def review(system: System, days: int, owner=None) -> Review:
    return Review.unscoped.create(
        organisation=system.organisation, system=system, what="Of Mr Doe", due_on=today() + timedelta(days=days),
        owner=owner,
    )  # fmt: skip


def told(user) -> list[int]:
    return list(Notice.unscoped.filter(user=user).order_by("created_at").values_list("threshold", flat=True))


def test_each_threshold_is_told_once_however_often_it_is_looked(bank, system):
    owner = person(Role.ENGINEER, bank)
    review(system, 40, owner)
    start = timezone.now()
    for day in range(50):
        for hour in range(2):
            tell(bank, start + timedelta(days=day, minutes=hour))
    assert told(owner) == [30, 7, 0, -1]


@pytest.mark.parametrize(
    ("days", "expected"), [(31, []), (30, [30]), (8, [30]), (7, [7]), (1, [7]), (0, [0]), (-9, [-1])]
)
def test_what_comes_late_to_the_plan_is_told_by_its_nearest_threshold_alone(bank, system, days, expected):
    owner = person(Role.ENGINEER, bank)
    review(system, days, owner)
    tell(bank)
    assert told(owner) == expected


def test_a_new_day_is_told_anew(bank, system):
    owner = person(Role.ENGINEER, bank)
    moved = review(system, 5, owner)
    tell(bank)
    Review.unscoped.filter(pk=moved.pk).update(due_on=F("due_on") + timedelta(days=1))
    tell(bank)
    assert told(owner) == [7, 7]


def test_the_owner_is_told_else_the_officers_else_the_administrators(bank, system):
    administrator, engineer = person(Role.ADMINISTRATOR, bank), person(Role.ENGINEER, bank)
    stranger = person(Role.OFFICER, organisation("Brick Bank"))
    review(system, 5, stranger)
    tell(bank)
    assert (told(administrator), told(stranger)) == ([7], [])
    officers = [person(Role.OFFICER, bank)]
    tell(bank)
    assert [told(officer) for officer in officers] == [[7]]
    System.unscoped.update(owner=engineer)
    review(system, 6)
    tell(bank)
    assert (told(engineer), told(administrator)) == ([7], [7])


def test_a_serious_incident_is_told_until_an_authority_was_told(bank, system):
    officer = person(Role.OFFICER, bank)
    said = {"title": "It refused all", "kinds": ["fundamental-rights"], "aware_at": timezone.now() - timedelta(days=9)}
    begin_incident(officer, system, said)
    begin_incident(officer, system, said | {"kinds": []})
    tell(bank)
    assert [(each.kind, each.threshold) for each in Notice.unscoped.filter(user=officer)] == [("Incident report", 7)]


# --- mail


@dataclass
class Office:
    """A mail server; `refuse` is what it answers to a recipient instead of taking the message."""

    port: int = 0
    refuse: bytes = b""
    taken: list[bytes] = field(default_factory=list)


@pytest.fixture
def office(settings) -> Iterator[Office]:
    found = Office()

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 office\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    found.taken.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.wfile.write(found.refuse if word == b"RCPT" and found.refuse else b"250 well\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        found.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.MAIL, settings.EMAIL_FROM, settings.SITE_URL = (
            True,
            "plumbline@example.org",
            "https://audits.example.org",
        )
        yield found
        server.shutdown()


def due_now() -> None:
    Mail.unscoped.filter(due_at__isnull=False).update(due_at=timezone.now())


def test_one_mail_tells_of_everything_new_without_a_name_or_a_title(bank, system, office):
    owner = person(Role.ENGINEER, bank)
    owner.name = "Ada Example"
    owner.save()
    review(system, 5, owner)
    late = review(system, -1, owner)
    tell(bank)
    assert (mail.send_due(), mail.send_due(), tell(bank), mail.send_due()) == (1, 0, 0, 0)
    (raw,) = office.taken
    message = message_from_bytes(raw, policy=policy.default)
    assert (message["To"], message["From"]) == (owner.email, "plumbline@example.org")
    assert message["Message-ID"] == f"<{Mail.unscoped.get().pk}@audits.example.org>"
    body = message.get_content()
    assert f"https://audits.example.org/systems/{system.pk}/reviews/#review-{late.pk}" in body
    assert f"{late.due_on:%-d %B %Y}, overdue" in body
    assert not {"Doe", "Ada"} & set((body + message["Subject"]).split())


def test_a_mail_that_was_not_taken_waits_and_goes_later_once(bank, system, office, caplog):
    review(system, 5, person(Role.ENGINEER, bank))
    tell(bank)
    office.refuse = b"451 try later\r\n"
    assert mail.send_due() == 0
    waiting = Mail.unscoped.get()
    assert (waiting.tries, waiting.claim, "try later" in waiting.error) == (1, None, True)
    assert waiting.due_at > timezone.now()
    assert "could not be sent" in caplog.text
    office.refuse = b""
    assert mail.send_due() == 0
    due_now()
    assert (mail.send_due(), mail.send_due(), len(office.taken)) == (1, 0, 1)


def test_a_server_that_is_not_there_costs_no_mail(bank, system, office, settings):
    review(system, 5, person(Role.ENGINEER, bank))
    tell(bank)
    settings.EMAIL_PORT = 1
    assert mail.send_due() == 0
    settings.EMAIL_PORT = office.port
    due_now()
    assert mail.send_due() == 1


def test_what_another_beat_has_claimed_is_left_to_it_until_the_claim_runs_out(bank, system, office):
    review(system, 5, person(Role.ENGINEER, bank))
    tell(bank)
    (claimed,) = mail.claim_due()
    assert (mail.claim_due(), mail.send_due()) == ([], 0)
    Mail.unscoped.filter(pk=claimed.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert mail.send_due() == 1
    mail.settle(claimed, "of the beat that was slow")
    assert Mail.unscoped.get().sent_at is not None


def test_after_a_week_a_mail_is_given_up_and_its_notice_stays(bank, system, office, caplog):
    owner = person(Role.ENGINEER, bank)
    review(system, 5, owner)
    tell(bank)
    Mail.unscoped.update(created_at=timezone.now() - timedelta(days=8))
    office.refuse = b"550 nobody here\r\n"
    mail.send_due()
    assert Mail.unscoped.get().due_at is None
    assert "given up" in caplog.text
    assert told(owner) == [7]


def test_nothing_is_sent_to_who_left_meanwhile(bank, system, office):
    owner = person(Role.ENGINEER, bank)
    review(system, 5, owner)
    tell(bank)
    Membership.unscoped.filter(user=owner).delete()
    assert (mail.send_due(), office.taken, Mail.unscoped.get().due_at) == (0, [], None)


def test_without_a_mail_server_there_are_notices_and_no_mail(bank, system):
    review(system, 5, person(Role.ENGINEER, bank))
    assert tell(bank) == 1
    assert not Mail.unscoped.exists()


def test_a_review_done_is_told_of_no_more(bank, system):
    officer = person(Role.OFFICER, bank)
    keeping.do(officer, review(system, 5), "All is well.")
    assert tell(bank) == 0


def test_who_stands_in_is_told_what_is_theirs_meanwhile_and_no_longer(bank, system):
    owner, other, stranger = (person(role, bank) for role in (Role.ENGINEER, Role.OFFICER, Role.AUDITOR))
    review(system, 5, owner)
    day, now = today(), timezone.now()
    given = give(owner, bank, other, day + timedelta(days=1), day + timedelta(days=1))
    tell(bank, now)
    assert (told(owner), told(other)) == ([7], [])
    Delegation.unscoped.filter(pk=given.pk).update(first_day=day, last_day=day)
    tell(bank, now)
    tell(bank, now)
    assert (told(owner), told(other), told(stranger)) == ([7], [7], [])
    assert f"you stand in for {owner}" in Notice.unscoped.get(user=other).text
    end(owner, given)
    tell(bank, now + timedelta(days=5))
    assert (told(owner), told(other)) == ([7, 0], [7])


def test_who_stands_in_for_an_officer_is_told_what_has_no_owner(bank, system):
    officer, engineer = person(Role.OFFICER, bank), person(Role.ENGINEER, bank)
    give(officer, bank, engineer, today(), today())
    review(system, 5)
    tell(bank)
    assert (told(officer), told(engineer)) == ([7], [7])


def test_who_wants_no_mail_gets_none_and_is_still_told_on_the_page(bank, system, office):
    owner, officer = person(Role.ENGINEER, bank), person(Role.OFFICER, bank)
    review(system, 5, owner), review(system, 5, officer)
    choose_mail(owner, bank, False)
    choose_mail(owner, bank, False)
    tell(bank)
    assert (told(owner), told(officer), mail.send_due()) == ([7], [7], 1)
    assert [message_from_bytes(raw)["To"] for raw in office.taken] == [officer.email]
    choose_mail(owner, bank, True)
    review(system, 6, owner)
    tell(bank)
    assert mail.send_due() == 1
    verbs = Entry.objects.of(bank).filter(actor=owner).order_by("sequence").values_list("verb", flat=True)
    assert list(verbs) == ["turned mail off", "turned mail on"]


def test_mail_that_waits_is_not_sent_to_who_wants_none_meanwhile(bank, system, office):
    owner = person(Role.ENGINEER, bank)
    review(system, 5, owner)
    tell(bank)
    choose_mail(owner, bank, False)
    assert (mail.send_due(), office.taken, Mail.unscoped.get().due_at) == (0, [], None)


def test_notices_are_let_go_after_a_year_but_for_what_is_overdue_still(bank, system, office):
    owner = person(Role.ENGINEER, bank)
    late, done = review(system, -3, owner), review(system, 5, owner)
    tell(bank)
    mail.send_due()
    keeping.do(person(Role.OFFICER, bank), done, "All is well.")
    later = timezone.now() + timedelta(days=400)
    assert let_go(later - timedelta(days=401), dry_run=False) == 0
    assert (let_go(later, dry_run=True), Notice.unscoped.count()) == (1, 2)
    assert let_go(later, dry_run=False) == 1
    assert [each.thing for each in Notice.unscoped.all()] == [f"review:{late.pk}"]
    assert not Mail.unscoped.exists()
    assert tell(bank, later) == 0
