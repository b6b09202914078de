"""Starting an audit, watching it, stopping it, and what its pages show."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audits.measure.check import discover
from audits.models import Audit
from models.jobs.models import Job, State
from models.trail.models import Entry
from tests.models.people import person

ASKED = {"sensitive": ["sex"], "label": "label", "positive": "1", "predictions": "prediction", "seed": "7"}


@pytest.fixture
def signed_in(client, world):
    client.force_login(world.people["engineer"])
    return client


def start(client, world, *, model=None, **said):
    address = f"/audits/new/?dataset={world.dataset.pk}" + (f"&model={model.pk}" if model else "")
    return client.post(address, {**ASKED, **said})


def test_what_is_filled_in_comes_from_the_roles(signed_in, world):
    form = signed_in.get(f"/audits/new/?dataset={world.dataset.pk}").context["form"]
    assert form["sensitive"].initial == ["sex"]
    assert form["label"].initial == "label"
    assert form["positive"].initial == "1"
    assert form["predictions"].initial == "prediction"


def test_every_rule_of_the_policy_is_shown_with_its_source(signed_in, world):
    page = signed_in.get(f"/audits/new/?dataset={world.dataset.pk}")
    for rule in page.context["policy"].rules:
        assert rule.title.split("'")[0] in page.content.decode()


def test_what_the_checks_declare_can_be_set(signed_in, world):
    form = signed_in.get(f"/audits/new/?dataset={world.dataset.pk}&model={world.model.pk}").context["form"]
    declared = {f"option_{check.id}_{option.name}" for check in discover() for option in check.options}
    assert declared
    assert declared <= set(form.fields)
    assert "predictions" not in form.fields


def test_an_audit_is_started_as_it_was_asked(signed_in, world):
    before = set(Audit.unscoped.values_list("pk", flat=True))
    answer = start(signed_in, world, intersections="on", threshold="", reference_0="male", favourable="0")
    audit = Audit.unscoped.exclude(pk__in=before).get()
    assert answer["Location"] == f"/audits/{audit.pk}/"
    asked = audit.asked
    assert (asked.sensitive, asked.label, asked.prediction, asked.score) == (("sex",), "label", "prediction", None)
    assert (asked.favourable, asked.seed, asked.intersections) == ("0", 7, True)
    assert dict(asked.reference) == {"sex": "male"}
    assert audit.job.state == State.QUEUED
    assert Entry.unscoped.filter(verb="submitted", object_id=str(audit.job_id)).exists()


def test_a_model_takes_the_place_of_a_column(signed_in, world):
    start(signed_in, world, model=world.model, option_explanation_rows="500")
    audit = Audit.unscoped.order_by("-created_at").first()
    assert audit.model == world.model
    assert audit.asked.model
    assert audit.asked.prediction is None
    assert audit.asked.options["explanation"] == {"rows": 500}


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"sensitive": []}, "Choose at least one column to compare people by."),
        ({"predictions": ""}, "Say which column has the predictions."),
        ({"positive": "7"}, "label has the values 0 and 1, not 7."),
        ({"favourable": "maybe"}, "label has the values 0 and 1, not maybe."),
        ({"sensitive": ["nowhere"]}, "nowhere"),
        ({"sensitive": ["prediction"]}, "it can be only one"),
        ({"threshold": "0.5"}, "A threshold cuts scores; prediction holds decisions."),
        ({"weight": "prediction", "frequency": "label"}, "Choose a weight or a frequency, not both."),
    ],
)
def test_what_does_not_fit_is_said_before_there_is_a_job(signed_in, world, said, complaint):
    before = Job.unscoped.count()
    answer = start(signed_in, world, **said)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert complaint in page
    assert "There is a problem" in page
    assert Job.unscoped.count() == before


def test_other_rules_are_taken_from_a_file_and_a_wrong_one_says_what_is_wrong(signed_in, world):
    rules = b'schema = "plumbline.policy/1"\nname = "Ours"\n[[rule]]\nid = "a"\nmetric = "accuracy"\nat_least = 0.9\n'
    assert start(signed_in, world, policy_file=SimpleUploadedFile("rules.toml", rules)).status_code == 302
    assert Audit.unscoped.order_by("-created_at").first().policy["name"] == "Ours"
    wrong = start(signed_in, world, policy_file=SimpleUploadedFile("rules.toml", rules.replace(b"accuracy", b"luck")))
    assert wrong.status_code == 422
    assert "names the metric &#x27;luck&#x27;" in wrong.content.decode()


def test_fields_that_the_form_does_not_have_change_nothing(signed_in, world, elsewhere):
    start(signed_in, world, organisation=elsewhere.organisation.pk, outcomes='{"pass": 99}', evidence="0" * 64)
    audit = Audit.unscoped.order_by("-created_at").first()
    assert audit.organisation == world.organisation
    assert not audit.is_done
    assert audit.outcomes == {}


def test_the_moving_part_says_nothing_twice_and_gives_way_to_another_state(signed_in, world):
    job = world.waiting.job
    Job.unscoped.filter(pk=job.pk).update(progress=0.25, sentence="Counting rows")
    address = f"/jobs/{job.pk}/progress/"
    part = signed_in.get(address, {"state": "queued"})
    assert "Counting rows" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert signed_in.get(address, {"state": "queued", "seen": "0.250 Counting rows"}).status_code == 204
    assert signed_in.get(address, {"state": "running"})["HX-Refresh"] == "true"


def test_a_waiting_job_is_cancelled_by_who_may(signed_in, world):
    page = signed_in.get(f"/audits/{world.waiting.pk}/").content.decode()
    assert f'action="/jobs/{world.waiting.job_id}/cancel/"' in page
    signed_in.post(f"/jobs/{world.waiting.job_id}/cancel/")
    assert Job.unscoped.get(pk=world.waiting.job_id).state == State.CANCELLED
    assert "was cancelled" in signed_in.get(f"/audits/{world.waiting.pk}/").content.decode()


def test_who_may_not_cancel_sees_no_button(client, world):
    client.force_login(world.people["auditor"])
    assert "Cancel it" not in client.get(f"/audits/{world.waiting.pk}/").content.decode()


def test_without_script_a_running_page_reloads_itself(signed_in, world):
    waiting, done = (signed_in.get(f"/audits/{audit.pk}/").content.decode() for audit in (world.waiting, world.done))
    assert '<noscript><meta http-equiv="refresh"' in waiting
    assert "http-equiv" not in done


def test_a_failed_job_says_what_happened_and_what_is_safe(signed_in, world):
    page = signed_in.get(f"/jobs/{world.failed.pk}/").content.decode()
    assert re.search(r"failed\s*</h1>", page)
    assert "Models, data and earlier results are as they were." in page
    assert "it was stopped" in page


def test_every_verdict_has_a_word_and_a_shape(signed_in, world, made):
    page = signed_in.get(f"/audits/{world.done.pk}/").content.decode()
    shown = page.split('id="verdicts"')[1].split("</table>")[0]
    assert shown.count('<span class="shape"></span>') == len(made.audit["verdicts"])
    assert page.count("<svg") > 1


def test_downloads_are_the_stored_bytes_under_a_plain_name(signed_in, world, made):
    evidence = signed_in.get(f"/audits/{world.done.pk}/evidence.json")
    assert json.loads(b"".join(evidence)) == made.audit
    assert evidence["Content-Disposition"].startswith('attachment; filename="audit-people-of-acme-bank')
    report = signed_in.get(f"/audits/{world.done.pk}/report.pdf")
    assert report["Content-Type"] == "application/pdf"
    assert b"".join(report).startswith(b"%PDF")


def test_there_is_nothing_to_download_before_there_is_a_result(signed_in, world):
    for name in ("report/", "report.pdf", "evidence.json"):
        assert signed_in.get(f"/audits/{world.waiting.pk}/{name}").status_code == 404


def test_the_first_page_says_what_is_going_on(signed_in, world):
    def heading() -> str:
        return signed_in.get("/").context["overview"].heading

    assert heading() == "One job is on the way"
    signed_in.post(f"/jobs/{world.waiting.job_id}/cancel/")
    Audit.unscoped.filter(pk=world.done.pk).update(outcomes={"pass": 3, "fail": 1})
    assert heading() == "One model fails a rule"
    Audit.unscoped.filter(pk=world.done.pk).update(outcomes={"pass": 3})
    assert heading() == "One job failed this week"
    Job.unscoped.filter(pk=world.failed.pk).update(state=State.CANCELLED)
    assert heading() == "Nothing needs you now"


def test_an_organisation_without_anything_is_led_on(client, db):
    client.force_login(person())
    for address in ("/", "/datasets/", "/audits/new/"):
        assert 'href="/datasets/register/"' in client.get(address).content.decode(), address
    assert 'href="/models/register/"' in client.get("/models/").content.decode()
    assert 'href="/audits/new/"' in client.get("/audits/").content.decode()
