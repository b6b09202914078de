"""The parts that every page is made of: fields, the summary of errors, pagination, navigation."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.urls import reverse

from models.accounts.roles import ACTIONS, Role


class Everything(forms.Form):
    name = forms.CharField(help_text="As it is called.", error_messages={"required": "Give it a name."})
    word = forms.CharField(widget=forms.PasswordInput, required=False)
    said = forms.CharField(widget=forms.Textarea, max_length=500, required=False)
    sure = forms.BooleanField(help_text="You can change it.", error_messages={"required": "Say that you are sure."})
    many = forms.MultipleChoiceField(choices=[("a", "Apples"), ("b", "Pears")], widget=forms.CheckboxSelectMultiple)
    one = forms.ChoiceField(choices=[("x", "<b>Ten</b>"), ("y", "Eleven")], widget=forms.RadioSelect, required=False)


def drawn(template: str, **context) -> str:
    return Template("{% load pages %}" + template).render(Context(context))


@pytest.mark.parametrize("given", [None, {}], ids=["empty", "refused"])
@pytest.mark.parametrize("name", Everything.base_fields)
def test_every_control_has_a_label_and_is_described_by_what_stands_beside_it(given, name):
    form = Everything(given)
    page = drawn("{% field field %}", field=form[name])
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for control in re.findall(r"<(?:input|textarea|select)[^>]*>", page):
        own = re.search(r'\sid="([^"]+)"', control)[1]
        assert f'for="{own}"' in page
    for described in re.findall(r'aria-describedby="([^"]+)"', page):
        assert set(described.split()) <= set(ids)
    assert bool(given is not None and form[name].errors) == ("Error:" in page)


def test_a_choice_is_text_and_keeps_what_was_chosen():
    page = drawn("{% field form.one %}", form=Everything({"one": "x"}))
    assert "&lt;b&gt;Ten" in page
    assert re.search(r'value="x"[^>]*checked', page)
    assert "govuk-radios__input" in page


def test_each_point_of_the_summary_leads_to_a_control():
    form = Everything({})
    page = drawn("{% errors form %}{% for each in form %}{% field each %}{% endfor %}", form=form)
    points = re.findall(r'<a href="#([^"]+)">', page)
    assert len(points) == 3
    assert all(re.search(rf'<input[^>]*\sid="{point}"', page) for point in points)
    assert drawn("{% errors form %}", form=Everything()).strip() == ""


def test_pages_of_a_list_keep_what_it_is_narrowed_to(rf):
    page = Paginator(range(2000), 10).get_page(100)
    links = re.findall(
        r'href="([^"]+)"', drawn("{% pages page %}", page=page, request=rf.get("/?q=a%26b&page=100&o=1"))
    )
    assert links[0] == "?q=a%26b&amp;o=1&amp;page=99"
    assert links[-1] == "?q=a%26b&amp;o=1&amp;page=101"
    assert len(links) == 7
    assert {link.rpartition("=")[2] for link in links[1:-1]} == {"1", "99", "100", "101", "200"}


def test_one_page_needs_no_links(rf):
    page = Paginator(range(3), 10).get_page(1)
    assert drawn("{% pages page %}", page=page, request=rf.get("/")).strip() == ""


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_the_menu_shows_each_role_what_it_may_see(client, world, role):
    client.force_login(world.people[role])
    page = client.get(reverse("models")).content.decode()
    links = re.findall(r'<a[^>]*href="([^"]+)"[^>]*>([^<]+)</a>', page.split("</header>")[0])
    shown = {title: client.get(address).status_code for address, title in links}
    assert set(shown.values()) == {200}
    assert {"Overview", "Models", "Data", "Audits", "Jobs", "Help", "Profile", "Tokens"} <= set(shown)
    for title, action in {"Members": "manage members", "Webhooks": "manage webhooks", "Trail": "read trail"}.items():
        assert (title in shown) == (role in ACTIONS[action])
    assert re.search(r'href="/models/" aria-current="page"', page)
