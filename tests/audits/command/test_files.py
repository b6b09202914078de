"""No command writes a result over a file that it reads, or over another result."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline_client import main

AUDIT = ("audit", "a.csv", "--label", "y", "--sensitive", "g")
COMMANDS = {
    "json over the data": (*AUDIT, "--prediction", "p", "--json", "a.csv"),
    "json over the data by another path": (*AUDIT, "--prediction", "p", "--json", "folder/../a.csv"),
    "json over the data by a link": (*AUDIT, "--prediction", "p", "--json", "link.csv"),
    "pdf over the model": (*AUDIT, "--model", "m.onnx", "--pdf", "m.onnx"),
    "json over the configuration": ("audit", "a.csv", "--config", "c.toml", "--json", "c.toml"),
    "pdf over the configuration's model": ("audit", "a.csv", "--config", "c.toml", "--pdf", "m.onnx"),
    "json over the policy": (*AUDIT, "--prediction", "p", "--policy", "p.toml", "--json", "p.toml"),
    "json and pdf at one place": (*AUDIT, "--prediction", "p", "--json", "new", "--pdf", "./new"),
    "findings over the report": ("verify", "r.pdf", "--json", "r.pdf"),
    "options over the data": ("init", "a.csv", "--output", "a.csv", "--force"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.csv").write_text("g,y,p\n" + "m,1,0\nf,0,1\n" * 50)
    (tmp_path / "link.csv").symlink_to("a.csv")
    (tmp_path / "m.onnx").write_bytes(b"model")
    (tmp_path / "r.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "p.toml").write_text('schema = "plumbline.policy/1"\n')
    (tmp_path / "c.toml").write_text('label = "y"\nmodel = "m.onnx"\nsensitive = ["g"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_result_never_replaces_what_is_read_or_another_result(
    folder: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(folder)

    code = main.run(list(COMMANDS[case]))

    assert code == 2
    assert "Name another file for the result" in " ".join(capsys.readouterr().err.split())
    assert contents(folder) == before
