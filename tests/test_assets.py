"""The committed style and script are what their sources build to, and carry nobody else's name or letters."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ASSETS, STATIC = ROOT / "assets", ROOT / "static"
BUILT = ("plumbline.css", "js/plumbline.js")
# the crown, the letters and the addresses of GOV.UK are not ours to show; its licence names its owner
FOREIGN = re.compile(rb"(?i)GDS Transport|crown|crest|govuk-header|govuk-footer|https?://[^\s\"')]*gov\.uk")


def test_what_is_served_was_built_from_the_sources_as_they_are():
    names = [
        "build.mjs",
        "package.json",
        *(path.relative_to(ASSETS).as_posix() for part in ("css", "js") for path in (ASSETS / part).iterdir()),
    ]
    told = hashlib.sha256()
    for name in sorted(names):
        told.update(name.encode() + b"\0" + (ASSETS / name).read_bytes() + b"\0")
    assert len(names) > 10
    for name in BUILT:
        assert f"Built from assets/ ({told.hexdigest()[:16]})" in (STATIC / name).read_text(), "run: make assets"


@pytest.mark.skipif(
    not shutil.which("node") or not (ASSETS / "node_modules").is_dir(), reason="node and its packages are not there"
)
def test_the_sources_build_to_what_is_served(tmp_path):
    subprocess.run(["node", "build.mjs", tmp_path], cwd=ASSETS, check=True, timeout=120)
    for name in BUILT:
        assert (tmp_path / name).read_bytes() == (STATIC / name).read_bytes(), "run: make assets"


def test_every_style_and_script_has_a_compressed_copy_and_each_is_of_its_file():
    copies = set(STATIC.rglob("*.gz"))
    assert {f"{path}.gz" for path in (*STATIC.rglob("*.css"), *STATIC.rglob("*.js"))} == {str(copy) for copy in copies}
    assert len(copies) > len(BUILT)
    for copy in copies:
        assert gzip.decompress(copy.read_bytes()) == copy.with_suffix("").read_bytes(), copy.name


def test_nothing_served_has_the_crown_the_letters_or_an_address_of_gov_uk():
    served = [path for path in STATIC.rglob("*") if path.is_file() and path.name != "LICENSE.txt"]
    assert len(served) > 10
    assert [path.name for path in served if FOREIGN.search(path.read_bytes())] == []


def test_the_packages_are_pinned_and_no_lock_file_names_where_they_came_from():
    wanted = re.findall(r'"([\w-]+)": "([^"]+)"', (ASSETS / "package.json").read_text().split("devDependencies")[1])
    assert {name for name, _ in wanted} == {"esbuild", "govuk-frontend", "sass"}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for _, version in wanted)
    assert not (ASSETS / "package-lock.json").exists()
