"""What Pydantic finds wrong, in plain words that say how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# by the finding's type; filled in from its context. What is not here is said in Pydantic's own words.
SENTENCES = {
    "missing": "This is missing.",
    "extra_forbidden": "There is no such field. The documentation at /api/v1/docs lists those that there are.",
    "string_type": "Give a text.",
    "string_too_short": "Give at least {min_length} character(s).",
    "string_too_long": "Give at most {max_length} characters.",
    "string_pattern_mismatch": "Give a text of the form {pattern}.",
    "int_type": "Give a whole number.",
    "int_parsing": "Give a whole number.",
    "int_from_float": "Give a whole number.",
    "int_parsing_size": "The number is too large.",
    "float_type": "Give a number.",
    "float_parsing": "Give a number.",
    "finite_number": "Give a number that is finite.",
    "bool_type": "Give true or false.",
    "bool_parsing": "Give true or false.",
    "greater_than": "Give a number above {gt}.",
    "greater_than_equal": "Give a number of at least {ge}.",
    "less_than": "Give a number below {lt}.",
    "less_than_equal": "Give a number of at most {le}.",
    "literal_error": "Give one of {expected}.",
    "enum": "Give one of {expected}.",
    "list_type": "Give a list.",
    "too_short": "Give at least {min_length}; there are {actual_length}.",
    "too_long": "Give at most {max_length}; there are {actual_length}.",
    "dict_type": "Give a JSON object.",
    "model_type": "Give a JSON object.",
    "model_attributes_type": "Give a JSON object.",
    "uuid_type": "Give an id, as the API tells it.",
    "uuid_parsing": "Give an id, as the API tells it.",
    "timezone_aware": "Give a time with its zone, like 2026-11-21T14:30:00Z.",
    "datetime_type": "Give a time like 2026-11-21T14:30:00Z.",
    "datetime_parsing": "Give a time like 2026-11-21T14:30:00Z.",
    "datetime_from_date_parsing": "Give a time like 2026-11-21T14:30:00Z.",
    "datetime_object_invalid": "Give a time like 2026-11-21T14:30:00Z.",
}


def sentence(found: Mapping[str, Any]) -> str:
    """One finding of Pydantic's for people."""
    plain = SENTENCES.get(found["type"])
    return plain.format_map(found.get("ctx", {})) if plain else str(found["msg"])
