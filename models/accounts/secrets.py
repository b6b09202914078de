"""Secrets that must be read again are sealed before they are stored, with a key that is not in the database.

Each purpose has a key of its own, derived from SECRET_KEY, so that what was sealed for one cannot be passed off as
another's. SECRET_KEY_FALLBACKS still open what they sealed; resealed() moves it to the present key.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unsealable(ValueError):
    """It was sealed with a key that is not here any more, for another purpose, or not by us."""


def seal(text: str, purpose: str) -> str:
    """Encrypted and authenticated text, different each time."""
    return ring(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """What was sealed for this purpose; raises Unsealable."""
    try:
        return ring(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unsealable(f"A secret for {purpose} cannot be opened. Was SECRET_KEY changed?") from None


def resealed(sealed: str, purpose: str) -> str:
    """The same secret under the present key; raises Unsealable."""
    return seal(unseal(sealed, purpose), purpose)


def ring(purpose: str) -> MultiFernet:
    """The present key first: it seals, the others only open."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(derived(key, purpose)) for key in keys])


def derived(key: str, purpose: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=b"plumbline", info=purpose.encode())
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
