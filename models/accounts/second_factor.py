"""The second factor: a code from an authenticator app (TOTP, RFC 6238), or one of ten recovery codes.

No code is taken twice. The database decides that, in one conditional update each, so that of two requests with the
same code at the same moment one is refused.
"""

from __future__ import annotations

import hashlib
import secrets

import pyotp
import segno
from django.db import IntegrityError, transaction
from django.utils import timezone
from pyotp.exceptions import OTPVerificationError

from models.accounts.models import RecoveryCode, SecondFactor, User
from models.accounts.secrets import seal, unseal
from models.accounts.sessions import end_sessions
from models.accounts.signals import tell_everywhere
from models.errors import InputError

PURPOSE = "second factor"
ISSUER = "Plumbline"
DRIFT = 1  # time steps of 30 seconds that a clock may be off
CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another
GROUPS, GROUP = 4, 4


class WrongCode(InputError):
    """The code is not the one of this moment, or was used before."""

    def __init__(self) -> None:
        super().__init__("The code is not right, or was used already. Enter the one that the app shows now.")


def has_second_factor(user: User) -> bool:
    return SecondFactor.objects.filter(user=user).exists()


def fresh_secret() -> str:
    """160 bits, in the letters that authenticator apps take."""
    return pyotp.random_base32()


def drawing(user: User, secret: str) -> str:
    """The QR code that an app scans, as SVG to stand in a page."""
    address = pyotp.TOTP(secret, name=user.email, issuer=ISSUER).provisioning_uri()
    return segno.make(address, error="m").svg_inline(
        scale=5, dark="#1b1f24", light="#ffffff", title="QR code for the authenticator app"
    )


def turn_on(user: User, secret: str, code: str, now: float | None = None) -> list[str]:
    """Ask for codes of this secret from now on, and return the recovery codes. Every session of the person ends.

    Raises WrongCode, and InputError where it is on already.
    """
    step = step_of(secret, code, now)
    if step is None:
        raise WrongCode
    try:
        with transaction.atomic():
            SecondFactor.objects.create(user=user, secret=seal(secret, PURPOSE), last_step=step)
            codes = replace_recovery_codes(user)
            end_sessions(user)
            tell_everywhere(user, user, "turned on the second factor")
    except IntegrityError:
        raise InputError("The second factor is on already.") from None
    return codes


def turn_off(user: User, actor: User | None, verb: str = "turned off the second factor") -> bool:
    """Forget the app and the recovery codes; False if there was none. Every session of the person ends.

    Whether this may be is for the caller to ask: the person gives the password and a code, an administrator resets.
    """
    with transaction.atomic():
        there, _ = SecondFactor.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        if there:
            end_sessions(user)
            tell_everywhere(user, actor, verb)
    return bool(there)


def accepts(user: User, code: str, now: float | None = None) -> bool:
    """True once for each code of the app and each recovery code; what is accepted is used up by that."""
    bare = "".join(code.split()).replace("-", "").lower()
    if not bare.isascii() or len(bare) > 100:
        return False
    return accepts_step(user, bare, now) if bare.isdigit() and len(bare) == 6 else accepts_recovery(user, bare)


def accepts_step(user: User, code: str, now: float | None) -> bool:
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return False
    secret = unseal(factor.secret, PURPOSE)
    step = step_of(secret, code, now)
    if step is None:
        return False
    # sealed anew each time, so that it moves to the present key by itself after a change of keys
    fresh = SecondFactor.objects.filter(user=user, last_step__lt=step)
    return fresh.update(last_step=step, secret=seal(secret, PURPOSE)) == 1


def accepts_recovery(user: User, code: str) -> bool:
    with transaction.atomic():
        unused = RecoveryCode.objects.filter(user=user, hash=hash_of(user, code), used_at=None)
        if not unused.update(used_at=timezone.now()):
            return False
        tell_everywhere(user, user, "used a recovery code", {"left": recovery_codes_left(user)})
    return True


def step_of(secret: str, code: str, now: float | None) -> int | None:
    """The time step that the code belongs to, if that is about now."""
    code = "".join(code.split())
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=DRIFT)
    except OTPVerificationError:
        return None


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def new_recovery_codes(user: User) -> list[str]:
    """Ten new ones; those from before are worth nothing then."""
    with transaction.atomic():
        codes = replace_recovery_codes(user)
        tell_everywhere(user, user, "made new recovery codes")
    return codes


def replace_recovery_codes(user: User) -> list[str]:
    codes = [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS)) for _ in range(CODES)
    ]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, hash=hash_of(user, code.replace("-", ""))) for code in codes
    )
    return codes


def hash_of(user: User, code: str) -> str:
    """A plain hash will do: a code has 79 bits of chance. Whose it is goes in, so that no two rows compare."""
    return hashlib.sha256(f"{user.pk}\n{code}".encode()).hexdigest()
