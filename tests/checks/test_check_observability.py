"""The observability checks against a fake endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.check_observability import check_logs, check_metrics
from harness import Startup
from harness.config import Gate, load
from harness.contract import Contract
from harness.declare import spec_of
from harness.judge import Judgement, judge
from harness.model import Outcome, Severity
from harness.testing import Handler, Reply, serve

KEY = "r8Wq3Zt6Nv" + "1Ky5Bc9Gd2"
READY = Startup(ready=True, seconds=1.0, logs="ready\n")
TEXT = {"Content-Type": "text/plain; version=0.0.4"}
OPEN = {"Content-Type": "application/openmetrics-text; version=1.0.0"}


def gate(folder: Path, more: str = "") -> Gate:
    (folder / "examples.jsonl").write_text(
        '{"request": ["What a lovely film"], "response": {"positive": true}, "status": 200}\n'
    )
    (folder / "gate.toml").write_text(
        f'version = 1\n[candidate]\nname = "it"\nimage = "it:1"\n{more}\n'
        '[contract]\npath = "/predict"\nexamples = "examples.jsonl"\n'
    )
    return load(folder / "gate.toml")


def metrics(body: bytes, headers: dict[str, str] = TEXT, status: int = 200) -> Judgement:
    def answer(method: str, path: str, *_: object) -> Reply:
        return Reply(body, status, headers) if path == "/metrics" else Reply(b"", 404)

    with serve(answer) as endpoint:
        return judge({}, check_metrics(endpoint))


def logs(folder: Path, written: str, more: str = "", startup: Startup = READY) -> Judgement:
    one = gate(folder, more)
    with serve(lambda *_: Reply(b'{"positive": true}')) as endpoint:
        endpoint.text = written
        return judge({}, check_logs(one, startup, endpoint, Contract.load(one)))


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'# TYPE a counter\na_total 1\nb{x="y"} NaN\n', TEXT),
        (b"# TYPE a counter\na_total 1.0\n# EOF\n", OPEN),
    ],
)
def test_metrics_that_prometheus_can_read_pass(body: bytes, headers: dict[str, str]) -> None:
    judgement = metrics(body, headers)
    assert judgement.outcome is Outcome.PASSED
    assert (judgement.measurements[0].value or 0.0) >= 1.0


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"predictions_total{model=int8} 12 predictions\n", TEXT),
        (b"<html>\n<p>not here</p></html>", {"Content-Type": "text/html"}),
        (b'{"requests": 1}', {"Content-Type": "application/json"}),
        (b"", TEXT),
        (b"\xff\xfe 1\n", TEXT),
        (b"a_total 1\n", OPEN),
    ],
)
def test_metrics_that_prometheus_cannot_read_fail(body: bytes, headers: dict[str, str]) -> None:
    judgement = metrics(body, headers)
    assert judgement.outcome is Outcome.FAILED
    assert "metrics" in judgement.reason
    assert judgement.findings[0].reproduce.startswith("curl ")


def test_a_200_for_any_path_is_no_claim_that_metrics_are_offered() -> None:
    with serve(lambda *_: Reply(b'{"status": "ok"}')) as endpoint:
        judgement = judge({}, check_metrics(endpoint))
    assert judgement.outcome is Outcome.PASSED
    assert "on any path" in judgement.findings[0].message


def test_a_service_without_metrics_is_told_and_passes() -> None:
    judgement = metrics(b"", TEXT, 404)
    assert judgement.outcome is Outcome.PASSED
    assert [one.severity for one in judgement.findings] == [Severity.INFO]


def test_quiet_logs_pass(tmp_path: Path) -> None:
    judgement = logs(tmp_path, "ready\nPOST /predict 200\n")
    assert judgement.outcome is Outcome.PASSED
    assert [(one.name, one.value) for one in judgement.measurements] == [
        ("log_lines", 2.0),
        ("log_requests", 1.0),
    ]


def test_a_traceback_at_start_fails(tmp_path: Path) -> None:
    text = "Traceback (most recent call last):\n  File x\nKeyError: 'settings'\n"
    judgement = logs(tmp_path, "", startup=Startup(ready=True, seconds=1.0, logs=text))
    assert judgement.outcome is Outcome.FAILED
    assert "KeyError: 'settings'" in judgement.reason


def test_a_traceback_that_came_later_is_not_of_the_start(tmp_path: Path) -> None:
    text = "ready\nTraceback (most recent call last):\n  File x\nKeyError: 'a'\n"
    assert logs(tmp_path, text).outcome is Outcome.PASSED


@pytest.mark.parametrize("at_start", [True, False])
def test_a_secret_in_the_logs_fails_and_is_not_shown(tmp_path: Path, at_start: bool) -> None:
    line = f"BILLING_API_KEY={KEY}\n"
    startup = Startup(ready=True, seconds=1.0, logs=line if at_start else "")
    more = f'environment = {{ BILLING_API_KEY = "{KEY}" }}'
    judgement = logs(tmp_path, "" if at_start else line, more, startup)
    assert judgement.outcome is Outcome.FAILED
    assert "BILLING_API_KEY" in judgement.reason
    assert KEY not in repr(judgement)


def test_payloads_in_the_logs_are_a_warning_by_default(tmp_path: Path) -> None:
    judgement = logs(tmp_path, "predicting What a lovely film\n")
    assert judgement.outcome is Outcome.PASSED
    assert [one.severity for one in judgement.findings] == [Severity.WARNING]


def test_payloads_in_the_logs_fail_where_they_are_forbidden(tmp_path: Path) -> None:
    judgement = logs(tmp_path, "predicting What a lovely film\n", 'payloads_in_logs = "forbid"')
    assert judgement.outcome is Outcome.FAILED


def test_what_was_logged_while_asking_is_seen(tmp_path: Path) -> None:
    one = gate(tmp_path, 'payloads_in_logs = "forbid"')
    written: list[str] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        written.append(body.decode())
        endpoint.text = "\n".join(written)
        return Reply(b'{"positive": true}')

    handler: Handler = answer
    with serve(handler) as endpoint:
        seen = check_logs(one, READY, endpoint, Contract.load(one))
    assert judge({}, seen).outcome is Outcome.FAILED


def test_without_an_answer_nothing_is_proven(tmp_path: Path) -> None:
    one = gate(tmp_path, 'payloads_in_logs = "forbid"')
    with serve(lambda *_: Reply(b"", 503)) as endpoint:
        seen = check_logs(one, READY, endpoint, Contract.load(one))
    assert judge({}, seen).outcome is Outcome.INCONCLUSIVE


def test_logs_of_a_candidate_given_by_url_cannot_be_read(tmp_path: Path) -> None:
    spec = spec_of(check_logs)
    assert spec is not None and spec.applies is not None
    one = load(_remote(tmp_path))
    assert spec.applies(one) == "the candidate is given by candidate.url: its logs cannot be read"


def _remote(folder: Path) -> Path:
    file = folder / "gate.toml"
    file.write_text(
        'version = 1\n[candidate]\nname = "it"\nurl = "http://127.0.0.1:1"\n'
        '[contract]\npath = "/predict"\n'
    )
    return file
