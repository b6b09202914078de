"""The demo's data: what is an input, what only the audit sees, and which rows the model never learns from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SOURCE = Path(__file__).parent / "data" / "credit_default.parquet"
FOLDER = Path("var/demo")

LABEL = "default_next_month"
SENSITIVE = ("sex", "age_band", "education", "marriage")
MONTHS = ("sep", "aug", "jul", "jun", "may", "apr")
# A credit model should not decide by sex, age, marriage or education, so none of them is an input; they stay in the
# audit's table, because what is not an input can still be at work through what is.
INPUTS = ("limit_bal", *(f"{what}_{month}" for what in ("pay_status", "bill_amt", "pay_amt") for month in MONTHS))

AGE_BANDS = {"under 30": 30, "30-39": 40, "40-49": 50, "50 and over": 200}
HELD_OUT = 0.3
SEED = 20050930


def clients() -> pd.DataFrame:
    """The 30,000 clients: 19 numeric inputs, four sensitive attributes, the label (1: defaulted in October 2005)."""
    table = pd.read_parquet(SOURCE)
    bands = [-np.inf, *AGE_BANDS.values()]
    table["age_band"] = pd.cut(table["age"], bands, right=False, labels=list(AGE_BANDS)).astype(str)
    return table[[*INPUTS, *SENSITIVE, LABEL]]


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to learn from (21,000) and rows held out for the audit (9,000), drawn with a fixed seed, in file order."""
    held_out = np.random.default_rng(SEED).permutation(len(table)) < round(HELD_OUT * len(table))
    return table[~held_out].reset_index(drop=True), table[held_out].reset_index(drop=True)
