"""What an assessment did not assess, as it follows from what it tells: nobody has to think of writing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from governance.reports.counting import asked, standing, unproven

Json = Mapping[str, Any]


def what_follows(told: Json) -> list[str]:
    """Each in a sentence, in the order of the report."""
    parts = (of_the_law, of_obligations, of_models, of_audits, of_risks, of_statements)
    return [said for part in parts for said in part(told)]


def of_the_law(told: Json) -> Iterator[str]:
    found = told["classification"]
    if found is None:
        yield "The system is not classified."
        return
    if found["law_version"] != told["law"]["version"]:
        yield f"The class was recorded by {found['law_version']}; the text held now is {told['law']['version']}."
    if since := found.get("answered_since"):
        questions = ", ".join(f"“{each}”" for each in since[:4])
        yield f"Answered otherwise since the class was recorded, and so not in it: {questions}{more(since, 4)}."
    if found["result"].get("facts", {}).get("placed_on") != told["system"]["placed_on"]:
        yield "The day on the market or in service was changed since the class was recorded."
    if found["as_of"] != told["assessment"]["as_of"]:
        yield (
            f"The class was recorded as of {found['as_of']}; whether it is the same on "
            f"{told['assessment']['as_of']} was not looked at again."
        )
    owes_fria = any(each["kind"] == "fria" for each in found["result"].get("follows", []))
    deploys = any(role["id"].startswith("deployer") for role in told["system"]["roles"])
    if owes_fria and deploys and not any(each["kind"] == "fria" for each in told["statements"]):
        yield "No fundamental rights impact assessment (Article 27) was written."


def of_obligations(told: Json) -> Iterator[str]:
    bare = [each for each in asked(told) if each["state"] != "not applicable" and not each["evidence"]]
    for says, when in (
        ("in force", ("now",)),
        ("coming", ("coming",)),
        ("conditional or without a day", ("where", "undated")),
    ):
        refs = list(dict.fromkeys(each["ref"] for each in bare if each["when"] in when))
        if refs:
            count = "1 obligation" if len(refs) == 1 else f"{len(refs)} obligations"
            yield f"{count} ({says}) without any evidence: {', '.join(refs[:8])}{more(refs, 8)}."
    stale = list(dict.fromkeys(each["ref"] for each in unproven(told) if each["stale"]))
    if stale:
        yield f"Evidence that has gone stale: {', '.join(stale[:8])}{more(stale, 8)}."


def of_models(told: Json) -> Iterator[str]:
    if not told["models"]:
        yield "No model version is registered as a part of the system."
    audited = {audit["model"]["sha256"] for audit in told["audits"] if audit["model"]}
    for model in told["models"]:
        if model["sha256"] not in audited:
            yield f"No audit of {model['name']} is among the evidence."
        if not model["trained_on"]:
            yield f"The data that {model['name']} was trained on are not registered."


def of_audits(told: Json) -> Iterator[str]:
    for audit in told["audits"]:
        unsettled = sum(each["outcome"] == "inconclusive" for each in audit["verdicts"])
        if unsettled:
            yield f"{audit['title']}: {unsettled} of {len(audit['verdicts'])} rules are too close to call."
        aside = list(dict.fromkeys(group for each in audit["verdicts"] for group in each["not_assessed"]))
        if aside:
            yield f"{audit['title']}: groups that rules left out: {', '.join(aside[:8])}{more(aside, 8)}."
        if audit["hidden_groups"]:
            hidden = audit["hidden_groups"]
            yield (
                f"{audit['title']}: groups hidden, since a count of theirs is so small that it could give a person "
                f"away: {', '.join(hidden[:8])}{more(hidden, 8)}."
            )
        for check in audit["skipped_checks"]:
            yield f"{audit['title']}: {check['title']} was not done: {check['reason'].rstrip('.')}."


def of_risks(told: Json) -> Iterator[str]:
    if told["proposals"]:
        count = "1 finding" if len(told["proposals"]) == 1 else f"{len(told['proposals'])} findings"
        yield f"{count} of audits that nobody judged as a risk, or as none."
    if not told["risks"]:
        yield "No risk is registered."
    still = [each for each in standing(told) if each["state"] == "open"]
    for says, found in (
        ("not judged before measures", [each for each in still if not each["before"]]),
        ("not judged after measures", [each for each in still if not each["after"]]),
        ("whose residual risk nobody accepted", [each for each in still if each["after"]]),
    ):
        if found:
            numbers = ", ".join(str(each["number"]) for each in found[:12])
            yield f"Risks {says}: {numbers}{more(found, 12)}."


def of_statements(told: Json) -> Iterator[str]:
    for each in told["statements"]:
        bare = [point["ref"] or point["title"] for point in each["points"] if not point["text"]]
        if bare:
            yield f"{each['title']}: nothing is said of {', '.join(bare[:8])}{more(bare, 8)}."


def more(found: list[Any], shown: int) -> str:
    return f" and {len(found) - shown} more" if len(found) > shown else ""
