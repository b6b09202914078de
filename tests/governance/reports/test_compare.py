"""Two assessments side by side: whatever was changed of a fact, a duty, a risk or an incident is named, and nothing
else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from governance.reports.compare import compare

Json = dict[str, Any]
Named = tuple[str, str, str, str]  # topic, what, before, after
MEASURE = {"text": "Reweigh", "owner": "Ines", "due_on": "2026-12-01", "done_on": None}


def told() -> Json:
    """What of an assessment is compared, with one of each."""
    model = {"id": "4", "name": "Scores version 1", "sha256": "c" * 64, "format": "onnx", "trained_on": None}
    rule = {"rule": "four-fifths[sex]", "title": "Four fifths", "attribute": "sex", "outcome": "pass"}
    return {
        "assessment": {"number": 1, "summary": "Well."},
        "system": {"name": "Scores", "purpose": "Scores.", "stage": "In service", "owner": "Ines", "roles": []},
        "law": {"version": "consolidated 2026-07-27"},
        "classification": {
            "title": "Minimal risk",
            "result": {"classification": "MINIMAL", "overlays": [], "legal_basis": ["Article 95"],
                       "annex_iii_points": []},
        },
        "answers": [{"id": "machine", "question": "Does a computer do it?", "answer": ["Yes"], "why": "Daily."}],
        "obligations": [{
            "ref": "Article 4(1)", "title": "Teach", "when": "now", "state": "in progress", "reason": "", "stale": [],
            "binds_from": None, "owner": "Ines", "due_on": "2026-12-24", "evidence": [],
        }],
        "audits": [
            {"model": {"name": f"{name} version 1"}, "dataset": {"name": "People version 1"}, "verdicts": [{**rule}]}
            for name in ("Scores", "Ranks")
        ],
        "risks": [{
            "number": 1, "state": "accepted", "hazard": "Refused", "cause": "Few rows", "affected": "People over 70",
            "rights": ["Non-discrimination (Article 21)"], "before": {"likelihood": 4, "severity": 4},
            "after": {"likelihood": 3, "severity": 2}, "owner": "Ines", "measures": [MEASURE], "acceptance": "Rare.",
            "closing": "",
        }],
        "statements": [],
        "incidents": [{
            "number": 1, "title": "It refused all", "kinds": [], "happened_at": None,
            "aware_at": "2026-11-20T10:00:00Z", "place": "",
            "link": "Suspected", "known": "Little", "corrective": "", "closed_at": None,
            "clocks": [{"ref": "Article 73(2)", "told": None}],
        }],
        "models": [model],
        "datasets": [],
        "not_assessed": {"own": "", "follows": []},
    }  # fmt: skip


def changed(change: Callable[[Json], object]) -> list[Named]:
    now = told()
    change(now)
    return [
        (topic.title, each.what, each.before, each.after) for topic in compare(told(), now) for each in topic.changes
    ]


CHANGES: list[tuple[Callable[[Json], object], Named]] = [
    (
        lambda now: now["answers"][0].update(answer=["No"]),
        ("The answers", "Does a computer do it?", "Yes (Daily.)", "No (Daily.)"),
    ),
    (
        lambda now: now["answers"][0].update(why=""),
        ("The answers", "Does a computer do it?", "Yes (Daily.)", "Yes"),
    ),
    (
        lambda now: now["obligations"][0].update(state="not applicable", reason="Nobody works with it"),
        ("Obligations", "Article 4(1): Teach", "In progress, owner: Ines, due 24 December 2026",
         "Not applicable, because: Nobody works with it, owner: Ines, due 24 December 2026"),
    ),
    (
        lambda now: now["obligations"][0].update(due_on="2026-12-31"),
        ("Obligations", "Article 4(1): Teach", "In progress, owner: Ines, due 24 December 2026",
         "In progress, owner: Ines, due 31 December 2026"),
    ),
    (
        lambda now: now["audits"][0]["verdicts"][0].update(outcome="fail"),
        ("Verdicts of audits", "Scores: Four fifths by sex", "pass", "fail"),
    ),
    (  # within its level
        lambda now: now["risks"][0]["before"].update(likelihood=3),
        ("Risks", "1. Refused",
         "High (16: 4 × 4) before and Medium (6: 3 × 2) after measures; residual risk accepted",
         "High (12: 3 × 4) before and Medium (6: 3 × 2) after measures; residual risk accepted"),
    ),
    (
        lambda now: now["risks"][0].update(cause=""),
        ("Risks", "1. Refused: cause", "Few rows", "nothing"),
    ),
    (
        lambda now: now["risks"][0].update(hazard="Refused for age"),
        ("Risks", "1. Refused for age: hazard", "Refused", "Refused for age"),
    ),
    (
        lambda now: now["risks"][0].update(measures=[MEASURE | {"done_on": "2026-11-30"}]),
        ("Risks", "1. Refused: measures", "Reweigh (Ines, 1 December 2026)", "Reweigh (Ines, done 30 November 2026)"),
    ),
    (
        lambda now: now["risks"].clear(),
        ("Risks", "1. Refused",
         "High (16: 4 × 4) before and Medium (6: 3 × 2) after measures; residual risk accepted", "not there"),
    ),
    (
        lambda now: now["incidents"][0].update(kinds=["A person died (Article 3(49)(a))"]),
        ("Incidents", "1. It refused all: sort", "not serious", "A person died (Article 3(49)(a))"),
    ),
    (
        lambda now: now["incidents"][0]["clocks"][0].update(told="2026-11-21T10:00:00+00:00"),
        ("Incidents", "1. It refused all: who was told", "Article 73(2) not told",
         "Article 73(2) told 21 November 2026, 10:00 UTC"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "named"), CHANGES, ids=[named[1] for _, named in CHANGES])
def test_one_change_is_named_and_nothing_else(change: Callable[[Json], object], named: Named) -> None:
    assert changed(change) == [named]


def test_nothing_changed_is_nothing_named() -> None:
    assert compare(told(), copy.deepcopy(told())) == ()
