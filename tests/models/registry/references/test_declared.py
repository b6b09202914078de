"""What an operator declares, and what people may say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import InputError
from models.registry.references.declared import Reference, SourceError, read_sources

DECLARED = """
[lake]
url = "s3://bank-lake/scoring?endpoint=https://s3.example.org&region=eu-central-1"
access_key = "${LAKE_KEY}"
secret_key = "${LAKE_SECRET}"

[warehouse]
url = "postgres://plumbline:${PASSWORD}@db.example.org:5432/prod"
organisations = ["Acme Bank"]
schemas = ["scoring"]
seconds = 60
"""
ENVIRONMENT = {"LAKE_KEY": "key", "LAKE_SECRET": "s/e+c", "PASSWORD": "p@ss/word"}


def read(path: Path, text: str, **environment: str):
    path.write_text(text)
    return read_sources(path, ENVIRONMENT | environment)


def test_places_are_read_with_what_stands_in_the_environment(tmp_path: Path) -> None:
    found = read(tmp_path / "sources.toml", DECLARED)
    lake, warehouse = found["lake"], found["warehouse"]
    assert (lake.kind, lake.organisations, lake.is_database) == ("s3", None, False)
    assert (lake.bucket().name, lake.bucket().key, lake.bucket().secret) == ("bank-lake", "key", "s/e+c")
    assert warehouse.url == "postgres://plumbline:p%40ss%2Fword@db.example.org:5432/prod"
    assert (warehouse.kind, warehouse.seconds, warehouse.schemas) == ("postgresql", 60, {"scoring"})
    for secret in (*ENVIRONMENT.values(), "example.org"):
        assert secret not in repr(found)


WRONG = {
    "no toml": ("[lake", "cannot be read"),
    "no table": ('lake = "s3://x"', "takes url"),
    "no address": ("[lake]\nseconds = 1", "takes url"),
    "an unknown key": ('[lake]\nurl = "s3://x/y"\npassword = "x"', "takes url"),
    "an unknown kind": ('[lake]\nurl = "http://127.0.0.1/"', "its url begins with"),
    "an S3 address that is none": ('[lake]\nurl = "s3://?x=y"', "an S3 address is"),
    "an absent variable": ('[lake]\nurl = "s3://${NOWHERE}/x"', "needs the variable NOWHERE"),
    "a name with odd letters": ('["a b"]\nurl = "s3://x/y"', "small letters"),
    "seconds that are none": ('[a]\nurl = "postgres://h/d"\nseconds = "x"', "whole number"),
    "organisations that are no list": ('[a]\nurl = "postgres://h/d"\norganisations = "Acme"', "list of texts"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_list_says_where_it_is_wrong(tmp_path: Path, what: str) -> None:
    text, message = WRONG[what]
    with pytest.raises(SourceError, match=message):
        read(tmp_path / "sources.toml", text)


def test_a_list_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_sources(tmp_path / "nowhere.toml")


PATHS = ["../secrets.parquet", "/etc/passwd", "a//b", "a/./b", "a/../../b", "a\\b", "", "a/\x00", "x" * 2_000, "a/"]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_declared_place(tmp_path: Path, path: str) -> None:
    lake = read(tmp_path / "sources.toml", DECLARED)["lake"]
    with pytest.raises(InputError):
        lake.check(Reference("lake", path=path))


def test_a_reference_is_of_its_places_kind(tmp_path: Path) -> None:
    found = read(tmp_path / "sources.toml", DECLARED)
    found["lake"].check(Reference("lake", path="2026/clients.parquet"))
    found["warehouse"].check(Reference("warehouse", table="scoring.clients"))
    for name, reference in (("lake", Reference("lake", table="a.b")), ("warehouse", Reference("warehouse", path="a"))):
        with pytest.raises(InputError, match="name"):
            found[name].check(reference)
