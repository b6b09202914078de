"""What a person does on the pages, step by step."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pyotp
from playwright.sync_api import Page, expect

from demo.prepare import LABEL

SENSITIVE = ("sex", "age_band")
ENGINEER = "engineer@sample.example"
REGISTERED, AUDITED = 60_000, 180_000


def sign_in(page: Page, service: Any) -> None:
    """With the keyboard alone."""
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_label("E-mail address").fill(ENGINEER)
    page.get_by_label("Password").fill(service.people[ENGINEER])
    page.keyboard.press("Enter")
    expect(page.locator("details.account")).to_be_visible()


def protect(page: Page) -> pyotp.TOTP:
    """Set up a second factor."""
    page.goto("/profile/second-factor/")
    app = pyotp.TOTP(page.locator("dd.code").inner_text().replace(" ", ""))
    page.get_by_label("Code").fill(app.now())
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("ol.codes li")).to_have_count(10)
    return app


def sign_in_with_code(page: Page, service: Any, app: pyotp.TOTP) -> None:
    """The code that set it up is spent; the next one is taken already, since clocks may be a step apart."""
    page.get_by_label("E-mail address").fill(ENGINEER)
    page.get_by_label("Password", exact=True).fill(service.people[ENGINEER])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter a code to finish signing in")
    page.get_by_label("Code").fill(app.at(time.time() + 30))
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("details.account > summary")).to_contain_text("Engineer")


def sign_out(page: Page) -> None:
    page.locator("details.account > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def registered(page: Page, name: str) -> None:
    """At the version, by way of the job's page where this machine is slow."""
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("version 1|is done"), timeout=REGISTERED)
    if "is done" in heading.inner_text():
        page.get_by_role("link", name="See the result").click()
    expect(heading).to_contain_text(f"{name}, version 1")


def register_data(page: Page, data: Path) -> None:
    """A file that is large enough to go in parts, with a bar that shows how far it is."""
    page.goto("/")
    page.get_by_role("link", name="Register data").click()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a file.")
    assert [("422" in said) for said in page.complaints] == [True]
    page.complaints.clear()
    page.get_by_label("Name").fill("Held-out clients")
    page.locator("#id_file").set_input_files(data)
    page.get_by_label("Label column").fill(LABEL)
    page.get_by_label("Sensitive columns").fill(", ".join(SENSITIVE))
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    registered(page, "Held-out clients")
    expect(page.get_by_role("row", name=f"{LABEL} label")).to_be_visible()


def register_model(page: Page, model: Path) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Models").click()
    page.get_by_role("link", name="Register a model").click()
    page.get_by_label("Name").fill("Credit default model")
    page.locator("#id_file").set_input_files(model)
    page.get_by_label("Purpose").fill("Whether a client will default next month.")
    page.get_by_role("button", name="Register", exact=True).click()
    registered(page, "Credit default model")


def start_audit(page: Page) -> None:
    page.get_by_role("link", name="Audit this version").click()
    page.get_by_label("Data").select_option("Held-out clients version 1")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit Credit default model version 1")
    for name in SENSITIVE:
        expect(page.get_by_role("checkbox", name=name)).to_be_checked()
    for box in page.locator('input[name="sensitive"]').all():
        box.set_checked(box.get_attribute("value") in SENSITIVE)
    expect(page.get_by_label("Column that says what truly happened")).to_have_value(LABEL)
    expect(page.get_by_label("Positive value")).to_have_value("1")
    page.get_by_label("Value that benefits the person").fill("0")
    page.get_by_role("button", name="Start the audit").click()


def watch(page: Page) -> None:
    """The page goes on by itself, from waiting to the result; nobody reloads it."""
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Audit of Credit default model version 1")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(heading).to_contain_text("rule", timeout=AUDITED)


def read_result(page: Page) -> None:
    verdicts = page.get_by_role("table", name="Every rule and its verdict")
    expect(verdicts).to_contain_text("Disparate impact by sexfour-fifths[sex]")
    assert verdicts.locator(".verdict .shape").count() == verdicts.locator(".verdict").count() > 5
    expect(page.get_by_role("img").first).to_be_visible()


def ask_what_a_figure_means(page: Page) -> None:
    meaning = page.locator("details.meaning").first
    title = meaning.locator("summary").inner_text()
    expect(meaning.get_by_text("Formula")).to_be_hidden()
    meaning.locator("summary").click()
    expect(meaning.get_by_text("Formula")).to_be_visible()
    meaning.get_by_role("link", name="More on").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(title, ignore_case=True)
    page.go_back()


def download(page: Page, folder: Path) -> tuple[Path, dict[str, Any]]:
    """The report's file, and what the evidence says."""
    with page.expect_download() as told:
        page.get_by_role("link", name="Download the report (PDF)").click()
    told.value.save_as(folder / "report.pdf")
    with page.expect_download() as told:
        page.get_by_role("link", name="Download the evidence (JSON)").click()
    return folder / "report.pdf", json.loads(told.value.path().read_bytes())


def make_token(page: Page) -> str:
    page.locator("details.account > summary").click()
    page.get_by_role("link", name="Tokens").click()
    page.get_by_role("link", name="Make a token").click()
    page.get_by_label("What it is for").fill("notebook")
    for scope in ("register", "run"):
        box = page.locator(f'input[name="scopes"][value="{scope}"]')
        box.set_checked(True)
    page.get_by_role("button", name="Make the token").click()
    return re.search(r"plb_[\w-]{43}", page.locator("main").inner_text())[0]


def compare(page: Page, audit: str) -> None:
    """With the one before it, which the page chooses; the same data and model give the same figures."""
    page.goto(f"/audits/{audit}/")
    page.get_by_role("link", name="Compare with an earlier audit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing that a rule rests on has changed")
    expect(page.get_by_role("heading", name="No verdict changed")).to_be_visible()
