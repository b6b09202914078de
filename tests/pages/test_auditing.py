"""Starting an audit, watching it, stopping it, and what its pages show."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audits.comparing import compared, heading
from audits.forms import is_protected
from audits.measure.catalogue import METRICS
from audits.measure.check import discover
from audits.models import Audit
from audits.report.document import build_document
from audits.report.evidence import canonical_bytes, sha256
from audits.report.html import drawings
from audits.run.audit import Material, run_audit
from audits.spreadsheet import csv_response
from audits.start import start_audit
from models.accounts.templatetags.pages import count
from models.jobs.models import Job, State
from models.registry.intake.profile import ColumnProfile
from models.registry.storage import store
from models.trail.models import Entry
from tests.models.people import person
from tests.pages.conftest import finish, table

ASKED = {"sensitive": ["sex"], "label": "label", "positive": "1", "predictions": "prediction", "seed": "7"}
ASKED |= {"favourable": "1"}


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


def test_the_next_audit_of_the_same_data_is_filled_in_as_the_last_one(signed_in, world):
    start(signed_in, world, favourable="0", reference_0="male", intersections="on", seed="9")
    page = signed_in.get(f"/audits/new/?dataset={world.dataset.pk}")
    form = page.context["form"]
    filled = {name: form[name].initial for name in ("favourable", "reference_0", "intersections", "seed")}
    assert filled == {"favourable": "0", "reference_0": "male", "intersections": True, "seed": 9}
    assert "It is filled in as in" in page.content.decode()


def test_an_audit_of_other_columns_fills_in_nothing(signed_in, world):
    Audit.unscoped.update(parameters=world.done.parameters | {"sensitive": ["gone"]})
    page = signed_in.get(f"/audits/new/?dataset={world.dataset.pk}")
    assert page.context["before"] is None
    assert page.context["form"]["sensitive"].initial == ["sex"]


def test_every_rule_of_the_policy_is_shown_with_its_source(signed_in, world):
    page = signed_in.get(f"/audits/new/?dataset={world.dataset.pk}")
    for rule in page.context["policy"].rules:
        assert rule.title.split("'")[0] in page.content.decode()


def test_what_the_checks_declare_can_be_set(signed_in, world):
    page = signed_in.get(f"/audits/new/?dataset={world.dataset.pk}&model={world.model.pk}")
    form = page.context["form"]
    assert "<legend>Explanation</legend>" in page.content.decode()
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


def test_a_form_that_is_sent_twice_is_one_audit_and_one_that_is_opened_anew_another(signed_in, world):
    page = f"/audits/new/?dataset={world.dataset.pk}"
    before, jobs = Audit.unscoped.count(), Job.unscoped.count()
    number = str(signed_in.get(page).context["form"]["number"].value())
    shown = signed_in.get(page)
    assert f'name="number" value="{shown.context["form"]["number"].value()}"' in shown.content.decode()
    first, second = (start(signed_in, world, number=number)["Location"] for _ in range(2))
    assert first == second == f"/audits/{number}/"
    assert (Audit.unscoped.count(), Job.unscoped.count()) == (before + 1, jobs + 1)
    anew = str(signed_in.get(page).context["form"]["number"].value())
    assert start(signed_in, world, number=anew)["Location"] == f"/audits/{anew}/" != first


def test_the_number_of_somebody_elses_audit_starts_and_shows_nothing(signed_in, world, elsewhere):
    before = Job.unscoped.count()
    answer = start(signed_in, world, number=str(elsewhere.done.pk))
    assert (answer.status_code, Job.unscoped.count()) == (422, before)
    assert "Open it anew" in answer.content.decode()
    assert start(signed_in, world, number="' OR 1=1").status_code == 422


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
        ({"favourable": ""}, "Say which value benefits the person: the positive one, or the other."),
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


def test_an_organisation_without_anything_is_led_on(client, db):
    client.force_login(person())
    for address in ("/", "/datasets/", "/audits/new/"):
        assert 'href="/datasets/register/"' in client.get(address).content.decode(), address
    assert 'href="/models/register/"' in client.get("/models/").content.decode()
    assert 'href="/audits/new/"' in client.get("/audits/").content.decode()


def many(world, made, number: int = 5_000) -> None:
    """A list as a busy year leaves it: jobs and audits without files of their own."""
    base = world.done
    jobs = [
        Job(organisation=world.organisation, kind="audit", title=f"Audit {i}", state=State.SUCCEEDED, time_limit=1,
            memory_limit=1)
        for i in range(number)
    ]  # fmt: skip
    Job.unscoped.bulk_create(jobs, batch_size=500)
    Audit.unscoped.bulk_create(
        (
            Audit(organisation=world.organisation, dataset=world.dataset, job=job, parameters=base.parameters,
                  policy=base.policy, created_by=base.created_by, evidence=base.evidence, report=base.report,
                  outcomes={"pass": 1} if i % 2 else {"fail": 1}, verdict="pass" if i % 2 else "fail", rules={})
            for i, job in enumerate(jobs)
        ),
        batch_size=500,
    )  # fmt: skip


def test_the_list_holds_five_thousand_audits_and_any_page_number(signed_in, world, made):
    many(world, made)
    page = signed_in.get("/audits/", {"page": "10000"})
    assert page.status_code == 200
    assert page.context["page"].number == page.context["page"].paginator.num_pages == 101
    fails = signed_in.get("/audits/", {"verdict": "fail", "page": "2"})
    assert fails.context["page"].paginator.count == 2_500
    assert {audit.verdict for audit in fails.context["page"]} == {"fail"}
    assert 'href="?verdict=fail&amp;page=3"' in fails.content.decode()


def test_audits_are_found_by_text_outcome_state_model_and_data(signed_in, world):
    def found(**asked) -> set:
        return {audit.pk for audit in signed_in.get("/audits/", asked).context["page"]}

    done = {world.earlier.pk, world.done.pk}
    assert found(state="succeeded") == done
    assert world.waiting.pk in found(state="queued")
    assert found(verdict=world.done.verdict) == done
    assert found(q="PEOPLE OF ACME") >= done
    assert found(q=world.people["engineer"].email.upper()) >= done
    assert found(dataset=str(world.dataset.dataset_id)) >= done
    assert found(dataset=str(world.dataset.pk)) >= done
    assert found(model=str(world.model.pk)) == set()
    assert found(q="nowhere") == set()


@pytest.mark.parametrize("asked", [{"verdict": "lucky"}, {"state": "'; DROP TABLE audits_audit; --"}, {"q": "x" * 300}])
def test_a_filter_that_makes_no_sense_is_said_and_lists_nothing(signed_in, asked):
    page = signed_in.get("/audits/", asked)
    assert page.status_code == 422
    assert not page.context["page"].object_list


def test_a_filter_that_is_sql_is_text(signed_in):
    assert signed_in.get("/audits/", {"q": "' OR 1=1 --", "model": "%' OR '1'='1"}).status_code == 200
    assert Audit.unscoped.exists()


def test_another_organisations_dataset_lists_nothing(signed_in, elsewhere):
    assert not signed_in.get("/audits/", {"dataset": str(elsewhere.dataset.pk)}).context["page"].object_list


def judged_otherwise(world, made) -> Audit:
    """A finished audit after the others, of the same data with other figures."""
    audit = start_audit(world.people["engineer"], world.dataset, world.done.asked)
    data = world.folder / "worse.csv"
    data.write_text(re.sub(r"female,(.*),1", r"female,\1,0", table(2400)))
    result = run_audit(replace(world.done.asked, cross_check=False), Material(data=data, name="worse"))
    drawn = json.dumps(drawings(build_document(result, sha256(canonical_bytes(result))))).encode()
    finish(audit, replace(made, audit=result, figures=drawn))
    return audit


@pytest.fixture
def worse(world, made, tmp_path):
    world.folder = tmp_path
    return judged_otherwise(world, made)


def test_an_audit_is_compared_with_the_one_before_and_what_got_worse_comes_first(signed_in, world, worse):
    page = signed_in.get(f"/audits/{worse.pk}/comparison/")
    assert page.context["baseline"].pk == world.done.pk
    found = page.context["found"]
    assert [c.rule for c in found.verdicts]
    directions = [line.row.direction for line in page.context["parts"][0].lines]
    assert directions == sorted(directions, key=("worse", "better", "unclear", "same").index)
    assert directions[0] == "worse"
    text = page.content.decode()
    assert text.index('id="verdicts"') < text.index('id="judged"') < text.index('id="notes"')
    assert text.count("<svg") > len(found.worse)
    assert f"n = {count(found.rows[0].current.n)}" in text
    chosen = signed_in.get(f"/audits/{worse.pk}/comparison/", {"baseline": world.earlier.pk})
    assert chosen.context["baseline"].pk == world.earlier.pk


def test_what_cannot_be_told_is_not_called_unchanged(world, worse):
    found = compared(world.done, worse)
    rows = tuple(replace(row, direction="unclear") for row in found.rows)
    assert heading(replace(found, rows=rows, verdicts=())) == "No change can be told in what rules rest on"
    rows = tuple(replace(row, direction="same") for row in found.rows)
    assert heading(replace(found, rows=rows, verdicts=())) == "Nothing that a rule rests on has changed"


def test_every_audit_that_is_earlier_can_be_chosen_and_no_other(signed_in, world, elsewhere, worse):
    address = f"/audits/{worse.pk}/comparison/"
    offered = [
        value for _, rows in signed_in.get(address).context["form"].fields["baseline"].choices for value, _ in rows
    ]
    assert offered == [str(world.done.pk), str(world.earlier.pk)]
    for other in (worse.pk, world.waiting.pk, elsewhere.done.pk, "x", "' OR 1=1"):
        assert signed_in.get(address, {"baseline": other}).status_code == 404, other


def test_the_first_audit_has_nothing_to_be_compared_with_and_leads_on(signed_in, world):
    page = signed_in.get(f"/audits/{world.earlier.pk}/comparison/")
    assert "no earlier audit to compare with" in page.content.decode()
    assert f"/audits/new/?dataset={world.dataset.pk}" in page.content.decode()
    assert signed_in.get(f"/audits/{world.earlier.pk}/comparison.csv").status_code == 404


def test_a_comparison_is_taken_away_as_csv_with_every_row(signed_in, world, worse):
    found = signed_in.get(f"/audits/{worse.pk}/comparison/").context["found"]
    answer = signed_in.get(f"/audits/{worse.pk}/comparison.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["measurement"] for row in rows] == [row.id for row in found.rows]
    assert float(rows[0]["difference"]) == found.rows[0].difference.value
    assert answer["Content-Disposition"].startswith('attachment; filename="comparison-people-of-acme')


def test_evidence_that_cannot_be_compared_is_said_in_words(signed_in, world, worse):
    damaged = store().put(io.BytesIO(b'{"schema": "other"}'), 1 << 20)
    Audit.unscoped.filter(pk=world.done.pk).update(evidence=damaged)
    page = signed_in.get(f"/audits/{worse.pk}/comparison/")
    assert page.status_code == 422
    assert "Both audits are as they were; choose another earlier one." in page.content.decode()
    assert signed_in.get(f"/audits/{worse.pk}/comparison.csv")["Location"].startswith(f"/audits/{worse.pk}/comparison/")


def test_every_figure_of_a_result_has_its_rows_as_csv(signed_in, world):
    page = signed_in.get(f"/audits/{world.done.pk}/").content.decode()
    links = set(re.findall(r'href="(/audits/[\w-]+/figures/[^"]+\.csv)"', page))
    assert len(links) == page.count("<figure")
    for link in links:
        answer = signed_in.get(link)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert len(answer.content.decode("utf-8-sig").splitlines()) > 1
    assert signed_in.get(f"/audits/{world.done.pk}/figures/nothing.csv").status_code == 404


@pytest.mark.parametrize(
    ("cell", "written"),
    [("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+1", "'+1"), ("-x", "'-x"), ("\t=1", "'\t=1"), (" =1", "' =1"),
     ("plain", "plain"), (-1.5, "-1.5"), (None, "")],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_compute_is_made_text(cell, written):
    answer = csv_response("x.csv", ["=head", "b"], [[cell, 1]])
    head, row = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert head[0] == "'=head"
    assert row == [written, "1"]


def test_a_result_says_what_to_do_next_and_what_each_metric_means(signed_in, world, made):
    page = signed_in.get(f"/audits/{world.done.pk}/").content.decode()
    steps = page.split('id="next-steps"')[1].split("</section>")[0]
    open_ = [v for v in made.audit["verdicts"] if v["outcome"] in ("fail", "inconclusive")]
    assert steps.count('<p class="note">The rule:') == len(open_) > 0
    titles = {rule["title"] for rule in made.audit["policy"]["rules"]}
    assert all(any(title in html.unescape(step) for title in titles) for step in steps.split("<strong>")[1:])
    measured = {m["metric"] for m in made.audit["measurements"]} - {"group_size", "label_size"}
    for name in measured:
        assert f'href="/help/metrics/{name}/"' in page, name
        assert METRICS[name].formula in html.unescape(page), name


def test_a_result_is_a_page_of_its_own_not_pieces_of_the_report(signed_in, world):
    """Its rules stand in words, with the id below; no section or table has the number of a page that is not shown."""
    page = html.unescape(signed_in.get(f"/audits/{world.done.pk}/").content.decode())
    assert '>Disparate impact by sex<br><span class="id">four-fifths</span></th>' in page.replace("<a ", "")
    assert not re.search(r"Table \d|Figure \d|attached|this PDF", page)
    assert '<span class="number">' not in page
    report = signed_in.get(f"/audits/{world.done.pk}/report/").content.decode()
    assert "Table 1. " in report
    assert '<span class="number">1</span>' in report


def test_the_policy_is_explained_rule_by_rule(signed_in, world):
    page = signed_in.get(f"/audits/new/?dataset={world.dataset.pk}")
    text = html.unescape(page.content.decode())
    for rule in page.context["policy"].rules:
        assert f"/help/metrics/{rule.metric}/" in text
        assert rule.source in text
    assert "Where 100 have it in one group, at least 80 do in any other." in text
    assert "40 of 100 in one group and 50 of 100 in another are as far apart as groups may be." in text


def test_columns_that_law_protects_are_ticked_by_their_name():
    def column(name, role="feature"):
        return ColumnProfile(name, "VARCHAR", "text", role, 0, 4, 0, None, None, (), (), 0)

    for name in ("education", "Education_Level", "countryOfOrigin", "health_status", "party"):
        assert is_protected(column(name)), name
    for name in ("income", "reducation", "healthy", "partying"):
        assert not is_protected(column(name)), name
    assert is_protected(column("x", "sensitive"))
    assert not is_protected(column("education", "label"))
