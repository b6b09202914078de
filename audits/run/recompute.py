"""An audit recomputed from its own evidence: cube, parameters and policy, no data."""

from __future__ import annotations

import datetime
from typing import Any

from audits.measure import cells
from audits.measure.policy import parse_policy
from audits.run.audit import evaluate
from audits.run.parameters import Parameters
from audits.run.warnings import derived_warnings, dropped_rows
from models.errors import InputError


def recompute(audit: dict[str, Any]) -> dict[str, Any]:
    """The measurements and verdicts that are functions of the cube, as JSON rows like the audit's own, and the
    warnings that follow from it and from the rows dropped.

    InputError where the evidence is damaged.
    """
    try:
        provenance = audit["provenance"]
        parameters = Parameters.from_json(provenance["parameters"])
        day = datetime.datetime.fromisoformat(provenance["started"]).astimezone(datetime.UTC).date()
        policy = parse_policy(audit["policy"], audit["policy"].get("name", ""))
        cube = cells.from_json(audit["cube"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"The evidence is damaged: {type(error).__name__}: {error}.") from error
    found, judgement = evaluate(cube, parameters, policy, day)
    measurements = [m.measurement.to_json() for m in (*found, *judgement.added)]
    return {
        "measurements": measurements,
        "verdicts": [v.to_json() for v in judgement.verdicts],
        "warnings": derived_warnings(cube, parameters, parameters.threshold, dropped_rows(audit)),
    }
