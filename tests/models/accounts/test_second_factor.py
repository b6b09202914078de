"""Codes: which are taken, how often, and what is kept of them."""

from __future__ import annotations

import time

import pyotp
import pytest

from models.accounts.models import Membership, RecoveryCode, SecondFactor, User
from models.accounts.second_factor import (
    CODES,
    WrongCode,
    accepts,
    drawing,
    fresh_secret,
    has_second_factor,
    new_recovery_codes,
    turn_off,
    turn_on,
)
from models.errors import InputError
from models.trail.models import Entry
from models.trail.verify import verify_chain
from tests.models.people import organisation, person
from tests.models.together import together

pytestmark = pytest.mark.django_db
STEP = 30


def with_app(user: User) -> tuple[pyotp.TOTP, list[str], float]:
    """A person who has set it up: what the app computes, the recovery codes, and a moment after that."""
    app, now = pyotp.TOTP(fresh_secret()), time.time()
    return app, turn_on(user, app.secret, app.at(now), now), now + 2 * STEP


# RFC 6238, Appendix B: the SHA-1 rows, last six digits
@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_are_those_of_the_standard(at: int, code: str) -> None:
    user, secret = person(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert turn_on(user, secret, code, at)


def test_the_secret_and_the_recovery_codes_are_not_in_the_database() -> None:
    user = person()
    app, codes, _ = with_app(user)
    stored = f"{SecondFactor.objects.values().get()} {list(RecoveryCode.objects.values())} {bodies()}"
    assert app.secret not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    assert len(set(codes)) == CODES


def bodies() -> str:
    return "".join(Entry.unscoped.values_list("body", flat=True))


def test_a_clock_may_be_one_step_off_and_no_more() -> None:
    for drift, right in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        user = person(email=f"drift{drift}@example.org")
        app, _, now = with_app(user)
        later = now + 10 * STEP
        assert accepts(user, app.at(later + drift * STEP), later) is right, drift


def test_no_code_is_taken_twice_nor_one_from_before_it() -> None:
    user = person()
    app, _, now = with_app(user)
    code, earlier = app.at(now), app.at(now - STEP)
    assert accepts(user, f" {code[:3]} {code[3:]} ", now)
    assert not accepts(user, code, now)
    assert not accepts(user, earlier, now)
    assert accepts(user, app.at(now + STEP), now + STEP)


def test_the_code_that_turned_it_on_does_not_sign_in() -> None:
    user, now = person(), time.time()
    app = pyotp.TOTP(fresh_secret())
    turn_on(user, app.secret, app.at(now), now)
    assert not accepts(user, app.at(now), now)


@pytest.mark.parametrize(
    "code", ["", "000000", "12345", "1234567", "١٢٣٤٥٦", "abcd-efgh-jkmn-pqrs", "x" * 10_000, "-", "\x00"]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    user = person()
    app, _, now = with_app(user)
    assert code == app.at(now) or not accepts(user, code, now)
    with pytest.raises(WrongCode):
        turn_on(person(email="other@example.org"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", code, 59)


def test_each_recovery_code_opens_once_however_it_is_typed() -> None:
    user = person()
    _, codes, now = with_app(user)
    assert accepts(user, f" {codes[0].upper().replace('-', ' ')} ", now)
    assert not accepts(user, codes[0], now)
    assert accepts(user, codes[1], now)
    assert not accepts(person(email="other@example.org"), codes[2], now)
    assert [entry.facts for entry in Entry.unscoped.filter(verb="used a recovery code")] == [{"left": 9}, {"left": 8}]


def test_new_recovery_codes_end_the_old_ones() -> None:
    user = person()
    _, old, now = with_app(user)
    new = new_recovery_codes(user)
    assert not accepts(user, old[0], now)
    assert accepts(user, new[0], now)


def test_a_wrong_code_turns_nothing_on_and_a_second_app_is_refused() -> None:
    user = person()
    with pytest.raises(WrongCode):
        turn_on(user, fresh_secret(), "000000", 59)
    assert not has_second_factor(user)
    app, codes, now = with_app(user)
    other = pyotp.TOTP(fresh_secret())
    with pytest.raises(InputError, match="already"):
        turn_on(user, other.secret, other.at(now), now)
    assert accepts(user, app.at(now), now)
    assert accepts(user, codes[0], now)


def test_turning_it_off_leaves_nothing_and_is_told_in_every_organisation() -> None:
    user, other = person(), organisation("Other Bank")
    Membership.unscoped.create(organisation=other, user=user, role="auditor")
    _, codes, now = with_app(user)
    assert turn_off(user, user)
    assert not turn_off(user, user)
    assert not accepts(user, codes[0], now)
    assert not RecoveryCode.objects.exists()
    for at in (organisation(), other):
        verbs = list(Entry.objects.of(at).values_list("verb", flat=True))
        assert verbs == ["turned on the second factor", "turned off the second factor"]
        assert verify_chain(at).whole


def test_each_change_ends_the_sessions() -> None:
    user = person()
    before = user.get_session_auth_hash()
    with_app(user)
    on = user.get_session_auth_hash()
    turn_off(user, user)
    assert len({before, on, user.get_session_auth_hash()}) == 3


def test_a_change_of_keys_does_not_lock_anybody_out(settings) -> None:
    settings.SECRET_KEY = "the first key"
    user = person()
    app, _, now = with_app(user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the second key", ["the first key"]
    assert accepts(user, app.at(now), now)
    settings.SECRET_KEY_FALLBACKS = []
    assert accepts(user, app.at(now + STEP), now + STEP)


def test_the_picture_holds_the_secret_and_needs_no_style() -> None:
    svg = drawing(person(), fresh_secret())
    assert svg.startswith("<svg")
    assert "style" not in svg
    assert "<title>" in svg


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["recovery code", "code of the app"])
def test_of_two_who_use_one_code_at_once_one_wins(kind: str) -> None:
    user = person()
    app, codes, now = with_app(user)
    code = codes[0] if kind == "recovery code" else app.at(now)
    ends = together(*(lambda: accepts(user, code, now) for _ in range(4)))
    assert sorted(ends, key=str) == [False, False, False, True]
