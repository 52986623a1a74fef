"""A report whose every text is a trap: shown wherever the service shows it, and nowhere obeyed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
from lxml import html
from prometheus_client.parser import text_string_to_metric_families

from harness.report.escape import visible

DIGEST = "sha256:" + "1" * 64
JSON = {"Content-Type": "application/json"}
TRAP = (
    "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) "
    "\x1b]0;owned\x07\x1b[2J\x9b31m \u202egpj.exe\u2066 \r\n::error::owned\r\n"
    "##vso[task.setvariable variable=x]1\n##teamcity[x]\n| a | `b` | \"quoted\" 'too' \\ "
    "\u2028 {{7*7}}"
)
Begin = Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]


def test_a_report_of_traps_is_shown_and_does_nothing(
    begin: Begin, tmp_path: Path, make_report: Callable[..., bytes]
) -> None:
    _, client = begin(str(tmp_path / "ledger.sqlite"), more='environments = ["prd"]')
    name = "<script>alert(1)</script>"
    fields = json.loads(make_report("fail", name=name, policy="prd"))
    check = fields["checks"][0]
    check |= {"title": TRAP, "reason": TRAP}
    check["measurements"][0] |= {"name": f"latency{TRAP}", "unit": TRAP, "limit": TRAP}
    check["findings"] = [
        {"rule": TRAP, "severity": "error", "message": TRAP, "location": TRAP, "reproduce": TRAP}
    ]
    fields |= {"reasons": [TRAP], "logs": TRAP, "environment": {TRAP: TRAP}}
    fields["subject"] |= {"reference": TRAP}
    report = tmp_path / "report.json"
    report.write_text(json.dumps(fields))
    answer = client.post("/v1/reports", content=report.read_bytes(), headers=JSON)
    assert answer.status_code == 201, answer.text
    key = answer.json()["id"]
    for path in (f"/v1/gate/{DIGEST}?policy=prd", "/v1/reports", "/v1/candidates",
                 f"/v1/candidates/{name.replace('/', '%2F')}/history?policy=prd"):  # fmt: skip
        told = client.get(path)
        assert told.headers["content-type"] == "application/json"
        assert told.headers["x-content-type-options"] == "nosniff"
        assert "alert" in told.text
        assert all(plain(text) for text in texts(told.json())), path
    back = client.get(f"/v1/reports/{key}")
    assert back.content == report.read_bytes()  # exactly, as data that no browser shows as a page
    assert back.headers["content-type"] == "application/json"
    hook = {"metadata": {"digest": DIGEST, "policy": "prd"}}
    line = client.post("/v1/flagger/rollout", json=hook)
    assert line.status_code == 412 and plain(line.text) and len(line.content) < 256
    families = list(text_string_to_metric_families(client.get("/metrics").text))
    assert {sample.labels["name"] for family in families for sample in family.samples
            if family.name == "releasegate_pass"} == {name}  # fmt: skip
    for path in ("/", f"/candidates/{name.replace('/', '%2F')}", f"/reports/{key}",
                 f"/compare?a={key}&b={key}", f"/search?digest={DIGEST}"):  # fmt: skip
        inert(client.get(path))
    assert visible((tmp_path / "serve.log").read_text()) == (tmp_path / "serve.log").read_text()


def inert(page: httpx.Response) -> None:
    """A page without anything that runs, though it shows the traps."""
    assert page.status_code == 200, page.url
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "alert(1)" in page.text and visible(page.text) == page.text
    for element in html.fromstring(page.content).iter("*"):
        assert element.tag not in ("script", "iframe", "object", "embed", "base"), page.url
        assert element.get("src") != "x", page.url
        for attribute in map(str, element.keys()):
            value = str(element.get(attribute))
            assert not attribute.startswith("on"), (page.url, attribute)
            assert not re.match(r"\s*(javascript|data):", value), (page.url, value)


def texts(value: object) -> list[str]:
    """Every text in a document, its keys, too."""
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *texts(item))]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def plain(text: str) -> bool:
    """One line that no terminal and no CI system obeys."""
    return text == visible(text) and "\n" not in text and "::error::" not in text
