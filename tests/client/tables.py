"""Small tables of loans: who is of which group, who paid back, and what was decided."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

ROWS = 1600
Columns = Mapping[str, Sequence[object]]


def loans(*, fair: bool, seed: int = 7) -> dict[str, list[object]]:
    """`fair`: both groups get the same share of loans; otherwise women half of it. Decisions are mostly right."""
    chance = random.Random(seed)
    table: dict[str, list[object]] = {"sex": [], "income": [], "paid": [], "granted": [], "score": []}
    for row in range(ROWS):
        sex = ("female", "male")[row % 2]
        paid = int(chance.random() < 0.6)
        granted = paid if chance.random() < 0.85 else 1 - paid
        if not fair and sex == "female" and chance.random() < 0.5:
            granted = 0
        score = chance.betavariate(6, 2) if granted else chance.betavariate(2, 6)
        for name, value in zip(
            table, (sex, round(chance.gauss(30, 8), 2), paid, granted, round(score, 4)), strict=True
        ):
            table[name].append(value)
    return table


def write_csv(path: Path, table: Columns) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return path
