"""The decision as JUnit XML, which Jenkins, GitLab and most others show: one test case for each rule.

A fail is a failure, an inconclusive rule an error (a skip where it was let through), a waived one and one that does not
apply a skip. What got worse since the baseline is a suite of its own.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as xml

from plumbline_client.gate.decision import Decision, Finding
from plumbline_client.gate.regressions import Regression

# everything that XML 1.0 cannot hold, however it is written
UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(decision: Decision) -> bytes:
    """The bytes of the XML file."""
    root = xml.Element("testsuites", name="plumbline")
    _suite(root, f"plumbline: {decision.subject}", [_rule(decision, finding) for finding in decision.findings])
    if decision.comparison is not None:
        _suite(root, f"plumbline: {decision.subject}, since the baseline", _since(decision))
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    return xml.tostring(root, encoding="utf-8", xml_declaration=True)


def _suite(root: xml.Element, name: str, cases: list[xml.Element]) -> None:
    counts = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "error", "skipped")}
    suite = xml.SubElement(
        root,
        "testsuite",
        name=clean(name),
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        time="0",
    )
    suite.extend(cases)


def _rule(decision: Decision, finding: Finding) -> xml.Element:
    verdict = finding.judged
    case = xml.Element("testcase", classname="plumbline.rules", name=clean(verdict.rule), time="0")
    text = f"{verdict.title}\n{verdict.figure()}\nVerdict: {verdict.outcome}\n{verdict.reason}"
    if finding.state == "fail":
        if finding.expired:
            text += f"\nThe waiver expired on {finding.expired.until}."
        _end(case, "failure", verdict.reason, "fail", text)
    elif finding.waiver:
        _end(case, "skipped", finding.waiver.sentence(), None, text)
    elif finding.state == "inconclusive":
        tag = "skipped" if decision.terms.allow_inconclusive else "error"
        _end(case, tag, verdict.reason, None if tag == "skipped" else "inconclusive", text)
    elif finding.state == "not_applicable":
        _end(case, "skipped", verdict.reason, None, text)
    else:
        xml.SubElement(case, "system-out").text = clean(text)
    return case


def _since(decision: Decision) -> list[xml.Element]:
    comparison = decision.comparison or {}
    if not comparison.get("comparable"):
        case = xml.Element("testcase", classname="plumbline.baseline", name="compared with the baseline", time="0")
        _end(case, "skipped", str(comparison.get("summary", "")), None, "")
        return [case]
    cases = [_worse(regression) for regression in decision.regressions]
    case = xml.Element("testcase", classname="plumbline.baseline", name="compared with the baseline", time="0")
    xml.SubElement(case, "system-out").text = clean(str(comparison.get("summary", "")))
    return [case, *cases]


def _worse(regression: Regression) -> xml.Element:
    name = f"{regression.title} ({regression.id})"
    case = xml.Element("testcase", classname="plumbline.baseline", name=clean(name), time="0")
    if regression.counts:
        _end(case, "failure", regression.reason(), "worse", regression.reason())
    else:
        why = regression.waiver.sentence() if regression.waiver else "It does not count."
        _end(case, "skipped", why, None, regression.reason())
    return case


def _end(case: xml.Element, tag: str, message: str, kind: str | None, text: str) -> None:
    ended = xml.SubElement(case, tag, message=clean(message))
    if kind:
        ended.set("type", kind)
    if tag == "skipped":
        # a skip holds no text in some readers
        if text:
            xml.SubElement(case, "system-out").text = clean(text)
    else:
        ended.text = clean(text)


def clean(text: str) -> str:
    return UNPRINTABLE.sub("\ufffd", text)
