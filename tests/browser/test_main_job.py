"""The main job as a person does it: sign in, bring data and model, audit, read the verdicts, take the report home."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from demo.prepare import INPUTS, LABEL, clients, split

pytestmark = pytest.mark.timeout(240)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"width": 360, "height": 740}
PLUMBLINE = Path(sys.executable).with_name("plumbline")
DESK = {"width": 1280, "height": 900}
SENSITIVE = ("sex", "age_band")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Three thousand real clients, and a small real model of others."""
    import onnx

    learned, held_out = split(clients())
    inputs = learned[list(INPUTS)].to_numpy(np.float32)[:4000]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(inputs, learned[LABEL][:4000])
    converted = to_onnx(model, inputs[:1], options={"zipmap": False})
    onnx.helper.set_model_props(converted, {"feature_names": json.dumps(INPUTS)})
    data, file = tmp_path / "held-out.parquet", tmp_path / "model.onnx"
    held_out[:3000].to_parquet(data, index=False)
    file.write_bytes(converted.SerializeToString())
    return data, file


def test_sign_in_register_audit_read_download_sign_out(service, page, files, tmp_path):
    data, model = files
    sign_in(page, service)
    register_data(page, data)
    register_model(page, model)
    start_audit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("rule", timeout=180_000)
    read_result(page)
    report = download(page, tmp_path)
    assert subprocess.run([PLUMBLINE, "verify", report], capture_output=True).returncode == 0
    read_report(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/audits/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert page.complaints == []
    assert service.stop() == 0


def sign_in(page: Page, service) -> None:
    page.goto("/")
    fit_to_be_seen(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_label("E-mail address").fill("engineer@sample.example")
    page.get_by_label("Password").fill(service.people["engineer@sample.example"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Begin with data to audit on")
    fit_to_be_seen(page)


def register_data(page: Page, data: Path) -> None:
    page.get_by_role("link", name="Register a dataset").click()
    fit_to_be_seen(page)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a file.")
    assert len(page.complaints) == 1
    assert "422" in page.complaints.pop()
    page.get_by_label("Name").fill("Held-out clients")
    page.get_by_label("File").set_input_files(data)
    page.get_by_label("Label column").fill(LABEL)
    page.get_by_label("Sensitive columns").fill(", ".join(SENSITIVE))
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Held-out clients, version 1", timeout=30_000)
    expect(page.get_by_role("row", name=f"{LABEL} label")).to_be_visible()
    fit_to_be_seen(page)


def register_model(page: Page, model: Path) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Models").click()
    fit_to_be_seen(page)
    page.get_by_role("link", name="Register a model").click()
    page.get_by_label("Name").fill("Credit default model")
    page.get_by_label("File").set_input_files(model)
    page.get_by_label("Purpose").fill("Whether a client will default next month.")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Credit default model, version 1", timeout=30_000)
    fit_to_be_seen(page)


def start_audit(page: Page) -> None:
    page.get_by_role("link", name="Audit this version").click()
    page.get_by_label("Data").select_option("Held-out clients version 1")
    fit_to_be_seen(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit Credit default model version 1")
    for name in SENSITIVE:
        expect(page.get_by_role("checkbox", name=name)).to_be_checked()
    expect(page.get_by_label("Column that says what truly happened")).to_have_value(LABEL)
    expect(page.get_by_label("Positive value")).to_have_value("1")
    page.get_by_label("Value that benefits the person").fill("0")
    fit_to_be_seen(page)
    page.get_by_role("button", name="Start the audit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Audit of Credit default model version 1")
    expect(page.get_by_role("progressbar")).to_be_visible()
    fit_to_be_seen(page)


def read_result(page: Page) -> None:
    verdicts = page.get_by_role("table", name="Every rule and its verdict")
    expect(verdicts).to_contain_text("four-fifths[sex]")
    assert verdicts.locator(".verdict .shape").count() == verdicts.locator(".verdict").count() > 5
    expect(page.get_by_role("img").first).to_be_visible()
    fit_to_be_seen(page)


def download(page: Page, folder: Path) -> Path:
    with page.expect_download() as told:
        page.get_by_role("link", name="Download the report (PDF)").click()
    told.value.save_as(folder / "report.pdf")
    with page.expect_download() as told:
        page.get_by_role("link", name="Download the evidence (JSON)").click()
    assert json.loads(told.value.path().read_bytes())["schema"] == "plumbline.audit/1"
    return folder / "report.pdf"


def read_report(page: Page) -> None:
    page.get_by_role("link", name="Read it as a page").click()
    expect(page.get_by_role("navigation", name="Contents")).to_be_visible()
    fit_to_be_seen(page)


def fit_to_be_seen(page: Page) -> None:
    """Axe finds nothing, and on a phone nothing is cut off: only tables scroll, in themselves."""
    found = Axe().run(page, options={"runOnly": RULES})
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
    page.set_viewport_size(DESK)
