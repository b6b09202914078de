"""What an audit's job leaves in the database: rules, figures, and word of what changed."""

from __future__ import annotations

import copy
import json
from io import BytesIO

import pytest

from audits import job_kinds, periodic, results
from audits.models import Audit, Measurement, worst
from audits.report.evidence import canonical_bytes
from audits.run.parameters import Parameters
from audits.start import start_audit
from models.jobs.models import Job
from models.jobs.submit import retry
from models.registry.storage import store
from models.webhooks.models import Delivery, Endpoint
from tests.pages.conftest import files, kept, made, world  # noqa: F401

ASKED = Parameters(sensitive=("sex",), label="label", prediction="prediction")


def saved(world, result, model=None) -> Audit:  # noqa: F811
    """An audit whose job has just ended with this result."""
    user = world.people["engineer"]
    asked = ASKED if model is None else Parameters(sensitive=("sex",), label="label", model=True)
    audit = start_audit(user, world.dataset, asked, model=model)
    job = Job.unscoped.get(pk=audit.job_id)
    evidence = store().put(BytesIO(canonical_bytes(result)), 1 << 30)
    job_kinds.save(job, job_kinds.Done(evidence, "b" * 64, "c" * 64, result))
    audit.refresh_from_db()
    return audit


@pytest.fixture
def heard(world):  # noqa: F811
    """What an endpoint of the organisation was told, as (type, data)."""
    Endpoint.unscoped.create(
        organisation=world.organisation,
        url="https://example.org/hook",
        events=["audit.finished", "audit.verdict_changed"],
        created_by=world.people["administrator"],
    )

    def told() -> list[tuple[str, dict]]:
        bodies = [json.loads(d.event.body) for d in Delivery.unscoped.select_related("event").order_by("created_at")]
        return [(body["type"], body["data"]) for body in bodies]

    return told


def judged(made, **outcomes):  # noqa: F811
    """The result with some rules judged otherwise."""
    result = copy.deepcopy(made.audit)
    for verdict in result["verdicts"]:
        verdict["outcome"] = outcomes.get(verdict["rule"].replace("-", "_"), verdict["outcome"])
    return result


def test_every_figure_is_a_row_as_the_evidence_has_it(world, made):  # noqa: F811
    audit = saved(world, made.audit)
    rows = list(Measurement.objects.of(world.organisation).filter(audit=audit))
    assert [row.stored for row in rows] == made.audit["measurements"]
    some = next(row for row in rows if row.value is not None and row.group == {"sex": "male"})
    same = next(m for m in made.audit["measurements"] if m["id"] == some.ident)
    assert (some.metric, some.value, some.n) == (same["metric"], same["value"], same["n"])
    assert (some.low, some.high) == (same["interval"]["low"], same["interval"]["high"])


def test_rules_and_the_worst_of_them_are_kept(world, made):  # noqa: F811
    audit = saved(world, judged(made, four_fifths="fail"))
    assert audit.rules == {v["rule"]: v["outcome"] for v in judged(made, four_fifths="fail")["verdicts"]}
    assert audit.verdict == "fail"
    assert sum(audit.outcomes.values()) == len(audit.rules)


def test_the_worst_outcome_is_what_an_audit_is_known_by():
    assert worst(["pass", "inconclusive", "waived"]) == "waived"
    assert worst(["pass", "not_applicable", "inconclusive"]) == "inconclusive"
    assert worst([]) == "not_applicable"


def test_a_waived_fail_counts_as_waived(world, made):  # noqa: F811
    result = judged(made, four_fifths="fail")
    next(v for v in result["verdicts"] if v["rule"] == "four-fifths").update(waived=True, waiver="agreed")
    audit = saved(world, result)
    assert audit.rules["four-fifths"] == "waived"
    assert audit.verdict == "waived"


def test_a_result_is_told_and_so_is_a_verdict_that_changed(world, made, heard):  # noqa: F811
    first = saved(world, judged(made, four_fifths="pass"), model=world.model)
    second = saved(world, judged(made, four_fifths="fail"), model=world.model)
    third = saved(world, judged(made, four_fifths="fail"), model=world.model)
    finished = [data["id"] for kind, data in heard() if kind == "audit.finished"]
    assert finished == [str(first.pk), str(second.pk), str(third.pk)]
    [changed] = [data for kind, data in heard() if kind == "audit.verdict_changed"]
    assert (changed["id"], changed["since"]) == (str(second.pk), str(first.pk))
    [rule] = changed["changed"]
    assert (rule["rule"], rule["from"], rule["to"]) == ("four-fifths", "pass", "fail")
    assert rule["title"].startswith("The least favoured group")


def test_an_audit_of_a_model_is_compared_with_that_models_audits_only(world, made, heard):  # noqa: F811
    saved(world, judged(made, four_fifths="pass"))
    audit = saved(world, judged(made, four_fifths="fail"), model=world.model)
    assert audit.before() is None
    assert [kind for kind, data in heard() if data.get("id") == str(audit.pk)] == ["audit.finished"]


def test_a_result_of_the_version_before_is_completed(world, made):  # noqa: F811
    audit = saved(world, made.audit)
    rules = audit.rules
    Audit.unscoped.filter(pk=audit.pk).update(rules=None, verdict="")
    Measurement.unscoped.filter(audit=audit).delete()
    periodic.complete_older_results()
    audit.refresh_from_db()
    assert audit.rules == rules
    assert audit.verdict == worst(results.outcome_of(v) for v in made.audit["verdicts"])
    assert Measurement.unscoped.filter(audit=audit).count() == len(made.audit["measurements"])


def test_a_failed_audit_put_again_asks_the_same_by_the_same_rules(world):  # noqa: F811
    failed = Audit.unscoped.get(job=world.failed)
    job = retry(world.failed, world.people["engineer"])
    begun = Audit.unscoped.get(job=job)
    assert begun.pk != failed.pk
    assert job.retry_of_id == world.failed.pk
    same = ("dataset_id", "model_id", "parameters", "policy")
    assert [getattr(begun, name) for name in same] == [getattr(failed, name) for name in same]
