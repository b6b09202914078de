"""One sitting: a new officer goes from an empty organisation to an approved risk assessment of the credit system with
its evidence, by clicks and typing alone, and a second person signs. No address is typed but the service's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from demo import train
from demo.prepare import LABEL, clients, split
from demo.run import SYSTEMS
from governance.samples import with_reason
from tests.browser.conftest import Service
from tests.browser.steps import AUDITED, registered

pytestmark = pytest.mark.timeout(900)
CREDIT = yaml.safe_load(SYSTEMS.read_text("utf-8"))["systems"][0]
ANSWERS = {name: with_reason(given) for name, given in CREDIT["answers"].items()} | {"in-place": ("no", "")}
NAME = "Credit default scoring"
MODEL, DATA = "Credit default model", "Held-out clients"
PLUMBLINE = Path(sys.executable).with_name("plumbline")
PRINTED = 300_000
SITTING_PICTURES = os.environ.get("SITTING_PICTURES", "")  # a folder, where somebody wants to look at each step


class Sitting:
    """A page that counts what its person does, and takes a picture of each step where a folder was named."""

    number = 0

    def __init__(self, page: Page, width: int) -> None:
        self.page, self.width, self.clicks = page, width, 0

    def link(self, name: str | re.Pattern[str], **more: Any) -> None:
        self.clicks += 1
        self.page.get_by_role("link", name=name, **more).first.click()

    def button(self, name: str | re.Pattern[str], **more: Any) -> None:
        self.clicks += 1
        self.page.get_by_role("button", name=name, **more).first.click()

    def type(self, label: str, text: str) -> None:
        self.page.get_by_role("textbox", name=label).fill(text)

    def choose(self, label: str, option: str) -> None:
        """By the words that its options begin with."""
        self.clicks += 1
        field = self.page.get_by_label(label)
        field.select_option(field.locator("option", has_text=re.compile(f"^{re.escape(option)}")).first.inner_text())

    def tick(self, *names: str) -> None:
        for name in names:
            self.clicks += 1
            self.page.get_by_label(name).check()

    def says(self, *texts: str | re.Pattern[str]) -> None:
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)

    def heading(self, text: str | re.Pattern[str], **more: Any) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text, **more)

    def picture(self, name: str) -> None:
        """Nothing may reach beyond the screen's side; at phone's width too."""
        Sitting.number += 1
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels wider than a screen of {self.width}"
        if SITTING_PICTURES:
            at = Path(SITTING_PICTURES) / f"{self.width}-{Sitting.number:02}-{name}.png"
            self.page.screenshot(path=at, full_page=True)

    def system(self) -> None:
        """By the way back that each page about a system begins with."""
        self.link(NAME, exact=True)
        self.heading(NAME)

    def next(self, what: str) -> None:
        """What the system's page itself says comes next."""
        self.clicks += 1
        self.page.get_by_label("What to do next").get_by_text(what, exact=True).click()


def signed_in(browser: Browser, service: Service, role: str, width: int) -> Iterator[Sitting]:
    context = browser.new_context(base_url=service.address, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.complaints = complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith(service.address) else complaints.append(sent.url))
    page.goto("/")
    sitting = Sitting(page, width)
    page.get_by_label("E-mail address").fill(f"{role}@sample.example")
    page.get_by_label("Password").fill(service.people[f"{role}@sample.example"])
    sitting.button("Sign in")
    expect(page.locator("details.account")).to_be_visible()
    yield sitting
    assert complaints == []
    context.close()


# the phone's sitting takes as long again, and each page has its own test at that width: it is for who looks at pictures
@pytest.fixture(params=[1280, 360] if SITTING_PICTURES else [1280])
def width(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def officer(browser: Browser, service: Service, width: int) -> Iterator[Sitting]:
    yield from signed_in(browser, service, "officer", width)


@pytest.fixture
def approver(browser: Browser, service: Service, width: int) -> Iterator[Sitting]:
    yield from signed_in(browser, service, "approver", width)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The demo's model, and a third of the real clients that it never learned from."""
    folder = tmp_path_factory.mktemp("credit")
    learned, held_out = split(clients())
    train.save_model(train.fit(learned), folder / "model.onnx")
    held_out.head(3_000).to_parquet(folder / "held-out.parquet", index=False)
    return folder / "model.onnx", folder / "held-out.parquet"


def test_from_an_empty_organisation_to_an_approved_assessment(
    officer: Sitting, approver: Sitting, files: tuple[Path, Path], tmp_path: Path
) -> None:
    register(officer)
    answer_the_questions(officer)
    see_what_the_law_asks(officer)
    bring_the_model(officer, files[0])
    audit(officer, files[1])
    find_the_result_as_evidence(officer)
    attach_a_document(officer)
    sign_a_statement(officer)
    take_a_risk(officer)
    add_a_risk(officer)
    plan_a_review(officer)
    accept_what_remains(approver)
    write_the_assessment(officer)
    draft = send_into_review(officer, tmp_path)
    report = approve(approver, tmp_path)
    assert told_of_drafts(draft) == {True}
    assert told_of_drafts(report) == {False}
    checked = subprocess.run([PLUMBLINE, "verify", report], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert officer.clicks < 150, officer.clicks
    assert approver.clicks < 20, approver.clicks


def register(at: Sitting) -> None:
    at.heading("Begin with an AI system")
    at.picture("empty")
    at.link("Register an AI system")
    at.button("Register", exact=True)
    expect(at.page.get_by_role("alert")).to_contain_text("Give it a name.")
    at.page.complaints[:] = [said for said in at.page.complaints if "422" not in said]
    at.type("Name", NAME)
    at.type("Purpose", CREDIT["purpose"])
    at.picture("register")
    at.button("Register", exact=True)
    at.heading(NAME)
    at.says("Sample officer", "Plain questions lead to its class")
    at.picture("registered")


def answer_the_questions(at: Sitting) -> None:
    """As the demo's system is answered; one question on a page."""
    at.next("Answer the questions")
    at.link("Begin", exact=True)
    asked = 0
    while not at.page.get_by_role("button", name="Record it").count():
        question = at.page.url.rstrip("/").rpartition("/")[2]
        value, why = ANSWERS[question]
        for one in value if isinstance(value, list) else [value]:
            at.clicks += 1
            at.page.locator(f'input[name="value"][value="{one}"]').check()
        at.page.get_by_label("Why").fill(why)
        if asked in (0, 9):
            at.picture(f"question-{question}")
        at.button("Save and go on")
        expect(at.page.get_by_role("heading", level=1)).to_be_visible()
        at.page.wait_for_url(lambda url, here=question: not url.endswith(f"/{here}/"))
        asked += 1
    assert asked > 15
    at.heading("High-risk (Annex III)")
    at.picture("check")
    at.button("Record it")
    at.says("Recorded.")


def see_what_the_law_asks(at: Sitting) -> None:
    at.says("High-risk (Annex III)", "Article 6(2)", "Annex III point 5(b)")
    at.clicks += 1
    at.page.get_by_text("How it comes to this, step by step").click()
    at.says("It profiles natural persons, so it is always high-risk")
    at.says("In force on that day: one", re.compile(r"Coming: \d{3}"), "From 2 December 2027")
    at.picture("classified")
    at.link("Obligations: all of it")
    at.heading(re.compile(r"One obligation binds now, \d+ are coming"))
    at.picture("obligations")
    at.system()


def bring_the_model(at: Sitting, model: Path) -> None:
    at.next("Say which model works in it")
    at.link("Register a model")
    at.type("Name", MODEL)
    at.page.locator("#id_file").set_input_files(model)
    at.type("Purpose", "Whether a client will default next month.")
    at.button("Register", exact=True)
    registered(at.page, MODEL)
    at.picture("model")
    to_systems(at)
    at.system()
    at.next("Say which model works in it")
    at.choose("Model version", f"{MODEL} version 1")
    at.button("Add it")
    at.says(f"{MODEL} version 1 is a part of this system now.")


def to_systems(at: Sitting) -> None:
    """By the head of the page, which folds on a phone."""
    menu = at.page.get_by_role("button", name="Menu", exact=True)
    if menu.is_visible():
        at.button("Menu", exact=True)
    at.clicks += 1
    at.page.get_by_role("navigation", name="Main").get_by_role("link", name="Systems").click()


def audit(at: Sitting, data: Path) -> None:
    """The data are registered on the way, where the audit's form asks for them; then the audit is started for an
    obligation that asks for what it finds."""
    at.next(f"Audit {MODEL} version 1")
    at.link("Register a dataset")
    at.type("Name", DATA)
    at.page.locator("#id_file").set_input_files(data)
    at.type("Label column", LABEL)
    at.button("Register", exact=True)
    registered(at.page, DATA)
    at.picture("data")
    to_systems(at)
    at.system()
    to_obligation(at, "Article 10 Data and data governance", "Article 10(2)(f)")
    at.picture("obligation-that-an-audit-proves")
    at.button(f"Start an audit of {MODEL} version 1")
    at.says("is attached to Article 10(2)(f) by itself")
    at.choose("Data", f"{DATA} version 1")
    at.button("Go on")
    at.type("Value that benefits the person", "0")
    at.picture("audit")
    at.button("Start the audit")
    at.heading("rule", timeout=AUDITED)
    at.picture("audited")


def to_obligation(at: Sitting, chapter: str, reference: str) -> None:
    """From the system's page, by the board, whose chapters unfold."""
    at.link("Obligations: all of it")
    at.clicks += 1
    at.page.get_by_text(re.compile(f"^{re.escape(chapter)}")).first.click()
    at.link(re.compile(f"^{re.escape(reference)}:"))


def find_the_result_as_evidence(at: Sitting) -> None:
    """Nobody attached it."""
    to_systems(at)
    at.system()
    at.says("Too close to call")
    at.link("Evidence", exact=True)
    at.heading("One piece of evidence")
    at.picture("evidence")
    at.link(f"Audit of {MODEL} version 1")
    at.says("Article 10(2)(f)", "Article 15(1)", "In progress")
    at.link("Evidence", exact=True)


def attach_a_document(at: Sitting) -> None:
    at.link("Attach a document")
    at.page.locator("#id_file").set_input_files(Path(train.__file__).with_name("README.md"))
    at.type("Title", "What the data and the model are")
    at.choose("What it is", "Datasheet")
    at.picture("document")
    at.button("Add the document")
    at.says("Kept.")
    at.tick(*(f"EU AI Act, Article 10(2)({point}):" for point in "bcd"))
    at.picture("document-kept")
    at.button("Attach to those ticked")
    at.says("Attached.", "Article 10(2)(d)")


def sign_a_statement(at: Sitting) -> None:
    """For the one obligation that binds, from its own page; then it is said to be evidenced."""
    at.system()
    to_obligation(at, "Article 4 AI literacy", "Article 4(1)")
    at.picture("obligation")
    at.link("Sign a statement")
    at.type("Statement", CREDIT["evidence"][2]["statement"])
    at.type("Title", "Who was trained on the scoring, and when")
    at.button("Sign it")
    at.says("Kept, and attached to Article 4(1).", "Signed by Sample officer")
    at.picture("statement")
    at.link(re.compile("Take measures that build AI literacy"))
    at.clicks += 1
    at.page.get_by_role("radio", name="Evidenced").check()
    at.button("Save")
    at.says("Saved.", "Evidenced")


def take_a_risk(at: Sitting) -> None:
    at.system()
    at.next("Say what could go wrong")
    at.picture("findings")
    at.button(re.compile("^Take it as a risk"))
    at.heading("Change this risk")
    judge(at, "2 Unlikely")
    at.picture("risk")


def judge(at: Sitting, after: str) -> None:
    """Before and after measures, and one measure."""
    for when, likely in (("before", "3 Possible"), ("after", after)):
        at.choose(f"How likely, {when} measures", likely)
        at.choose(f"How severe, {when} measures", "3 Moderate")
    save = at.page.get_by_role("button", name=re.compile("^(Save|Register it)$"))
    at.clicks += 1
    save.click()
    at.link("Add a measure")
    at.type("What is done about it", CREDIT["risks"][0]["measures"][0]["text"])
    at.button("Save")
    at.says("Not accepted yet.")


def add_a_risk(at: Sitting) -> None:
    at.link("Risks", exact=True)
    at.link("Register a risk")
    said = CREDIT["risks"][1]
    at.type("What could go wrong", said["hazard"])
    at.type("Why it could happen", said["cause"])
    at.type("Who is affected", said["affected"])
    judge(at, "2 Unlikely")
    at.link("Risks", exact=True)
    at.says(said["hazard"])
    at.picture("risks")


def plan_a_review(at: Sitting) -> None:
    at.system()
    at.link("Plan a review")
    at.type("What is reviewed", "Fairness audit of the version in service")
    at.page.get_by_label("Due on").fill("2027-05-21")
    at.page.get_by_label("Comes again").fill("6")
    at.button("Plan it")
    at.says("Planned.")
    at.picture("review")


def accept_what_remains(at: Sitting) -> None:
    """The approver finds on the first page what waits."""
    at.page.reload()
    at.says("To accept", "Two risks to look at")
    at.picture("approvers-first-page")
    for _ in range(2):
        at.clicks += 1
        row = at.page.get_by_role("listitem").filter(has_text=re.compile("risks? to look at")).filter(has_text=NAME)
        row.get_by_role("link").click()
        at.clicks += 1
        at.page.get_by_role("row").filter(has_text="Open").get_by_role("link").first.click()
        at.type("Why", CREDIT["risks"][0]["accepted"])
        at.picture("accept")
        at.button("Accept what remains")
        at.says("What remains was accepted on")
        at.link("Plumbline")


def write_the_assessment(at: Sitting) -> None:
    at.system()
    at.next("Begin a risk assessment")
    at.type("Summary", CREDIT["assessment"]["summary"])
    at.type("What was not assessed", CREDIT["assessment"]["not_assessed"])
    at.picture("write")
    at.button("Save")
    at.says("DRAFT: not approved", "The residual risk of 2 of 2 was accepted.", "Article 4(1)")
    at.picture("draft")


def send_into_review(at: Sitting, folder: Path) -> Path:
    at.button("Send it into review")
    at.says("Sent into review, and frozen.")
    return downloaded(at, "Download the draft (PDF)", folder / "draft.pdf")


def approve(at: Sitting, folder: Path) -> Path:
    at.page.reload()
    at.says("To approve")
    at.link(f"Risk assessment 1 of {NAME}")
    at.link("Approve", exact=True)
    at.picture("approve")
    at.button("Approve and sign")
    at.says("is approved by Sample approver")
    at.picture("approved")
    return downloaded(at, "Download the report (PDF)", folder / "report.pdf")


def downloaded(at: Sitting, name: str, file: Path) -> Path:
    """The page shows the link once the PDF is made."""
    link = at.page.get_by_role("link", name=name)
    expect(link).to_be_visible(timeout=PRINTED)
    at.clicks += 1
    with at.page.expect_download() as told:
        link.click()
    told.value.save_as(file)
    return file


def told_of_drafts(file: Path) -> set[bool]:
    """Of every page of a PDF, whether it bears DRAFT."""
    with pypdfium2.PdfDocument(file) as pdf:
        return {"DRAFT: not approved" in page.get_textpage().get_text_bounded() for page in pdf}
