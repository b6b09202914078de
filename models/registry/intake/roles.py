"""What a column is probably for, guessed from its name, type and values; a person has the last word."""

from __future__ import annotations

import re
from typing import Literal

Role = Literal["label", "sensitive", "feature", "identifier", "weight", "time"]

# Words as they stand in column names, whole, in the order in which they are asked.
SENSITIVE = frozenset(
    {
        "sex",
        "gender",
        "race",
        "ethnicity",
        "ethnic",
        "age",
        "religion",
        "belief",
        "disability",
        "disabled",
        "nationality",
    }
    | {
        "citizenship",
        "marriage",
        "marital",
        "married",
        "pregnancy",
        "pregnant",
        "orientation",
        "skin",
        "caste",
        "migrant",
    }
    | {"foreign", "veteran", "language", "birthplace", "geschlecht", "alter"}
)
LABEL = frozenset(
    {"label", "target", "outcome", "class", "y", "default", "defaulted", "recid", "approved", "hired", "churn"}
)
WEIGHT = frozenset({"weight", "weights", "fnlwgt", "pweight"})
IDENTIFIER = frozenset({"id", "uuid", "guid", "key", "identifier", "index", "number", "no"})
TIME = frozenset({"date", "datetime", "timestamp", "time"})


def suggested_role(name: str, kind: str, rows: int, distinct: int, missing: int) -> Role:
    """The most likely role of a column.

    Args:
        name: the column's name. kind: "number", "integer", "boolean", "text" or "time".
        rows, distinct, missing: how many rows the table has, and how many values the column has and lacks.
    """
    words = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()))
    if kind == "time" or (words & TIME and kind == "text"):
        return "time"
    if words & WEIGHT and kind in ("number", "integer"):
        return "weight"
    if words & SENSITIVE:
        return "sensitive"
    if words & LABEL and distinct == 2:
        return "label"
    unique = rows > 20 and distinct == rows - missing and missing < rows // 2
    if unique and kind in ("integer", "text") and (words & IDENTIFIER or kind == "text"):
        return "identifier"
    return "feature"
