"""A session that ends while somebody types: what was typed is back once the same person is, and is nobody else's."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service

OFFICER, ENGINEER, ADMIN = (f"{who}@sample.example" for who in ("officer", "engineer", "administrator"))
PURPOSE = "Scores applications for loans; a clerk decides.\nWith the score in view."
NAMES = (f"Scoring of loans {number}" for number in itertools.count(1))
NEW = "/systems/new/"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(tmp_path_factory.mktemp("served") / "var")
    yield running
    running.stop()


def sign_in(page: Page, service: Service, who: str) -> None:
    page.get_by_label("E-mail address").fill(who)
    page.get_by_label("Password", exact=True).fill(service.people[who])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("details.account")).to_be_visible()


def begin(page: Page, service: Service, who: str, address: str) -> None:
    page.goto(address)
    sign_in(page, service, who)
    expect(page).to_have_url(service.address + address)


def end_session(page: Page) -> None:
    """As time does it: the page stays as it is, and the next request is a stranger's."""
    page.context.clear_cookies(name="sessionid")


def describe(page: Page, name: str) -> None:
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="Purpose").fill(PURPOSE)
    page.get_by_label("Stage").select_option(index=1)
    for box in page.locator('input[name="roles"]').all()[:2]:
        box.check()


def save(page: Page) -> None:
    page.locator("form.page button").last.click()


def sent_too_late(page: Page) -> None:
    end_session(page)
    save(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def typed(page: Page) -> dict[str, list[str]]:
    """What the form of this page says, without what is anew each time."""
    return page.evaluate(
        """() => Object.fromEntries([...new FormData(document.querySelector("form.page"))]
            .filter(([name]) => name !== "csrfmiddlewaretoken")
            .reduce((found, [name, value]) => found.set(name, [...(found.get(name) ?? []), value]), new Map()))"""
    )


def left(page: Page) -> str:
    """All that this tab keeps, but for the address that HTMX notes."""
    return page.evaluate(
        """() => JSON.stringify(Object.entries({...sessionStorage, ...localStorage})
            .filter(([name]) => name !== "htmx-current-path-for-history"))"""
    )


def back(page: Page):
    return page.get_by_role("alert").filter(has_text="What you typed is back in this form")


def test_what_was_typed_is_back_after_signing_in_again_and_is_saved_once(page: Page, service: Service) -> None:
    name = next(NAMES)
    begin(page, service, OFFICER, NEW)
    describe(page, name)
    said = typed(page)
    assert len(said["roles"]) == 2
    sent_too_late(page)
    expect(page.get_by_role("alert")).to_contain_text("it was not saved")
    expect(page.get_by_text("What you typed into a form is kept in this tab.")).to_be_visible()
    sign_in(page, service, OFFICER)
    expect(page).to_have_url(service.address + NEW)
    expect(back(page)).to_be_focused()
    assert typed(page) == said
    save(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    assert left(page) == "[]"
    page.goto(NEW)
    expect(page.get_by_role("textbox", name="Name")).to_have_value("")
    expect(back(page)).to_have_count(0)


def test_nothing_of_it_is_left_once_somebody_else_signs_in(page: Page, service: Service) -> None:
    name = next(NAMES)
    begin(page, service, OFFICER, NEW)
    describe(page, name)
    sent_too_late(page)
    assert name in left(page)
    sign_in(page, service, ENGINEER)
    assert left(page) == "[]"
    assert name not in page.content()
    end_session(page)
    page.goto(NEW)
    sign_in(page, service, OFFICER)
    expect(page.get_by_role("textbox", name="Name")).to_have_value("")


def test_signing_out_forgets_what_waited_for_its_form(page: Page, service: Service) -> None:
    begin(page, service, OFFICER, NEW)
    describe(page, next(NAMES))
    sent_too_late(page)
    page.goto("/profile/")
    sign_in(page, service, OFFICER)
    assert PURPOSE.split("\n")[0] in left(page)
    page.locator("details.account > summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect(page.get_by_text("What you typed into a form is kept")).to_be_hidden()
    assert left(page) == "[]"


def test_a_form_that_is_refused_keeps_its_own_words_and_the_tab_none(page: Page, service: Service) -> None:
    begin(page, service, OFFICER, NEW)
    page.get_by_role("textbox", name="Purpose").fill(PURPOSE)
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Give it a name.")
    expect(page.get_by_role("textbox", name="Purpose")).to_have_value(PURPOSE)
    expect(back(page)).to_have_count(0)
    assert left(page) == "[]"


def test_what_went_into_a_broken_line_is_back_in_its_form(page: Page, service: Service) -> None:
    name = next(NAMES)
    begin(page, service, OFFICER, NEW)
    describe(page, name)
    said = typed(page)
    page.route(f"**{NEW}", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    save(page)
    page.wait_for_url("chrome-error://**")
    page.goto(NEW)
    expect(back(page)).to_be_visible()
    assert typed(page) == said


def test_a_form_that_another_tabs_sign_in_made_void_is_as_it_was_when_one_goes_back(
    page: Page, service: Service
) -> None:
    name = next(NAMES)
    begin(page, service, OFFICER, NEW)
    describe(page, name)
    said = typed(page)
    end_session(page)
    other = page.context.new_page()
    other.goto("/")
    sign_in(other, service, OFFICER)
    save(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("This form could not be checked")
    expect(page.get_by_text("What you typed is kept in this tab")).to_be_visible()
    page.go_back()
    expect(back(page)).to_be_visible()
    assert typed(page) == said
    save(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_form_whose_answers_go_elsewhere_is_led_back_to(page: Page, service: Service) -> None:
    page.goto("/members/")
    sign_in(page, service, ADMIN)
    page.get_by_role("row", name="engineer@sample.example").get_by_role("link").click()
    expect(page.locator("form.page")).to_be_visible()
    address = page.url
    page.get_by_role("radio", name="Auditor").check()
    sent_too_late(page)
    sign_in(page, service, ADMIN)
    expect(page).to_have_url(address)
    expect(back(page)).to_be_visible()
    expect(page.get_by_role("radio", name="Auditor")).to_be_checked()


def test_what_is_put_back_does_not_write_over_what_somebody_saved_meanwhile(page: Page, service: Service) -> None:
    name = next(NAMES)
    begin(page, service, OFFICER, NEW)
    page.get_by_role("textbox", name="Name").fill(name)
    save(page)
    page.get_by_role("link", name="Change").first.click()
    address = page.url
    page.get_by_role("textbox", name="Purpose").fill("What is typed too late.")
    end_session(page)
    other = page.context.browser.new_context(base_url=service.address).new_page()
    begin(other, service, ADMIN, address.removeprefix(service.address))
    other.get_by_role("textbox", name="Purpose").fill(PURPOSE)
    save(other)
    expect(other.get_by_role("heading", level=1)).to_contain_text(name)
    other.context.close()
    save(page)
    sign_in(page, service, OFFICER)
    expect(page.get_by_role("textbox", name="Purpose")).to_have_value("What is typed too late.")
    save(page)
    expect(page).to_have_url(address)
    expect(page.locator("main")).to_contain_text(PURPOSE.split("\n")[0])


@pytest.mark.parametrize("shown", [False, True])
def test_passwords_and_codes_are_kept_by_no_tab(page: Page, service: Service, shown: bool) -> None:
    begin(page, service, OFFICER, "/profile/password/")
    for field in page.locator('input[type="password"]').all():
        field.fill("a sentence of one's own")
    if shown:
        while page.get_by_role("button", name="Show").count():
            page.get_by_role("button", name="Show").first.click()
        expect(page.locator('input[type="password"]')).to_have_count(0)
    sent_too_late(page)
    assert left(page) == "[]"


def test_a_tab_that_keeps_nothing_sends_its_forms_all_the_same(page: Page, service: Service) -> None:
    name = next(NAMES)
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }")
    begin(page, service, OFFICER, NEW)
    describe(page, name)
    sent_too_late(page)
    expect(page.get_by_text("What you typed into a form is kept")).to_be_hidden()
    sign_in(page, service, OFFICER)
    describe(page, name)
    save(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
