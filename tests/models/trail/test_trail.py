"""The trail: written with what it tells of, never changed, and every tampering named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from models.accounts.models import Organisation
from models.trail import triggers
from models.trail.chain import canonical, entry_hash
from models.trail.models import Entry, Head
from models.trail.record import NotInTransaction, record
from models.trail.verify import Verification, verify_chain
from tests.models.people import PASSWORD, organisation, person

pytestmark = pytest.mark.django_db


def written(count: int = 4) -> Organisation:
    acme, user = organisation(), person()
    with transaction.atomic():
        for number in range(count):
            record(acme, user, "did", acme, {"number": number, "fraction": 0.1, "text": "Größe ✓", "none": None})
    return acme


def tamper(sql: str, *values: Any) -> None:
    """What the owner of the database can do: lift the guard, change, put the guard back."""
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    triggers.install(connection)


def test_a_chain_is_whole_and_tells_what_was_done() -> None:
    acme = written()
    found = verify_chain(acme)
    head = Head.objects.get()
    assert found == Verification(4, head.hash)
    entry = Entry.objects.of(acme).get(sequence=3)
    assert entry.facts == {"number": 2, "fraction": 0.1, "text": "Größe ✓", "none": None}
    assert (entry.actor_name, entry.verb, entry.object_type) == (
        f"engineer.{acme.pk}@example.org",
        "did",
        "accounts.organisation",
    )


def test_each_organisation_has_its_own_chain() -> None:
    acme, other = written(2), organisation("Other Bank")
    with transaction.atomic():
        record(other, None, "did", other)
    assert verify_chain(acme).entries == 2
    assert verify_chain(other).entries == 1


@pytest.mark.parametrize("act", ["UPDATE trail_entry SET verb = 'x'", "DELETE FROM trail_entry"])
def test_the_database_refuses_to_change_the_trail(act: str) -> None:
    acme = written()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Entry.unscoped.filter(sequence=2).update(verb="x")
    assert verify_chain(acme).whole


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's own")
def test_replacing_an_entry_is_refused_too() -> None:
    acme = written()
    replace = "INSERT OR REPLACE INTO trail_entry SELECT * FROM trail_entry WHERE sequence = 2"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(replace)
    assert verify_chain(acme).whole


TAMPERINGS = {
    "edited body": ("UPDATE trail_entry SET body = replace(body, 'number\":1', 'number\":7') WHERE sequence = 2", 2),
    "edited column": ("UPDATE trail_entry SET verb = 'approved' WHERE sequence = 3", 3),
    "deleted": ("DELETE FROM trail_entry WHERE sequence = 2", 2),
    "cut off": ("DELETE FROM trail_entry WHERE sequence = 4", 4),
    "emptied": ("DELETE FROM trail_entry", 1),
    "reordered": (
        "UPDATE trail_entry SET sequence = CASE sequence WHEN 2 THEN -3 ELSE -2 END WHERE sequence IN (2, 3)",
        2,
    ),
    "another hash": ("UPDATE trail_entry SET hash = previous WHERE sequence = 3", 3),
    "head set back": ("UPDATE trail_head SET sequence = 3", 5),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_found_and_the_first_bad_entry_named(name: str) -> None:
    sql, bad = TAMPERINGS[name]
    acme = written()
    tamper(sql)
    if name == "reordered":
        tamper("UPDATE trail_entry SET sequence = -sequence WHERE sequence < 0")
    found = verify_chain(acme)
    assert found.bad == bad
    assert found.reason


def test_an_inserted_entry_is_found() -> None:
    acme = written()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trail_entry"
            " (organisation_id, sequence, at, verb, object_type, object_id, body, previous, hash)"
            " SELECT organisation_id, 5, at, verb, object_type, object_id, body, hash, hash FROM trail_entry"
            " WHERE sequence = 4"
        )
    assert verify_chain(acme).bad == 5


def test_a_history_rewritten_with_fresh_hashes_is_betrayed_by_a_printed_head() -> None:
    acme = written()
    printed = (Head.objects.get().sequence, Head.objects.get().hash)
    entry = Entry.unscoped.get(sequence=4)
    body = canonical({**json.loads(entry.body), "facts": {"number": "innocent"}})
    tamper("UPDATE trail_entry SET body = %s, hash = %s WHERE sequence = 4", body, entry_hash(body))
    tamper("UPDATE trail_head SET hash = %s", entry_hash(body))
    assert verify_chain(acme).whole
    assert verify_chain(acme, witness=printed).bad == 4
    assert verify_chain(acme, witness=(9, "0" * 64)).bad == 5


def test_what_is_rolled_back_leaves_no_entry() -> None:
    acme = written(1)
    with transaction.atomic():
        record(acme, None, "did", acme)
        transaction.set_rollback(True)
    assert verify_chain(acme).entries == 1


def test_facts_have_to_be_json() -> None:
    acme = organisation()
    for facts in ({"value": float("nan")}, {"value": object()}):
        with pytest.raises((ValueError, TypeError)), transaction.atomic():
            record(acme, None, "did", acme, facts)


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused() -> None:
    acme = organisation()
    with pytest.raises(NotInTransaction):
        record(acme, None, "did", acme)


def test_the_command_names_the_first_bad_entry(capsys: pytest.CaptureFixture[str]) -> None:
    written()
    call_command("verify_trail")
    assert "Acme Bank: 4 entries, head" in capsys.readouterr().out
    tamper("UPDATE trail_entry SET verb = 'x' WHERE sequence = 2")
    with pytest.raises(CommandError):
        call_command("verify_trail")
    assert "Acme Bank: entry 2" in capsys.readouterr().err


def test_sign_in_sign_out_and_refusals_are_recorded(client: Any) -> None:
    user = person()
    assert not client.login(username=user.email, password="wrong")
    assert not client.login(username="stranger@example.org", password="wrong")
    assert client.login(username=user.email.upper(), password=PASSWORD)
    client.logout()
    verbs = list(Entry.objects.of(organisation()).values_list("verb", flat=True))
    assert verbs == ["was refused at sign-in", "signed in", "signed out"]
    assert verify_chain(organisation()).whole
