"""Sealing: what opens, what does not, and changing the key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.accounts.secrets import Unsealable, resealed, seal, unseal


@given(st.text())
def test_what_was_sealed_is_read_again_and_cannot_be_seen(text: str) -> None:
    sealed = seal(text, "a test")
    assert unseal(sealed, "a test") == text
    assert len(text) < 8 or text not in sealed


def test_the_same_is_sealed_differently_each_time() -> None:
    assert seal("same", "a test") != seal("same", "a test")


def test_what_was_sealed_for_one_purpose_does_not_open_for_another() -> None:
    with pytest.raises(Unsealable, match="for the other"):
        unseal(seal("a secret", "one"), "the other")


@pytest.mark.parametrize("change", [lambda s: s[:-3] + "AA=", lambda s: "", lambda s: "plain", lambda s: s[1:]])
def test_what_was_changed_does_not_open(change) -> None:
    with pytest.raises(Unsealable):
        unseal(change(seal("a secret", "a test")), "a test")


def test_an_earlier_key_still_opens_and_the_present_one_seals(settings) -> None:
    settings.SECRET_KEY = "the first key"
    old = seal("a secret", "a test")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the second key", ["the first key"]
    assert unseal(old, "a test") == "a secret"
    new = resealed(old, "a test")
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(new, "a test") == "a secret"
    with pytest.raises(Unsealable, match="Was SECRET_KEY changed"):
        unseal(old, "a test")
