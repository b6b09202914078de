"""What holds of the repository as a whole: who imports whom, and what no committed file says."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["name"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
SCIENCE = CONTRACTS["Science imports neither Django nor the service"]["source_modules"]

# A service file stands at a room's root; a folder below it is science. These folders are Django's own.
ROOMS = (
    "audits",
    "privacy",
    "synthetic",
    "governance",
    "models/accounts",
    "models/trail",
    "models/jobs",
    "models/registry",
)
DJANGOS_FOLDERS = {"migrations", "management", "templatetags", "views", "__pycache__"}

# registries of packages, and what a file that was resolved against one leaves behind
REGISTRY = re.compile(
    rb"(?i)--(extra-)?index-url\s+\S*:/|--find-links\s+\S*/|files\.pythonhosted|https?://[^\s\"']*/simple\b|registry\.npmjs"
)


def committed_files() -> list[Path]:
    """What git tracks, or in an unpacked archive without history everything outside of what is ignored."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [path for name in listed.split(b"\0") if name and (path := ROOT / os.fsdecode(name)).is_file()]


def without(*blocked: str) -> str:
    """Python that makes importing these packages an error."""
    return f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def refusing(*heavy: str) -> str:
    """Python that fails as soon as one of these is looked for, installed or not."""
    return f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        assert name.partition(".")[0] not in {heavy!r}, f"{{name}} was imported"
sys.meta_path.insert(0, Refuse())
"""


def modules_below(package: str) -> list[str]:
    folder = ROOT / package.replace(".", "/")
    if not folder.is_dir():
        return [package]
    return [package, *(found.name for found in pkgutil.walk_packages([str(folder)], f"{package}."))]


def test_every_folder_of_science_can_be_imported_where_there_is_no_django():
    names = [name for package in SCIENCE for name in modules_below(package)]
    assert len(names) > len(SCIENCE)
    imports = "import importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in names)
    done = python(without("django", "celery") + imports)
    assert done.returncode == 0, done.stderr


def test_every_folder_of_a_room_is_held_to_the_rules_of_science():
    folders = {
        f"{room}/{folder.name}".replace("/", ".")
        for room in ROOMS
        for folder in (ROOT / room).iterdir()
        if folder.is_dir() and folder.name not in DJANGOS_FOLDERS and any(folder.rglob("*.py"))
        if not (folder / "apps.py").exists()  # a room inside a room
    }
    assert folders - set(SCIENCE) == set()


def test_imports_run_one_way():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_the_web_process_never_imports_what_only_workers_need(tmp_path):
    web = "import governance.wsgi\nfrom django.urls import get_resolver\nassert get_resolver().url_patterns"
    done = python(refusing("torch", "shap", "sdv", "flwr", "opacus") + web, PLUMBLINE_VAR=str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_init_files_are_empty_so_that_nothing_is_dragged_in():
    """The client's is its public face, and loads what is asked for only then."""
    full = [path for path in committed_files() if path.name == "__init__.py" and path.read_text().strip()]
    assert full == [ROOT / "client" / "plumbline_client" / "__init__.py"]


def test_no_committed_text_names_a_registry_address():
    named = [path for path in committed_files() if path != Path(__file__) and REGISTRY.search(path.read_bytes())]
    assert named == []


def test_no_committed_text_names_a_place_of_the_machine_it_was_written_on():
    places = re.compile(rb"/work/(main|shared)|\.\./shared|/root/")
    named = [path for path in committed_files() if path != Path(__file__) and places.search(path.read_bytes())]
    assert named == []


def test_every_setting_is_documented():
    read = re.compile(r'environment\.\w+\(\s*"(\w+)"')
    settings = set(read.findall((ROOT / "governance" / "settings.py").read_text()))
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    assert settings == documented


def test_no_page_of_the_documentation_links_to_what_is_not_there():
    pages = [path for path in committed_files() if path.suffix == ".md"]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("group", ["core", *PROJECT["project"]["optional-dependencies"]])
def test_the_pinned_files_have_every_package_the_project_asks_for(group):
    pinned = pins(ROOT / "requirements" / f"{group}.txt")
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"].get(group, [])
    assert {name_of(requirement) for requirement in wanted} - set(pinned) == set()


def test_the_project_asks_for_every_package_that_it_imports():
    """Not by way of another one, which may do without it some day."""
    installed = importlib.metadata.packages_distributions()
    groups = [PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()]
    named = {name_of(requirement) for group in groups for requirement in group}
    ours = {"audits", "privacy", "synthetic", "governance", "models", "demo", "plumbline_client"}
    files = [path for path in committed_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ours]
    imported = {(name, path.relative_to(ROOT)) for path in files for name in imports_of(path)}
    foreign = {(name, path) for name, path in imported if name not in ours | sys.stdlib_module_names}
    assert len({name for name, _ in foreign}) > 40
    # of a group that is not installed, the distribution has the package's name
    brought = {name: {name_of(each) for each in installed.get(name, (name,))} for name, _ in foreign}
    assert [each for each in foreign if not named & brought[each[0]]] == []


def imports_of(path: Path) -> set[str]:
    """The packages that this file imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.split(".")[0] for name in plain | parts}


def test_any_groups_together_ask_for_one_version_of_each_package():
    everything = pins(ROOT / "requirements" / "all.txt")
    for file in (ROOT / "requirements").glob("*.txt"):
        assert pins(file).items() <= everything.items(), file.name


def pins(file: Path) -> dict[str, str]:
    lines = (line for line in file.read_text().splitlines() if "==" in line)
    return {name_of(line): line.split("==", 1)[1] for line in lines}


def name_of(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


def test_the_environment_is_the_one_that_is_pinned():
    core = pins(ROOT / "requirements" / "core.txt")
    installed = {name_of(found.metadata["Name"]): found.version for found in importlib.metadata.distributions()}
    differing = {name: (version.split(" ;")[0], installed.get(name)) for name, version in core.items()}
    assert {name: pair for name, pair in differing.items() if pair[1] is not None and pair[0] != pair[1]} == {}
