"""Help, served with the program: every metric of the catalogue, and the pages of the documentation that users need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from audits.compare.comparable import plain_name
from audits.markdown import rendered
from audits.measure.conventions import CONVENTIONS
from audits.measure.meanings import MEANINGS, Meaning
from audits.measure.policy import load_policy
from models.accounts.access import organisation_for

DOCS = Path(settings.BASE_DIR) / "docs"
LIBRARIES = {"fairlearn": "fairlearn 0.15", "aif360": "AIF360 0.6"}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the help, which is a file of the documentation. `about` says what one finds there."""

    slug: str
    title: str
    about: str

    @property
    def file(self) -> Path:
        return DOCS / f"{self.slug}.md"


PAGES = (
    Page("verdicts", "How verdicts come about", "Why a rule looks at an interval, and what too close to call means."),
    Page("comparison", "Comparing two audits", "What counts as worse, and how many alarms are false."),
    Page("policy", "Policies", "Writing rules of your own, with limits, sources and waivers."),
    Page("formats", "File formats", "Which models and tables are read, and what the audit's JSON holds."),
    Page("converting", "Converting a model", "From scikit-learn, LightGBM, XGBoost or anything else to a safe file."),
    Page("api", "REST API", "Everything that the pages do, for programs."),
    Page("client", "Python client and gate", "From a notebook, a terminal or a pipeline."),
    Page("glossary", "Words", "What the words on these pages mean."),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    organisation_for(request)
    said = {"pages": list(there()), "metrics": len(MEANINGS), "documentation": documentation()}
    return render(request, "help/help.html", said)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Every metric by family, narrowed to those with the words asked for."""
    organisation_for(request)
    asked = request.GET.get("q", "").strip()[:200]
    found = [meaning for meaning in MEANINGS.values() if fits(meaning, asked)]
    families = [(name, list(each)) for name, each in groupby(sorted(found, key=family), key=lambda m: m.family)]
    return render(request, "help/metrics.html", {"families": families, "asked": asked, "found": len(found)})


@require_safe
def metric(request: HttpRequest, name: str) -> HttpResponse:
    """One metric: what it means, how it is worked out, who defines it otherwise, which rules judge by it."""
    organisation_for(request)
    meaning = MEANINGS.get(plain_name(name))
    if meaning is None:
        raise Http404("There is no such metric.")
    said = {
        "meaning": meaning,
        "elsewhere": [(LIBRARIES[library], how) for m, library, how in CONVENTIONS if m == meaning.name],
        "rules": [rule for rule in load_policy(None).rules if rule.metric == meaning.name],
    }
    return render(request, "help/metric.html", said)


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    organisation_for(request)
    found = next((each for each in there() if each.slug == slug), None)
    if found is None:
        raise Http404("There is no such page of the help.")
    title, body = rendered(found.file, frozenset((each.file.name, address(each)) for each in there()))
    said = {"title": title, "body": body, "documentation": documentation() if slug == "api" else None}
    return render(request, "help/page.html", said)


def there() -> Iterator[Page]:
    """The pages whose file is installed."""
    return (each for each in PAGES if each.file.is_file())


def address(found: Page) -> str:
    return reverse("help-page", args=[found.slug])


def documentation() -> str | None:
    """Where the API describes itself."""
    try:
        return reverse("api:openapi-view")
    except NoReverseMatch:
        return None


FAMILIES = ("Who gets what", "Errors", "Quality", "Scores", "Differences between groups", "Counts", "Explanation")


def family(meaning: Meaning) -> int:
    return FAMILIES.index(meaning.family)


def fits(meaning: Meaning, asked: str) -> bool:
    """Whether all words asked for stand somewhere in what is said of the metric."""
    entry = meaning.metric
    text = " ".join(
        (entry.name, entry.title, entry.plain, meaning.family, meaning.caution, entry.source, entry.elsewhere)
    )
    return all(word in text.lower() or word in entry.name for word in asked.lower().split())
