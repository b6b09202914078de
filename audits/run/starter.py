"""A commented `plumbline.toml` for a table: what can be guessed from names and values is filled in, to be checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.registry.intake.read import TableFile, open_table
from models.registry.intake.sql import identifier

SENSITIVE = (
    "sex", "gender", "race", "ethnic", "age", "religion", "nationality", "citizen", "disab", "marital", "marriage",
    "education", "pregnan", "orientation", "birth", "language", "foreign",
)  # fmt: skip
LABEL = ("label", "target", "outcome", "y_true", "actual", "truth", "default", "y", "class", "recid")
PREDICTION = ("prediction", "predicted", "y_pred", "pred", "decision", "yhat")
SCORE = ("score", "probability", "proba", "prob", "risk")
WEIGHT = ("weight", "sampling_weight", "instance_weight")
LOOK = 100_000


@dataclass(frozen=True)
class Seen:
    """A column as the guesses see it: its distinct values (at most 101 of them) among the first rows."""

    name: str
    type: str
    values: tuple[str, ...]

    @property
    def few(self) -> bool:
        return 2 <= len(self.values) <= 100

    @property
    def two(self) -> bool:
        return len(self.values) == 2


def starter_task(
    payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """The sandbox's side of `starter`."""
    return {"text": starter(inputs["data"], payload["name"])}


def starter(data: Path, name: str) -> str:
    """The text of the configuration for a table that is called `name`. InputError where it cannot be read."""
    table = open_table(data)
    columns = [_see(table, c.name, c.type) for c in table.columns]
    label = _pick(columns, LABEL, lambda c: c.two)
    prediction = _pick(columns, PREDICTION, lambda c: c.two and c is not label)
    score = _pick(columns, SCORE, lambda c: c.type in ("DOUBLE", "FLOAT") or c.type.startswith("DECIMAL"))
    sensitive = [c for c in columns if c.few and _named(c.name, SENSITIVE) and c not in (label, prediction, score)]
    weight = _pick(columns, WEIGHT, lambda c: c.type in ("DOUBLE", "FLOAT"))
    return _text(name, label, prediction, score, sensitive, weight)


def _see(table: TableFile, name: str, kind: str) -> Seen:
    import duckdb

    with duckdb.connect() as connection:
        relation = table.relation(connection, text_columns=[name])
        first = f"SELECT {identifier(name)} AS v FROM {relation} LIMIT {LOOK}"
        query = f"SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT v FROM ({first}) WHERE v IS NOT NULL) LIMIT 101"
        rows: list[Any] = connection.execute(query).fetchall()
    return Seen(name, kind, tuple(sorted(row[0] for row in rows)))


def _named(name: str, words: tuple[str, ...]) -> bool:
    """Whether the name has one of the words: a short one as a whole part, a longer one anywhere."""
    lower = name.lower()
    parts = lower.replace("-", "_").replace(" ", "_").replace(".", "_").split("_")
    return any(word in parts or (len(word) > 4 and word in lower) for word in words)


def _pick(columns: list[Seen], words: tuple[str, ...], fits: Any) -> Seen | None:
    """The first fitting column named by the earliest word; None where none is."""
    for word in words:
        for column in columns:
            if _named(column.name, (word,)) and fits(column):
                return column
    return None


def _text(
    name: str,
    label: Seen | None,
    prediction: Seen | None,
    score: Seen | None,
    sensitive: list[Seen],
    weight: Seen | None,
) -> str:
    positive = _positive(label or prediction)
    lines = [
        f"# How to audit {_plain(name)}: plumbline audit {_plain(name)} --config plumbline.toml",
        "# What stands here was guessed from names and values. Check every line; a line with # in front is not used.",
        "",
        'schema = "plumbline.config/1"',
        "",
        "# The column with what really happened (two values). Without it only selection is audited.",
        _line("label", label, "outcome"),
        "",
        "# Where the predictions are, in ONE of three ways: a column of predicted values, a column of scores (positive",
        "# from the threshold on), or a model file that is run on the data (ONNX, skops, LightGBM, XGBoost).",
        _line("prediction", prediction, "predicted"),
        ("# " if prediction else "") + _line("score", score, "score"),
        "# threshold = 0.5",
        '# model = "model.onnx"',
        "",
        "# The columns that say to which group of people a row belongs. Bands, not numbers: age_band rather than age.",
        f"sensitive = [{', '.join(_quoted(c.name) for c in sensitive)}]",
        "# intersections = true",
        "",
        "# The value that rates speak of, and the outcome that benefits the person. For a credit default model the",
        "# positive value is default (1) and the favourable outcome is no default (0).",
        f"positive = {_quoted(positive)}",
        f"# favourable = {_quoted(_other(label or prediction, positive))}",
        "",
        "# A sampling weight, or how many rows a row stands for; one of the two or neither.",
        _line("weight", weight, "weight"),
        '# frequency = "count"',
        "",
        "# drop_missing = true     # leave out rows without label, prediction or score",
        "# suppress = 10           # merge groups with cells under so many rows",
        "# cross_check = true      # a second opinion by fairlearn and AIF360",
        '# policy = "policy.toml"  # your own rules',
        "# seed = 0",
        "",
        "# The group that disparate impact compares with; without it, the one with the highest favourable rate.",
        "# [reference]",
        *[f"# {_quoted(c.name)} = {_quoted(c.values[0])}" for c in sensitive],
        "",
        "# What the report says of the system.",
        "[subject]",
        '# name = "Credit default model"',
        '# version = "1"',
        '# purpose = "Which applications a clerk looks at first"',
        '# role = "provider"',
        '# owner = "Credit risk"',
        "",
    ]
    return "\n".join(lines)


def _line(key: str, column: Seen | None, example: str) -> str:
    return f"{key} = {_quoted(column.name)}" if column else f'# {key} = "{example}"'


def _quoted(text: str) -> str:
    """A TOML string: JSON's, whose escapes TOML shares."""
    return json.dumps(text)


def _plain(name: str) -> str:
    """A file name inside a comment: one line, whatever it holds."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)


def _positive(column: Seen | None) -> str:
    good = ("1", "true", "yes", "y", "positive", "1.0")
    values = column.values if column and column.two else ()
    return next((v for word in good for v in values if v.lower() == word), values[-1] if values else "1")


def _other(column: Seen | None, positive: str) -> str:
    return next((v for v in (column.values if column else ()) if v != positive), "0")
