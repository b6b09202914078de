"""A large file in a real browser: in parts, over a line that breaks, across a reload, and cancelled."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Service
from tests.browser.steps import sign_in
from tests.faults.service import wait_until

PATIENCE = 60_000
ROWS = 220_000
DRAWN = itertools.count()
PART = re.compile(r"/api/v1/uploads/[0-9a-f-]+/parts/\d+$")
LOST = "net::ERR"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all of these tests: what each registers has a name of its own."""
    running = Service(tmp_path_factory.mktemp("served") / "var")
    yield running
    running.stop()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """About 18 MB of noise, which no compression makes smaller: three parts, and other bytes in each test."""
    path = tmp_path / "people.parquet"
    drawn = np.random.default_rng(next(DRAWN))
    frame = pd.DataFrame({f"amount_{i}": drawn.random(ROWS) for i in range(10)})
    frame["label"], frame["sex"] = drawn.integers(0, 2, ROWS), np.where(drawn.random(ROWS) < 0.5, "female", "male")
    frame.to_parquet(path, index=False)
    assert path.stat().st_size > 2 * 8 * 1024 * 1024
    return path


class Line:
    """What went over the line; it can be cut for some of the parts to come."""

    def __init__(self, page: Page) -> None:
        self.arrived: list[str] = []
        self.cut = 0
        page.route(PART, self.part)

    def part(self, route: Route) -> None:
        if self.cut:
            self.cut -= 1
            route.abort("connectionreset")
            return
        self.arrived.append(route.request.url.rsplit("/", 1)[1])
        route.continue_()


def fill(page: Page, table: Path, name: str = "People") -> None:
    page.goto("/datasets/register/")
    page.get_by_label("Name").fill(name)
    page.locator("#id_file").set_input_files(table)
    page.get_by_role("button", name="Register", exact=True).click()


def registered(page: Page, name: str = "People") -> None:
    """At the version, by way of the job's page where this machine is slow."""
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile("version 1|is done"), timeout=PATIENCE)
    if "is done" in heading.inner_text():
        page.get_by_role("link", name="See the result").click()
    expect(heading).to_contain_text(f"{name}, version 1")


def ours(page: Page) -> list[str]:
    """The browser says itself that a request was cut; that was us."""
    return [said for said in page.complaints if LOST not in said]


def test_a_large_file_goes_in_parts_and_a_broken_line_costs_one_part(page: Page, service, table: Path) -> None:
    sign_in(page, service)
    line = Line(page)
    line.cut = 2
    fill(page, table)
    expect(page.get_by_role("status").filter(has_text="is lost")).to_contain_text(
        "what is here stays here", timeout=PATIENCE
    )
    registered(page)
    expect(page.locator("main")).to_contain_text("220\u202f000 rows")
    assert sorted(line.arrived) == ["0", "1", "2"]
    assert ours(page) == []


def test_after_a_reload_only_what_is_missing_is_sent(page: Page, service, table: Path) -> None:
    sign_in(page, service)
    line = Line(page)
    page.route(re.compile(r"/parts/2$"), lambda route: route.abort("connectionreset"))
    fill(page, table, "Clients")
    expect(page.get_by_role("status").filter(has_text="is lost")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(500)
    assert sorted(line.arrived) == ["0", "1"]
    page.unroute(re.compile(r"/parts/2$"))
    line.arrived.clear()
    fill(page, table, "Clients")
    registered(page, "Clients")
    assert line.arrived == ["2"]
    assert ours(page) == []


def test_an_upload_can_be_cancelled_and_leaves_nothing(page: Page, service, table: Path) -> None:
    sign_in(page, service)
    page.route(re.compile(r"/parts/1$"), lambda route: route.abort("connectionreset"))
    fill(page, table)
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("Cancelled. Nothing of it was kept.")
    expect(page.get_by_role("button", name="Register", exact=True)).to_be_enabled()
    wait_until(lambda: not any((service.folder / "blobs" / "parts").glob("*/*")), "its parts to go")
    assert ours(page) == []


def test_a_refused_file_is_told_of_beside_the_field(page: Page, service, tmp_path: Path) -> None:
    sign_in(page, service)
    large = tmp_path / "people.csv"
    large.write_bytes(b"\x80\x04" + b"x" * (9 << 20))
    fill(page, large)
    expect(page.locator("#id_file_error")).to_contain_text("pickle", timeout=PATIENCE)
    assert page.get_by_label("Name").input_value() == "People"


def test_what_came_with_a_wrong_word_is_still_here(page: Page, service, table: Path) -> None:
    sign_in(page, service)
    page.goto("/datasets/register/")
    page.get_by_label("Label column").fill("nowhere")
    page.get_by_label("Name").fill("Staff")
    page.locator("#id_file").set_input_files(table)
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator("main")).to_contain_text("no column 'nowhere'", timeout=PATIENCE)
    if page.get_by_role("link", name="Back to where it was asked for").count():
        page.get_by_role("link", name="Back to where it was asked for").click()  # this machine was slow
    expect(page.locator("main")).to_contain_text("is here already")
    expect(page.get_by_label("Name")).to_have_value("Staff")
    page.get_by_label("Label column").fill("label")
    page.get_by_role("button", name="Register", exact=True).click()
    registered(page, "Staff")
