"""What logs should not hold."""

from __future__ import annotations

import pytest

from harness.model import Severity
from harness.static.logs import leaked_payloads, log_secrets, tracebacks

KEY = "r8Wq3Zt6Nv" + "1Ky5Bc9Gd2"
TRACEBACK = """starting
Traceback (most recent call last):
  File "wsgi.py", line 3, in <module>
    open("/srv/settings.json")
FileNotFoundError: [Errno 2] No such file
ready
"""


def test_a_traceback_is_found_with_its_line_and_its_last_words() -> None:
    found = tracebacks(TRACEBACK)
    assert [one.location for one in found] == ["logs:2"]
    assert found[0].message.endswith("FileNotFoundError: [Errno 2] No such file")


def test_a_traceback_without_an_end_is_found_too() -> None:
    assert tracebacks("Traceback (most recent call last):\n")[0].message.endswith("not to be seen")


def test_a_hundred_tracebacks_are_ten_findings() -> None:
    assert len(tracebacks(TRACEBACK * 100)) == 10


def test_quiet_logs_have_none() -> None:
    assert tracebacks("listening on 0.0.0.0:5000\n") == []


def test_a_secret_of_the_environment_is_named_and_not_shown() -> None:
    found = log_secrets(f"start\nBILLING_API_KEY={KEY}\n", {"BILLING_API_KEY": KEY, "MODEL": "x"})
    assert [one.location for one in found] == ["logs:2"]
    assert "BILLING_API_KEY" in found[0].message
    assert KEY not in repr(found)


def test_a_token_of_a_known_form_is_found() -> None:
    assert [one.rule for one in log_secrets("ghp_" + KEY + KEY, {})] == ["github-token"]


def test_settings_that_are_no_secrets_may_be_logged() -> None:
    assert log_secrets("MODEL=int8-quantized", {"MODEL": "int8-quantized"}) == []


@pytest.mark.parametrize(
    ("logs", "body"),
    [
        ('POST /predict ["What a lovely film"]', b'["What a lovely film"]'),
        ("predicting What a lovely film", b'["What a lovely film"]'),
        ("predicting {'text': 'What a lovely film'}", b'{"a": [{"text": "What a lovely film"}]}'),
    ],
)
def test_what_a_client_sent_is_found_whole_or_in_part(logs: str, body: bytes) -> None:
    assert [one.severity for one in leaked_payloads(logs, [body], False)] == [Severity.WARNING]
    assert [one.severity for one in leaked_payloads(logs, [body], True)] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("logs", "body"),
    [
        ("POST /predict 200 12 ms", b'["What a lovely film"]'),
        ("input probabilities FP32", b'{"name": "probabilities", "datatype": "FP32"}'),
        ("[1, 2]", b"[1, 2]"),
        ("", b"\xff\xfe"),
        ("[[[[", b"[" * 100_000),
    ],
)
def test_names_and_short_values_are_nobodys_data(logs: str, body: bytes) -> None:
    assert leaked_payloads(logs, [body], True) == []
