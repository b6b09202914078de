"""The help: a page for every metric, the documentation's pages, and examples that do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from audits.help import PAGES
from audits.markdown import rendered
from audits.measure.catalogue import METRICS
from audits.measure.meanings import MEANINGS
from models.registry.formats.discovery import recognised
from tests.models.people import person

DOCS = Path(settings.BASE_DIR) / "docs"


@pytest.fixture
def reader(client, db):
    client.force_login(person())
    return client


def test_every_metric_has_a_page_with_all_that_the_catalogue_says(reader):
    assert set(MEANINGS) == set(METRICS)
    for name, entry in METRICS.items():
        page = reader.get(f"/help/metrics/{name}/")
        assert page.status_code == 200, name
        text = page.content.decode()
        for said in (entry.title, entry.formula, entry.range, MEANINGS[name].caution):
            assert said.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&#x27;") in text, (name, said)


def test_a_metric_named_with_a_rules_min_n_leads_to_its_own_page(reader):
    page = reader.get("/help/metrics/disparate_impact_min_n_100/")
    assert "<h1>Disparate impact: what it says</h1>" in page.content.decode()


def test_metrics_are_found_by_what_they_mean(reader):
    found = reader.get("/help/metrics/", {"q": "errors differ"}).content.decode()
    assert "/help/metrics/equalized_odds_difference/" in found
    assert "/help/metrics/roc_auc/" not in found
    assert reader.get("/help/metrics/", {"q": "' OR 1=1 --"}).context["found"] == 0


@pytest.mark.parametrize("asked", ["<script>alert(1)</script>", "x" * 10_000, "\u202e"])
def test_what_is_asked_for_stays_text(reader, asked):
    page = reader.get("/help/metrics/", {"q": asked})
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_every_page_of_the_help_is_a_file_of_the_documentation(reader):
    shown = [page for page in PAGES if page.file.is_file()]
    assert {"verdicts", "comparison", "policy", "formats", "converting", "glossary"} <= {page.slug for page in shown}
    home = reader.get("/help/").content.decode()
    for page in shown:
        assert f'href="/help/{page.slug}/"' in home
        text = reader.get(f"/help/{page.slug}/").content.decode()
        title = page.file.read_text().splitlines()[0].removeprefix("# ")
        assert f"<h1>{title}</h1>" in text
        assert "```" not in text


@pytest.mark.parametrize("address", ["metrics/luck/", "nothing/", "..%2fsettings/", "security/"])
def test_what_is_not_there_is_not_found(reader, address):
    assert reader.get(f"/help/{address}").status_code == 404


def test_a_page_is_rendered_without_its_html_and_without_links_that_lead_away(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(
        "# A title\n\n<b>raw</b> [there](policy.md#rules) [away](https://example.org) | x\n\n| a |\n| - |\n| 1 |\n"
    )
    title, body = rendered(file, frozenset({("policy.md", "/help/policy/")}))
    assert title == "A title"
    assert "<b>" not in body
    assert '<a href="/help/policy/#rules">there</a> away' in body
    assert "example.org" not in body
    assert '<th scope="col">a</th>' in body
    assert body.count('role="region"') == 1


EXAMPLES = {
    "scikit-learn: skops": ("scikit-learn", "model.skops"),
    "scikit-learn: ONNX": ("scikit-learn", "model.onnx"),
    "LightGBM": ("LightGBM", "model.txt"),
    "XGBoost": ("XGBoost", "model.ubj"),
    "Anything else: predictions only": ("scikit-learn", "predictions.parquet"),
}
FITTED = {
    "scikit-learn": "from sklearn.linear_model import LogisticRegression\nmodel = LogisticRegression().fit(X, y)\n",
    "LightGBM": "import lightgbm\nmodel = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(X, y)\n",
    "XGBoost": "import xgboost\nmodel = xgboost.XGBClassifier(n_estimators=3).fit(X, y)\n",
}
DATA = """
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
X = pd.DataFrame({"income": rng.normal(size=200), "debts": rng.normal(size=200)})
y = (X.income > X.debts).astype(int)
"""


def test_every_example_of_converting_is_known_to_this_test():
    parts = re.split(r"^## ", (DOCS / "converting.md").read_text(), flags=re.MULTILINE)[1:]
    assert {part.splitlines()[0] for part in parts} == set(EXAMPLES)


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_of_converting_makes_a_file_that_is_read(title, tmp_path):
    """The code as it stands on the page, run by a Python of its own; the file it writes is recognised and its inputs
    are found."""
    kind, made = EXAMPLES[title]
    if kind == "XGBoost":
        pytest.importorskip("xgboost")
    part = (DOCS / "converting.md").read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    [code] = re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    script = tmp_path / "convert.py"
    script.write_text(DATA + FITTED[kind] + code)
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    signature = recognised(tmp_path / made).inspect(tmp_path / made).to_json()
    if made != "predictions.parquet":
        assert "income" in str(signature)
        assert "debts" in str(signature)
