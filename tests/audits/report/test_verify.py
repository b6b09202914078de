"""What verify finds: a changed byte, figure, verdict, attachment or page, and files that are no reports at all."""

from __future__ import annotations

import copy
import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pikepdf
import pytest
from click.testing import CliRunner

from audits.command.verify import verify
from audits.explain.summary import absolute_mean
from audits.measure.types import measurement_id
from audits.report.evidence import NAME, canonical_bytes, sha256
from audits.report.pdf import render_pdf
from audits.report.verification.figures import check_figures, check_tables
from audits.report.verification.findings import Findings
from audits.report.verification.warnings import check_rows, check_warnings
from audits.report.verify import verify_report
from audits.run.recompute import recompute
from audits.run.warnings import order_assumed
from tests.audits.report.conftest import SUBJECT, people

Edit = Callable[[pikepdf.Pdf], None]


@pytest.fixture(scope="module")
def plain(audited: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """An audit of predictions without scores: its report is made again quickly."""
    frame = people().assign(said=lambda f: (f["score"] > 0.5).astype(int)).drop(columns=["score", "region"])
    return audited(frame, SUBJECT, sensitive=("sex",), label="repaid", prediction="said")


@pytest.fixture
def audit(plain: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(plain)


@pytest.fixture(scope="module")
def report(plain: dict[str, Any]) -> bytes:
    return render_pdf(plain)


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., Findings]:
    """`check(content, edit)` verifies a PDF after an edit by pikepdf."""

    def run(content: bytes, edit: Edit | None = None) -> Findings:
        path = tmp_path / "report.pdf"
        path.write_bytes(content)
        if edit is not None:
            with pikepdf.open(io.BytesIO(content)) as pdf:
                edit(pdf)
                pdf.save(path, stream_decode_level=pikepdf.StreamDecodeLevel.none)
        return verify_report(path)

    return run


def attach(evidence: bytes) -> Edit:
    """Put other bytes in the place of the attached evidence."""

    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.attachments[NAME].get_file().obj.write(evidence)

    return edit


def compared(audit: dict[str, Any]) -> Findings:
    """Only the figures, tables and verdicts."""
    findings = Findings()
    check_figures(audit, recompute(audit), findings)
    check_tables(audit, findings)
    check_warnings(audit, recompute(audit)["warnings"], findings)
    check_rows(audit, findings)
    return findings


def evidence_of(report: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(report)) as pdf:
        return pdf.attachments[NAME].get_file().read_bytes()


def what(findings: Findings) -> str:
    return "\n".join(d.what for d in findings.differs)


def test_a_report_is_verified_down_to_its_pages(check: Callable[..., Findings], report: bytes, audit: Any) -> None:
    found = check(report)
    assert found.result == "verified", found.differs
    checked = "\n".join(c.what for c in found.checked)
    assert all(m["id"] in checked for m in audit["measurements"])
    assert all(f"verdict {v['rule']}" in checked for v in audit["verdicts"])
    assert "how all pages look" in checked
    assert found.not_recomputed


def test_one_changed_byte_in_the_evidence_is_found(check: Callable[..., Findings], report: bytes) -> None:
    evidence = evidence_of(report)
    place = evidence.index(b'"value":0.') + len(b'"value":0.')
    changed = evidence[:place] + (b"1" if evidence[place : place + 1] != b"1" else b"2") + evidence[place + 1 :]
    found = check(report, attach(changed))
    assert found.result == "differs"
    assert "SHA-256 of evidence.json as printed" in what(found)
    assert "measurement M-" in what(found)


def test_evidence_of_another_audit_is_found(check: Callable[..., Findings], report: bytes, audit: Any) -> None:
    audit["provenance"]["seed"] = 99
    found = check(report, attach(canonical_bytes(audit)))
    assert found.result == "differs"
    assert "SHA-256 of evidence.json as printed" in what(found)


def test_a_figure_changed_in_the_evidence_with_its_hash_in_the_metadata_is_found(
    check: Callable[..., Findings], report: bytes, audit: Any
) -> None:
    before = sha256(evidence_of(report))
    m = next(m for m in audit["measurements"] if m["metric"] == "selection_rate" and m["group"])
    m["value"] += 0.01
    changed = canonical_bytes(audit)

    def edit(pdf: pikepdf.Pdf) -> None:
        attach(changed)(pdf)
        metadata = pdf.Root.Metadata.read_bytes()
        pdf.Root.Metadata.write(metadata.replace(before.encode(), sha256(changed).encode()))

    found = check(report, edit)
    assert found.result == "differs"
    assert f"measurement {m['id']} (selection_rate" in what(found)
    assert "SHA-256 of evidence.json as printed" in what(found)
    assert "in the metadata" not in what(found)


def test_a_report_made_anew_from_a_changed_verdict_is_found_though_its_hash_agrees(
    check: Callable[..., Findings], audit: Any
) -> None:
    audit["verdicts"][0]["outcome"] = "fail" if audit["verdicts"][0]["outcome"] != "fail" else "pass"
    found = check(render_pdf(audit))
    assert what(found) == f"verdict {audit['verdicts'][0]['rule']}: outcome"


def test_figures_made_up_left_out_or_renamed_are_found(audit: Any) -> None:
    extra = dict(audit["measurements"][1]) | {"group": {"sex": "nobody"}, "id": "M-0000000000"}
    gone = audit["measurements"].pop(2)
    audit["measurements"].append(extra)
    audit["verdicts"].pop()
    found = compared(audit)
    assert "measurement M-0000000000: its id is that of what it measures" in what(found)
    assert "M-0000000000 (" in what(found)
    assert gone["id"] in what(found)
    assert "verdict" in what(found)


def test_an_appended_page_is_named(check: Callable[..., Findings], report: bytes) -> None:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.pages.append(pdf.pages[0])

    found = check(report, edit)
    with pikepdf.open(io.BytesIO(report)) as pdf:
        number = len(pdf.pages) + 1
    assert [d.what for d in found.differs] == [f"page {number}"]


def test_a_changed_figure_on_a_page_is_named_with_both_texts(
    check: Callable[..., Findings], report: bytes, audit: Any
) -> None:
    m = next(m for m in audit["measurements"] if m["metric"] == "selection_rate" and m["group"])
    m["value"] = 0.123
    other = pikepdf.open(io.BytesIO(render_pdf(audit)))

    def edit(pdf: pikepdf.Pdf) -> None:
        for i in range(1, len(pdf.pages)):
            pdf.pages[i].Contents = pdf.copy_foreign(other.pages[i].Contents)
            pdf.pages[i].Resources = pdf.copy_foreign(other.pages[i].Resources)

    found = check(report, edit)
    assert found.result == "differs"
    assert any(d.what.startswith("page ") and "12.3%" in str(d.printed) for d in found.differs), found.differs


def test_something_drawn_over_a_page_is_found_though_no_word_changes(
    check: Callable[..., Findings], report: bytes
) -> None:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].contents_add(pdf.make_stream(b"q 1 1 1 rg 60 600 300 40 re f Q"))

    found = check(report, edit)
    assert [d.what for d in found.differs] == ["page 1: how it looks"]


def test_a_note_laid_over_a_page_is_found(check: Callable[..., Findings], report: bytes) -> None:
    def edit(pdf: pikepdf.Pdf) -> None:
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[0, 0, 1, 1])
        pdf.pages[1].Annots = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(note)]))

    assert "page 2: nothing lies over the page" in what(check(report, edit))


def test_a_second_attachment_cannot_hide(check: Callable[..., Findings], report: bytes) -> None:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.attachments["other.json"] = pikepdf.AttachedFileSpec(pdf, b"{}", filename="other.json")

    assert "the number of attached files" in what(check(report, edit))


def of_another_version(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo["/Creator"] = "Plumbline 99.0"
    del pdf.pages[3]


def test_pages_of_another_version_that_say_something_else_are_listed_not_accused(
    check: Callable[..., Findings], audit: Any
) -> None:
    audit["provenance"]["version"] = "99.0"
    found = check(render_pdf(audit), of_another_version)
    assert found.result == "verified", found.differs
    assert any("Plumbline 99.0" in n.why for n in found.not_recomputed)


def test_the_files_word_that_another_version_made_it_excuses_no_page(
    check: Callable[..., Findings], report: bytes
) -> None:
    assert "page 4" in what(check(report, of_another_version))


def test_something_that_runs_when_the_report_is_opened_is_found(check: Callable[..., Findings], report: bytes) -> None:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")

    assert what(check(report, edit)) == "what the file does when it is opened"


def test_counts_and_sentences_of_the_evidence_are_compared_with_the_cube(audit: Any) -> None:
    audit["data"]["attributes"][0]["groups"][0]["n"] += 1
    audit["checks"][0]["notes"] = ["All is well."]
    assert what(compared(audit)).splitlines() == [
        "counts of rows and groups: attributes[0].groups[0].n",
        "what check fairness says: notes",
    ]


@pytest.mark.parametrize("change", [{"stands_for": 900}, {"rows_used": 300}, {"rows": 5}, {"stands_for": None}])
def test_the_rows_that_frequencies_stand_for_are_compared_with_the_cube(
    audited: Callable[..., dict[str, Any]], change: dict[str, Any]
) -> None:
    rows = pd.DataFrame({"g": list("aabb"), "y": [0, 1, 0, 1], "p": [0, 1, 1, 1], "n": [100, 50, 50, 100]})
    found = audited(rows, sensitive=("g",), label="y", prediction="p", frequency="n")
    assert not compared(found).differs
    found["data"] |= change
    assert what(compared(found))


def test_rows_without_frequencies_stand_for_no_others(audit: Any) -> None:
    audit["data"]["stands_for"] = 10_000
    assert what(compared(audit)) == "counts of rows and groups: stands_for"


def test_a_table_that_the_cube_does_not_give_is_found(audit: Any) -> None:
    check = next(c for c in audit["checks"] if c["id"] == "performance")
    check["tables"][0]["rows"][0][1] += 1
    check["tables"].append(check["tables"][0] | {"id": "made-up"})
    found = compared(audit)
    assert what(found).splitlines() == [f"table {check['tables'][0]['id']}: rows[0][1]", "table made-up"]


def test_shapley_values_are_checked_against_their_sums_and_listed_as_not_recomputed(audit: Any) -> None:
    details = {"n": 50, "sum": 12.5, "sum_of_squares": 4.0, "space": "score", "method": "exact"}
    value, interval = absolute_mean(details)
    assert interval is not None
    row = {
        "id": measurement_id("explanation", "mean_absolute_shapley", feature="income"),
        "check": "explanation",
        "metric": "mean_absolute_shapley",
        "group": {},
        "value": value,
        "interval": interval.to_json(),
        "n": 50,
        "feature": "income",
        "details": details,
    }
    audit["measurements"].append(row)
    good = compared(audit)
    assert good.result == "verified", good.differs
    assert any(row["id"] in n.what for n in good.not_recomputed)
    row["value"] = value * 2
    assert "from its n, sum and sum of squares: value" in what(compared(audit))


def bomb(size: int) -> bytes:
    """`size` zeros, packed, without ever being there."""
    packer = zlib.compressobj(9)
    piece = bytes(1 << 24)
    return b"".join(packer.compress(piece) for _ in range(size // len(piece))) + packer.flush()


def packed(content: bytes) -> Edit:
    def edit(pdf: pikepdf.Pdf) -> None:
        pdf.attachments[NAME].get_file().obj.write(content, filter=pikepdf.Name.FlateDecode)

    return edit


def packed_otherwise(pdf: pikepdf.Pdf) -> None:
    pdf.attachments[NAME].get_file().obj.write(b"80ff7b7d80", filter=pikepdf.Name.RunLengthDecode)


def without_evidence(pdf: pikepdf.Pdf) -> None:
    del pdf.attachments[NAME]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (without_evidence, "no attached evidence.json"),
        (packed(bomb(1 << 30)), "larger than 256 MiB"),
        (packed_otherwise, "packed in a way that Plumbline never uses"),
        (attach(b"[" * 200_000 + b"]" * 200_000), "no JSON that Plumbline writes"),
        (attach(b'{"schema":"plumbline.audit/1","inputs":NaN}'), "NaN is no JSON"),
        (attach(b'{"schema":"plumbline.audit/1","schema":"x"}'), "a key stands twice"),
        (attach(b'{"schema":"plumbline.audit/1","inputs":' + b"9" * 5000 + b"}"), "no JSON that Plumbline writes"),
        (attach(b'{"schema":"other"}'), "does not name the schema"),
        (attach(b'{"schema":"plumbline.audit/1"}'), "lacks inputs, measurements"),
        (attach(b"\xff\xfe\x00"), "no JSON that Plumbline writes"),
    ],
)
def test_what_is_no_report_says_why(check: Callable[..., Findings], report: bytes, edit: Edit, reason: str) -> None:
    found = check(report, edit)
    assert found.result == "not_a_report"
    assert reason in (found.reason or "")


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(5000)])
def test_what_is_no_pdf_says_so(check: Callable[..., Findings], content: bytes) -> None:
    assert check(content).result == "not_a_report"


def test_a_report_cut_short_is_no_report_or_differs(check: Callable[..., Findings], report: bytes) -> None:
    assert check(report[: len(report) // 2]).result != "verified"


@pytest.mark.parametrize(
    "damage",
    [
        {"cube": {}, "verdicts": [{"rule": "x"}]},
        {"measurements": [1, {"id": "M-1"}]},
        {"provenance": {"parameters": {}, "started": "never"}},
    ],
)
def test_evidence_of_the_wrong_shape_differs(
    check: Callable[..., Findings], report: bytes, audit: Any, damage: dict[str, Any]
) -> None:
    found = check(report, attach(canonical_bytes(audit | damage)))
    assert found.result == "differs"


def test_the_command_says_verified_with_0_differs_with_1_and_no_report_with_2(report: bytes, tmp_path: Path) -> None:
    path, findings = tmp_path / "report.pdf", tmp_path / "found.json"
    path.write_bytes(report)
    run = CliRunner().invoke(verify, [str(path), "--json", str(findings)])
    assert run.exit_code == 0, run.output
    assert "agrees with its evidence" in run.output
    assert {"result", "checked", "differs", "not_recomputed"} <= json.loads(findings.read_text()).keys()

    with pikepdf.open(io.BytesIO(report)) as pdf:
        attach(evidence_of(report) + b" ")(pdf)
        pdf.save(path)
    run = CliRunner().invoke(verify, [str(path), "--json", str(findings)])
    assert run.exit_code == 1
    assert "as printed on the pages" in run.output
    assert json.loads(findings.read_text())["result"] == "differs"

    path.write_bytes(b"not a report")
    run = CliRunner().invoke(verify, [str(path), "--json", str(findings)])
    assert run.exit_code == 2
    assert "is not a report" in run.stderr
    assert json.loads(findings.read_text())["result"] == "not_a_report"


def test_the_commands_help_names_both_that_it_checks() -> None:
    said = " ".join(CliRunner().invoke(verify, ["--help"]).output.split())
    assert "[OPTIONS] FILE" in said
    assert "Check FILE, a report (PDF) or an exported trail (JSON), offline" in said
    assert "report or an exported trail" in verify.get_short_help_str(limit=80)


def test_invented_and_removed_warnings_are_named(audited: Callable[..., dict[str, Any]]) -> None:
    frame = people(200).assign(region="north", repaid=1, said=1)
    frame.loc[:9, "repaid"] = None
    found = audited(
        frame, sensitive=("sex", "region"), label="repaid", prediction="said", drop_missing=True
    )  # fmt: skip
    assert len(found["warnings"]) == 3
    assert compared(copy.deepcopy(found)).differs == []
    for i, sentence in enumerate(found["warnings"]):
        fewer = found | {"warnings": [*found["warnings"][:i], *found["warnings"][i + 1 :]]}
        (one,) = compared(fewer).differs
        assert (one.what, one.printed, one.recomputed) == ("warning", None, sentence)
    (one,) = compared(found | {"warnings": [*found["warnings"], "All is well."]}).differs
    assert (one.what, one.printed) == ("warning", "All is well.")


def test_a_warning_of_the_models_columns_is_listed_where_a_model_was_run_and_invented_elsewhere(audit: Any) -> None:
    audit["warnings"] = [order_assumed("'c', 'b'", "holdout.csv")]
    assert [d.what for d in compared(audit).differs] == ["warning"]
    parameters = audit["provenance"]["parameters"]
    parameters |= {"prediction": None, "model": True}
    found = compared(audit)
    assert found.differs == []
    assert any("order of the model's columns" in n.what for n in found.not_recomputed)


def test_rows_that_do_not_add_up_are_found(audit: Any) -> None:
    audit["data"]["rows"] += 1
    assert "rows are those used and those dropped" in what(compared(audit))
