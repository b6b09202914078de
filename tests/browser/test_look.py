"""Every page that can be read, in a real Chromium: legible, reached by keyboard, nothing cut off.

The pages are those of tests/pages/places.py, so a new one is walked as soon as it is listed there. LOOK_PICTURES names
a folder for a picture of each at two widths, for people to look at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, Route

from audits.models import Audit
from models.accounts.models import User
from models.accounts.roles import ACTIONS, Role
from models.registry.models import Dataset, Model
from tests.models.people import organisation, person
from tests.pages.conftest import World, files, kept, made, world  # noqa: F401
from tests.pages.places import PLACES

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
ENLARGED = {"width": 320, "height": 256}  # 1280 by 1024 at 400%
SAID = ("400", "403_csrf", "500")

# What takes the focus by Tab, and of those that took it, whether one sees it.
REACHABLE = """() => {
  const shown = e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length;
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')];
  const one = e => e.type !== 'radio' || e.checked || !document.querySelector(`input[name="${e.name}"]:checked`)
      && e === document.querySelector(`input[type=radio][name="${e.name}"]`);
  window.expected = all.filter(e => shown(e) && !e.disabled && e.type !== 'hidden' && e.tabIndex >= 0 && one(e));
  window.seen = new Map();
  const drawn = (e, pseudo) => {
    const style = getComputedStyle(e, pseudo);
    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
        && !/, 0\\)$/.test(style.outlineColor);
    return outlined || style.boxShadow !== 'none';
  };
  document.addEventListener('focusin', event => {
    const e = event.target, label = e.labels?.[0];
    seen.set(e, drawn(e) || (label && drawn(label, '::before')));
  });
  return expected.length;
}"""
LEFT_OUT = """() => {
  const name = e => e.outerHTML.slice(0, 140);
  return {unreached: expected.filter(e => !seen.has(e)).map(name),
          unseen: [...seen].filter(([e, drawn]) => !drawn && e.id !== 'main').map(([e]) => name(e))};
}"""
FIGURES = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => parts(colour).slice(0, 3).map(c => c / 255)
      .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
      .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const against = light('rgb(243, 232, 226)');  // the shaded side of a limit, the darkest ground there is
  const contrast = colour => (against + .05) / (light(colour) + .05);
  const wrong = [];
  for (const figure of document.querySelectorAll('figure:has(svg)')) {
    const say = what => wrong.push(`${figure.id}: ${what}`);
    if (!figure.querySelector('svg > title')?.textContent.trim()) say('no title in the drawing');
    const finding = figure.querySelector('figcaption strong')?.textContent ?? '';
    if (finding.split(' ').length < 5) say('no finding below it');
    if (!figure.closest('section')?.querySelector('table') && !document.querySelector('#verdicts')) say('no table');
    for (const text of figure.querySelectorAll('svg text')) {
      if (!text.textContent.trim()) continue;
      const style = getComputedStyle(text), box = text.getBoundingClientRect();
      if (contrast(style.fill) < 4.5) say(`${text.textContent} is too pale: ${style.fill}`);
      if (box.height < 10) say(`${text.textContent} is ${box.height} high`);
    }
  }
  return wrong.slice(0, 5);
}"""
DEAD_POINTS = """() => [...document.querySelectorAll('.problem a')].map(e => e.getAttribute('href'))
  .filter(href => !document.getElementById(href.slice(1)))"""
CUT_OFF = """() => {
  const width = document.documentElement.scrollWidth;
  const wide = width > innerWidth ? [`the page is ${width} wide`] : [];
  const inside = e => /auto|scroll/.test(getComputedStyle(e).overflowX);
  const scrolls = e => e !== document.body && (inside(e) || scrolls(e.parentElement));
  const hidden = e => e.closest('.visually-hidden, .skip, [hidden], svg') || !e.checkVisibility();
  const out = [...document.querySelectorAll('main *, header *')].filter(e => !hidden(e)
      && e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e.parentElement));
  return wide.concat(out.slice(0, 3).map(e => e.outerHTML.slice(0, 140)));
}"""


@dataclass(frozen=True)
class Stop:
    """A page to look at, and who looks; nobody for who is not signed in."""

    name: str
    address: str
    person: User | None
    status: int = 200

    @property
    def takes(self) -> bool:
        """Whether it is a form."""
        place = PLACES.get(self.name.split()[0])
        return place is not None and "POST" in place.methods


def stops(at: World) -> Iterator[Stop]:
    """Every page that is HTML with everything on it, every list with nothing on it, and what is said of failures."""
    newcomer = person(Role.ADMINISTRATOR, organisation("Nothing Yet"))
    for name, place in PLACES.items():
        if not place.is_read:
            continue
        who = at.people[visitor(place.action)] if place.action else None
        yield from pages_of(Stop(name, place.address(name, at), who))
        if who and not place.parts(at) and "POST" not in place.methods:
            yield from pages_of(Stop(f"empty {name}", place.address(name, at), newcomer))
    yield from (stop for name, address in others(at) for stop in pages_of(Stop(name, address, at.people["engineer"])))
    yield Stop("404", "/there/is/nothing/here/", newcomer, 404)
    yield Stop("403", "/models/register/", at.people["auditor"], 403)
    for name in SAID:
        yield Stop(name, f"/said/{name}", None, int(name[:3]))


def others(at: World) -> Iterator[tuple[str, str]]:
    """Pages that look different at another address of theirs."""
    yield "start-audit filled", f"{reverse('start-audit')}?dataset={at.dataset.pk}"
    yield "start-audit model", f"{reverse('start-audit')}?dataset={at.dataset.pk}&model={at.model.pk}"
    yield "audit waiting", reverse("audit", args=[at.waiting.pk])
    yield "audit failed", reverse("audit", args=[Audit.unscoped.get(job_id=at.failed.pk).pk])
    yield "api", "/api/v1/docs"
    yield "api problems", "/api/v1/problems"
    yield "api problem", "/api/v1/problems/invalid"
    yield "job waiting", reverse("job", args=[at.waiting.job_id])
    yield "job done", reverse("job", args=[at.done.job_id])
    for name in ("models", "datasets", "audits", "jobs", "trail"):
        yield f"{name} none found", f"{reverse(name)}?q=nothing+is+called+so&page=10000"


def pages_of(stop: Stop) -> Iterator[Stop]:
    """The stop, if it is a page and not a file or a part of one."""
    client = Client()
    if stop.person:
        client.force_login(stop.person)
    answer = client.get(stop.address)
    content = b"".join(answer) if answer.streaming else answer.content
    if answer.status_code == 200 and b"<html" in content[:2000]:
        yield stop


def visitor(action: str) -> str:
    """Who sees the most of a page."""
    order = (Role.ADMINISTRATOR, Role.OFFICER, Role.APPROVER, Role.ENGINEER, Role.AUDITOR)
    return next(role for role in order if role in ACTIONS[action]).value


class Walk:
    """All pages, each as a person that may see it, in one context for each person."""

    def __init__(self, browser: Browser, address: str, at: World) -> None:
        self.browser, self.address = browser, address
        self.stops = list(stops(at))
        assert len(self.stops) > 20

    @property
    def full(self) -> list[Stop]:
        """Without the empty lists, where what a check is about is the same on both."""
        return [stop for stop in self.stops if not stop.name.startswith("empty ")]

    def faults(
        self,
        check: Callable[[Page], Any],
        viewport: dict[str, int],
        only: list[Stop] | None = None,
        status: int | None = None,
        **options: Any,
    ) -> list[str]:
        """Whatever `check` finds wrong, page by page; `status` is one that it provokes."""
        found: list[str] = []
        with self.contexts(viewport, options) as context_of:
            for stop in only or self.stops:
                page = context_of(stop.person).pages[0]
                complaints = listen(page)
                page.goto(stop.address)
                wrong = check(page)
                wrong = [] if not wrong else [wrong] if isinstance(wrong, str) else list(wrong)
                wrong += [said for said in complaints if f"status of {status or stop.status}" not in said]
                page.remove_listener("console", complaints.listener)
                found += [f"{stop.name} ({stop.address}): {each}" for each in wrong]
        return found

    @contextmanager
    def contexts(self, viewport: dict[str, int], options: dict[str, Any]) -> Iterator[Callable[..., BrowserContext]]:
        opened: dict[User | None, BrowserContext] = {}

        def context_of(who: User | None) -> BrowserContext:
            if who not in opened:
                opened[who] = self.browser.new_context(base_url=self.address, viewport=viewport, **options)
                opened[who].route("**/said/*", say)
                opened[who].new_page()
                if who:
                    opened[who].add_cookies([self.session(who)])
            return opened[who]

        yield context_of
        for context in opened.values():
            context.close()

    def session(self, who: User) -> dict[str, Any]:
        client = Client()
        client.force_login(who)
        return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": self.address}


def say(route: Route) -> None:
    """A page that no address leads to: what is answered when something goes wrong."""
    name = route.request.url.rpartition("/")[2]
    route.fulfill(body=render_to_string(f"{name}.html"), content_type="text/html", status=int(name[:3]))


class Complaints(list[str]):
    listener: Any


def listen(page: Page) -> Complaints:
    """What the browser complains of: a script that fails, a style that the policy forbids, a file that is not there."""
    complaints = Complaints()
    complaints.listener = lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None
    page.on("console", complaints.listener)
    return complaints


@pytest.fixture
def walk(browser, live_server, world) -> Walk:  # noqa: F811
    return Walk(browser, live_server.url, world)


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
    found = Axe().run(page, options={"runOnly": only, "resultTypes": ["violations"]}).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"][:3]]


def test_axe_finds_nothing_on_any_page(walk):
    assert walk.faults(violations, DESK) == []


def test_nothing_is_cut_off_and_everything_can_be_hit_on_a_phone(walk):
    def check(page: Page) -> list[str]:
        return page.evaluate(CUT_OFF) + violations(
            page, ["target-size", "color-contrast", "scrollable-region-focusable"]
        )

    assert walk.faults(check, PHONE, has_touch=True) == []


def test_nothing_is_cut_off_at_four_hundred_percent_whatever_its_name(walk, world):  # noqa: F811
    for kind, thing in ((Model, world.model.model), (Dataset, world.dataset.dataset)):
        kind.unscoped.filter(pk=thing.pk).update(name="W" * 200, owner="i" * 200, description="_" * 10_000)
    assert walk.faults(lambda page: page.evaluate(CUT_OFF), ENLARGED) == []


def test_the_keyboard_reaches_everything_and_one_sees_where_it_is(walk):
    """From the link that skips the navigation through the whole page; what scrolls may take the focus besides."""

    def check(page: Page) -> list[str]:
        wanted = page.evaluate(REACHABLE)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        wrong = [] if page.evaluate("document.activeElement.id") == "main" else ["no link leads to the content"]
        for _ in range(3):
            for _ in range(wanted):
                page.keyboard.press("Tab")
            left = page.evaluate(LEFT_OUT)
            if not left["unreached"]:
                break
        return wrong + [f"{what}: {each}" for what, elements in left.items() for each in elements[:3]]

    assert walk.faults(check, DESK, only=walk.full) == []
    assert walk.faults(check, PHONE, only=walk.full[:3]) == []


def test_without_script_every_section_and_the_account_menu_can_be_reached(walk):
    def check(page: Page) -> list[str]:
        missing = [name for name in ("Overview", "Help") if not page.get_by_role("link", name=name, exact=True).count()]
        menu = page.locator("details.account > summary")
        if not menu.count():
            return []
        menu.click()
        return missing + (
            [] if page.get_by_role("button", name="Sign out", exact=True).is_visible() else ["no way to sign out"]
        )

    assert walk.faults(check, PHONE, only=walk.full, java_script_enabled=False) == []


def test_colours_that_the_reader_chose_leave_shapes_and_edges(walk):
    """In forced colours a background says nothing: buttons keep an edge, verdicts their shape; and nothing moves."""

    def check(page: Page) -> list[str]:
        return page.evaluate("""() => {
            const style = e => getComputedStyle(e);
            const buttons = [...document.querySelectorAll('main button:not(.plain), main .button')];
            const bare = buttons.filter(e => e.checkVisibility() && style(e).borderTopStyle === 'none');
            const shapes = [...document.querySelectorAll('.shape')].filter(e => e.checkVisibility()
                && style(e).backgroundColor === 'rgba(0, 0, 0, 0)' && style(e).borderTopWidth === '0px');
            const moving = document.getAnimations().map(each => each.effect.target);
            return [...bare, ...shapes, ...moving].slice(0, 3).map(e => e.outerHTML.slice(0, 140));
        }""")

    assert walk.faults(check, DESK, only=walk.full, forced_colors="active", reduced_motion="reduce") == []


def test_a_form_that_is_refused_says_so_where_one_is(walk):
    """What is wrong stands at the top, has the focus, and leads to the fields."""
    refused = []

    def check(page: Page) -> list[str]:
        send = page.locator("main form.page[method=post] button:not([type=button], .plain, .second, .danger)").first
        if not send.count():
            return []
        with page.expect_navigation():
            send.click()
        if not page.locator(".problem").count():
            return []
        refused.append(page.url)
        focused = page.evaluate("document.activeElement.matches('.problem')")
        wrong = [] if focused else ["the summary of errors has no focus"]
        wrong += [] if page.title().startswith("Error: ") else [f"the title is {page.title()}"]
        return wrong + page.evaluate(DEAD_POINTS) + violations(page)

    assert walk.faults(check, DESK, only=[stop for stop in walk.full if stop.takes], status=422) == []
    assert len(refused) > 2


def test_every_figure_says_what_it_shows_and_can_be_read(walk):
    """A finding for a title, words for who cannot see it, the same as a table, letters large and dark enough."""
    drawn = []

    def check(page: Page) -> list[str]:
        drawn.append(page.locator("figure svg").count())
        return page.evaluate(FIGURES)

    assert (
        walk.faults(check, PHONE, only=[stop for stop in walk.full if stop.name.startswith(("audit", "compar"))]) == []
    )
    assert sum(drawn) > 2


@pytest.mark.skipif("LOOK_PICTURES" not in os.environ, reason="only for people who want to look")
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_pictures(walk, size):
    folder = Path(os.environ["LOOK_PICTURES"])
    folder.mkdir(exist_ok=True)
    left = iter(walk.stops)

    def check(page: Page) -> None:
        page.screenshot(path=folder / f"{next(left).name}-{size['width']}.png", full_page=True)

    assert walk.faults(check, size) == []
    assert len(list(folder.glob(f"*-{size['width']}.png"))) > 20
