"""Real audits of small tables, made by `plumbline audit` on files, for what is decided and written of them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from plumbline_client import main
from tests.client.tables import loans, write_csv

USUAL = ("--label", "paid", "--prediction", "granted", "--sensitive", "sex")
POLICY = """\
schema = "plumbline.policy/1"
name = "Loans <2026> | strict"

[[rule]]
id = "four-fifths"
title = "Women get at least four fifths of men's rate"
metric = "disparate_impact"
at_least = 0.8
source = "29 CFR 1607.4(D)"

[[rule]]
id = "accurate"
metric = "accuracy"
at_least = 0.86
{accurate}

[[rule]]
id = "enough-data"
metric = "group_size"
at_least = 100

[[rule]]
id = "no-scores"
metric = "roc_auc"
at_least = 0.5
"""


def policy(accurate: str = "") -> str:
    return POLICY.format(accurate=accurate)


@cache
def stored(fair: bool, policy_text: str) -> str:
    with TemporaryDirectory() as name:
        folder = Path(name)
        data = write_csv(folder / "loans.csv", loans(fair=fair))
        (folder / "policy.toml").write_text(policy_text)
        main.run(["audit", str(data), *USUAL, "--policy", str(folder / "policy.toml"), "--json", f"{folder}/a.json"])
        return (folder / "a.json").read_text()


def audit(*, fair: bool, accurate: str = "") -> dict[str, Any]:
    """Of decisions that are fair or not. With the policy above four-fifths passes or fails with them, accurate is
    inconclusive or fails, enough-data passes, and no-scores does not apply."""
    return json.loads(stored(fair, policy(accurate)))
