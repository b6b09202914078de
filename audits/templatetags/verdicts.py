"""Verdicts on pages: a word, a shape and a colour together."""

from __future__ import annotations

from functools import cache

from django import template
from django.template.loader import render_to_string

from audits.report.blocks import Tone
from audits.report.words import OUTCOMES

register = template.Library()
WORST_FIRST: tuple[Tone, ...] = ("fail", "waived", "inconclusive", "pass", "not_applicable")


@register.simple_tag
@cache
def verdict(outcome: Tone) -> str:
    """There are five, and a list shows one in every row: each is drawn once."""
    return render_to_string("audits/verdict.html", {"outcome": outcome, "word": OUTCOMES[outcome]})


@register.filter
def worst(outcomes: dict[str, int]) -> Tone:
    """The outcome that a whole audit is known by."""
    return next((outcome for outcome in WORST_FIRST if outcomes.get(outcome)), "not_applicable")


@register.filter
def tally(outcomes: dict[str, int]) -> str:
    """`2 of 14 rules fail, 1 is open`; rules that do not apply are not counted."""
    judged = sum(n for outcome, n in outcomes.items() if outcome != "not_applicable")
    fails, open_ = outcomes.get("fail", 0), outcomes.get("inconclusive", 0)
    if not judged:
        return "no rule could be judged"
    if not fails and not open_:
        return f"all {judged} rules pass" if judged > 1 else "the one rule passes"
    said = [f"{fails} of {judged} {'fails' if fails == 1 else 'fail'}"] if fails else []
    said += [f"{open_} of {judged} {'is' if open_ == 1 else 'are'} too close to call"] if open_ else []
    return ", ".join(said)
