"""Signed heads: what they betray that the chain alone does not, and an export that is checked with nothing of ours."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audits.command.verify import verify
from audits.report.verification.trail import check_trail
from governance import health
from models.accounts.models import Organisation
from models.trail import checkpoints, keys, triggers
from models.trail.chain import GENESIS, canonical, entry_hash
from models.trail.export import exported
from models.trail.models import Checkpoint, Entry, Head
from models.trail.record import record
from models.trail.verify import verify_chain, verify_signed
from tests.models.people import organisation

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "security.md"


@pytest.fixture(autouse=True)
def outside(settings: Any, tmp_path: Path) -> Path:
    settings.TRAIL_KEY_FILE = str(tmp_path / "trail_key")
    settings.TRAIL_CHECKPOINTS_FILE = str(tmp_path / "checkpoints.jsonl")
    return tmp_path


def written(count: int = 3, at: Organisation | None = None) -> Organisation:
    at = at or organisation()
    with transaction.atomic():
        for number in range(count):
            record(at, None, "did", at, {"number": number})
    return at


def signed(count: int = 3) -> Organisation:
    keys.make()
    acme = written(count)
    assert checkpoints.sign_heads() == 1
    return acme


def sql(statement: str, *values: Any, table: str = triggers.TABLE) -> None:
    """What the owner of the database can do: lift the guard, change, put the guard back."""
    triggers.remove(connection, table)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    triggers.install(connection, table)


def rewrite_from(first: int) -> None:
    """Every entry from there on says something else, with fresh hashes; alone, the chain is whole again."""
    previous = Entry.unscoped.get(sequence=first - 1).hash if first > 1 else GENESIS
    for entry in Entry.unscoped.filter(sequence__gte=first).order_by("sequence"):
        body = canonical({**json.loads(entry.body), "previous": previous, "facts": {"number": "innocent"}})
        change = "UPDATE trail_entry SET body = %s, previous = %s, hash = %s WHERE id = %s"
        sql(change, body, previous, entry_hash(body), entry.pk)
        previous = entry_hash(body)
    Head.objects.update(hash=previous)


def test_heads_are_signed_once_for_what_they_are_and_hold() -> None:
    acme = signed()
    assert checkpoints.sign_heads() == 0
    written(2)
    assert checkpoints.sign_heads() == 1
    found = verify_signed(acme)
    assert (found.whole, found.entries, found.signed) == (True, 5, 2)
    assert [row.sequence for row in Checkpoint.objects.of(acme).order_by("sequence")] == [3, 5]


@pytest.mark.parametrize("forgotten", [False, True], ids=["its row stays", "its row is deleted too"])
def test_a_history_that_was_rewritten_whole_is_betrayed_at_the_entry_that_was_signed(forgotten: bool) -> None:
    acme = signed()
    written(2)
    rewrite_from(2)
    if forgotten:
        sql("DELETE FROM trail_checkpoint", table=triggers.CHECKPOINTS)
    assert verify_chain(acme).whole
    found = verify_signed(acme)
    assert found.bad == 3
    assert "not the entry that was signed on" in found.reason


def test_a_chain_that_was_rolled_back_or_taken_away_is_missed() -> None:
    acme = signed(4)
    for statement in ("DELETE FROM trail_entry WHERE sequence > 2", "DELETE FROM trail_checkpoint"):
        sql(statement, table=triggers.CHECKPOINTS if "checkpoint" in statement else triggers.TABLE)
    Head.objects.update(sequence=2, hash=Entry.unscoped.get(sequence=2).hash)
    assert verify_chain(acme).whole
    assert verify_signed(acme).bad == 3
    assert "4 entries when they were signed" in verify_signed(acme).reason
    sql("DELETE FROM trail_entry")
    Head.objects.all().delete()
    assert verify_chain(acme).whole
    assert verify_signed(acme).bad == 1


def test_an_organisation_that_is_gone_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    acme = signed()
    sql("DELETE FROM trail_entry")
    sql("DELETE FROM trail_checkpoint", table=triggers.CHECKPOINTS)
    Head.objects.all().delete()
    number = acme.pk
    acme.delete()
    with pytest.raises(CommandError, match="1 of the trails"):
        call_command("verify_trail")
    assert f"Acme Bank: entry 1: heads of this chain were signed, and organisation {number} is missing" in (
        capsys.readouterr().err
    )


def test_a_rewritten_history_that_is_signed_anew_has_the_wrong_key(outside: Path) -> None:
    """The attacker has the database and a key of their own; the file with the public keys is not theirs."""
    acme = signed()
    kept, lines = keys.public_file().read_text(), checkpoints.file().read_text()
    rewrite_from(1)
    sql("DELETE FROM trail_checkpoint", table=triggers.CHECKPOINTS)
    keys.make(replace=True)
    checkpoints.sign_heads()
    keys.public_file().write_text(kept)
    checkpoints.file().unlink()
    found = verify_signed(acme)
    assert found.bad == 3
    assert "key that is not ours" in found.reason
    checkpoints.file().write_text(lines)
    assert verify_signed(acme).bad == 3


@pytest.mark.parametrize("column", ["statement", "signature", "public_key"])
def test_a_checkpoint_that_was_touched_is_not_good(column: str) -> None:
    acme = signed()
    row = Checkpoint.unscoped.get()
    changed = {
        "statement": row.statement.replace('"sequence":3', '"sequence":2'),
        "signature": row.signature[::-1].replace("=", "") + "==",
        "public_key": "A" * 43 + "=",
    }[column]
    sql(f"UPDATE trail_checkpoint SET {column} = %s", changed, table=triggers.CHECKPOINTS)
    found = verify_signed(acme)
    if column == "public_key":  # ours is outside; the one in the row is for exports
        assert found.whole
        keys.public_file().unlink()
    assert "signature of its checkpoint is not good" in verify_signed(acme).reason


@pytest.mark.parametrize("line", ["no JSON", "{}", '{"statement": "[]", "public_key": "", "signature": ""}'])
def test_a_file_that_cannot_be_read_is_a_fault_and_not_passed_over(line: str) -> None:
    acme = signed()
    keys.append(checkpoints.file(), line)
    found = verify_signed(acme)
    assert "line 2 of" in found.reason
    with pytest.raises(CommandError):
        call_command("verify_trail")


def test_after_a_line_that_was_cut_off_the_next_stands_by_itself() -> None:
    signed()
    whole = checkpoints.file().read_text()
    checkpoints.file().write_text(whole[:-20])
    written()
    checkpoints.sign_heads()
    lines = checkpoints.file().read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[1])["statement"]


@pytest.mark.parametrize("act", ["UPDATE trail_checkpoint SET hash = 'x'", "DELETE FROM trail_checkpoint"])
def test_the_database_refuses_to_change_a_checkpoint(act: str) -> None:
    signed()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act)


def test_a_key_is_made_once_for_its_owner_alone_and_what_earlier_ones_signed_stays_good(
    capsys: pytest.CaptureFixture[str],
) -> None:
    acme = written()
    assert health.trail_key().level == "weak"
    call_command("trail_key")
    assert stat.S_IMODE(keys.file().stat().st_mode) == stat.S_IMODE(checkpoints.file().stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="--rotate"):
        call_command("trail_key")
    written()
    call_command("trail_key", "--rotate")
    assert len(keys.known()) == 2
    assert len(set(Checkpoint.objects.of(acme).values_list("key", flat=True))) == 2
    call_command("verify_trail")
    out = capsys.readouterr().out
    assert "Acme Bank: 6 entries, head" in out
    assert "3 signed" in out
    assert health.trail_key().level == "ok"
    keys.file().chmod(0o644)
    assert "chmod 600" in health.trail_key().message
    keys.public_file().unlink()
    keys.file().chmod(0o600)
    assert health.trail_key().level == "missing"


def test_nothing_is_signed_without_a_key_or_with_what_is_none(outside: Path) -> None:
    from governance.periodic import sign_the_heads_of_the_trails

    written()
    sign_the_heads_of_the_trails()
    assert not checkpoints.file().exists()
    with pytest.raises(keys.NoKey, match="trail_key makes it"):
        checkpoints.sign_heads()
    keys.file().write_text("no key")
    with pytest.raises(keys.NoKey, match="cannot be read"):
        sign_the_heads_of_the_trails()
    keys.file().unlink()
    keys.make()
    sign_the_heads_of_the_trails()
    assert Checkpoint.unscoped.count() == 1


def script() -> str:
    """The one in docs/security.md, by which anybody checks an export."""
    return re.search(r"```python\n(.*?)```", SCRIPT.read_text(), re.DOTALL)[1]  # type: ignore[index]


def test_an_export_is_checked_without_the_service(outside: Path) -> None:
    acme = signed()
    written(2)
    document = "".join(exported(acme, Entry.objects.of(acme), filtered=False))

    def check(text: str) -> subprocess.CompletedProcess[str]:
        (outside / "trail.json").write_text(text)
        return subprocess.run([sys.executable, "-I", "-c", script()], cwd=outside, capture_output=True, text=True)

    done = check(document)
    assert done.returncode == 0, done.stderr
    assert f"5 entries, signed up to 3 with {next(iter(keys.known()))}" in done.stdout
    for change in (
        ('"number":1', '"number":7'),
        ('"sequence\\":3', '"sequence\\":4'),
        ('"signature": "', '"signature": "AA'),
    ):
        assert change[0] in document
        assert check(document.replace(*change)).returncode != 0, change


def test_an_export_is_held_to_the_keys_that_are_given(outside: Path) -> None:
    acme = signed()
    ours = keys.newest()
    assert ours is not None
    file = outside / "trail.json"

    def differing(*trusted: str) -> list[str]:
        file.write_text("".join(exported(acme, Entry.objects.of(acme), filtered=False)))
        return [each.what for each in check_trail(file, trusted).differs]

    assert differing(ours) == differing() == []
    assert differing("0" * 64) == [f"the key {ours[:16]}"]
    assert differing(ours[:16] + "0" * 48) == [f"the key {ours[:16]}"], "the whole key counts, not its short name"
    with transaction.atomic():
        acme = written(2, organisation("Other"))
    assert differing(ours) == ["the key that signed its heads"], "none is signed"


def turned(text: str) -> str:
    """The second and the third entry in each other's place."""
    trail = json.loads(text)
    trail["entries"][1:3] = reversed(trail["entries"][1:3])
    return json.dumps(trail)


def inserted(text: str) -> str:
    trail = json.loads(text)
    trail["entries"].insert(1, trail["entries"][0])
    return json.dumps(trail)


def without(place: int) -> Callable[[str], str]:
    def taken(text: str) -> str:
        trail = json.loads(text)
        del trail["entries"][place - 1]
        return json.dumps(trail)

    return taken


def cut(text: str) -> str:
    """The chain cut back behind its signed head, its own head put right."""
    trail = json.loads(text)
    trail["entries"] = trail["entries"][:2]
    trail["head"] = {"sequence": 2, "hash": trail["entries"][-1]["hash"]}
    return json.dumps(trail)


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (lambda text: text, 0, "agrees"),
        (lambda text: text.replace('"number":1', '"number":7'), 1, "entry 2:"),
        (without(2), 1, "entry 2:"),
        (without(5), 1, "the head of the chain"),
        (inserted, 1, "entry 2:"),
        (turned, 1, "entry 2:"),
        (cut, 1, "signed at entry 3"),
        (lambda text: text.replace('"signature": "', '"signature": "AA'), 1, "the signature of the head"),
        (lambda text: text.replace('"complete": true', '"complete": false'), 2, "some of the entries only"),
        (lambda text: '{"entries": []}', 2, "no exported trail"),
        (lambda text: text[:-40], 2, "no trail that Plumbline writes"),
    ],
)
def test_the_command_checks_an_export_and_names_what_is_wrong(outside: Path, change, code: int, told: str) -> None:
    acme = signed()
    written(2)
    file = outside / "trail.json"
    file.write_text(change("".join(exported(acme, Entry.objects.of(acme), filtered=False))))
    done = CliRunner().invoke(verify, [str(file)])
    assert (done.exit_code, told in done.output) == (code, True), done.output
    if code == 0:
        assert f"whose key {next(iter(keys.known()))} is" in done.output
        assert "entries 4 to 5 as they were written" in done.output
