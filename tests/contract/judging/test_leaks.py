"""Leaks are found in any body, and neither ordinary answers nor echoes are mistaken for them."""

from __future__ import annotations

import json

import pytest

from harness.contract.judging.leaks import CLASS, PATH, SECRET, TRACE, Kind, leaks, plain


def _kinds(body: bytes, sent: str = "") -> list[Kind]:
    return [leak.kind for leak in leaks(body, sent)]


def _error(text: str) -> bytes:
    return json.dumps({"error": text}).encode()


@pytest.mark.parametrize(
    "text",
    [
        'Traceback (most recent call last):\n  File "/app/app.py", line 3, in f',
        'File "model.py", line 12',
        "java.lang.NullPointerException\n\tat com.acme.Model.run(Model.java:10)",
        "Error: x\n    at predict (/srv/app/index.js:10:5)",
        "goroutine 1 [running]:\nmain.main()",
        "panic: runtime error: index out of range [3] with length 3",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "#0  0x00007f3a2b in torch::jit::run () from libtorch.so",
        "thread 'main' panicked at 'boom', src/main.rs:4",
    ],
)
def test_traces_of_many_languages_are_found(text: str) -> None:
    assert _kinds(_error(text)) == [TRACE]


def test_a_trace_in_an_error_page_is_found() -> None:
    page = b"<p>File &quot;/srv/x.py&quot;, line 3</p>"
    assert _kinds(page) == [TRACE]


@pytest.mark.parametrize(
    "text",
    [
        "could not load /app/models/m.onnx",
        "no such file: /home/service/model.pkl",
        "/usr/lib/python3.11/json/decoder.py",
        "/usr/local/lib/python3.11/x",
        "/opt/ml/model",
        "see /venv/lib/site-packages/torch",
        "C:\\Users\\me\\model.bin",
    ],
)
def test_paths_of_the_server_are_found(text: str) -> None:
    assert _kinds(_error(text)) == [PATH]


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: could not convert string to float",
        "KeyError",
        "numpy.linalg.LinAlgError",
        "sqlalchemy.exc.OperationalError",
        "java.lang.IllegalArgumentException",
        "onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument : 2",
        "got <class 'numpy.ndarray'>",
        "<app.Model object at 0x7f001122>",
        "std::out_of_range",
    ],
)
def test_exception_classes_are_found(text: str) -> None:
    assert _kinds(_error(text)) == [CLASS]


@pytest.mark.parametrize(
    "text",
    [
        "AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----",
        "ghp_" + "a1B2" * 9,
        "Authorization: Bearer abcdefghijklmnopqrstuvwxyz",
        "could not reach postgres://model:hunter2@db/features",
        "DB_PASSWORD=hunter22",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0abc.abcdefghijkl",
    ],
)
def test_secrets_are_found_and_not_shown_whole(text: str) -> None:
    (leak,) = leaks(_error(text))
    assert leak.kind is SECRET
    assert text not in leak.around


def test_a_member_that_is_named_like_a_secret_is_found() -> None:
    assert _kinds(b'{"positive": true, "api_key": "a8f5f167f44f"}') == [SECRET]


@pytest.mark.parametrize(
    "body",
    [
        b'{"positive": true, "probability": 0.75}',
        b'{"predictions": [[0.25, 0.75]]}',
        b'{"error": "expected a list of 1 to 64 texts"}',
        b'{"error": {"code": "InvalidRequestError", "message": "no field x"}}',
        b'{"error": {"code": "ValidationException"}}',
        b'{"error": "unexpected token: NaN"}',
        b'{"detail": [{"type": "json_invalid", "loc": ["body", 1], "msg": "JSON decode error"}]}',
        b'{"detail": [{"type": "value_error", "msg": "Value error, x", '
        b'"url": "https://errors.pydantic.dev/2.9/v/value_error"}]}',
        b'{"error": "POST /predict or /app/predict", "see": "https://x.org/app/main.py"}',
        b'{"labels": ["password", "error", "java", "at home"]}',
        b'{"text": "He shot at the goal (again); see line 3, at 10:15"}',
        b'{"tokens_used": 12, "password": ""}',
        b"<title>404 Not Found</title>",
    ],
)
def test_an_ordinary_body_has_none(body: bytes) -> None:
    assert _kinds(body) == []


def test_what_the_request_carried_is_none() -> None:
    sent = plain(json.dumps(["KeyError in /home/me/x.py"]).encode())
    assert _kinds(b'{"error": "not a text: KeyError in /home/me/x.py"}', sent) == []
    assert _kinds(b'{"error": "KeyError in /home/me/y.py"}', sent) == [PATH]


def test_a_large_matrix_is_not_searched_number_by_number() -> None:
    assert plain(json.dumps({"p": [[0.5] * 100] * 1000}).encode()) == '"p"'
