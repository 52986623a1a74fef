"""Recorded traffic: what can be replayed, and what is refused before anything starts."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from harness.load import LoadError
from harness.load.planned import replay


def _jsonl(folder: Path, *lines: Any) -> Path:
    path = folder / "trace.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def _entry(url: str, began: str = "2026-01-01T00:00:00.000Z", **request: Any) -> dict[str, Any]:
    return {
        "startedDateTime": began,
        "request": {"method": "GET", "url": url, "headers": [], **request},
    }


def _har(folder: Path, *entries: Any) -> Path:
    path = folder / "trace.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), encoding="utf-8")
    return path


def test_lines_keep_their_requests_and_their_timing(tmp_path: Path) -> None:
    trace = replay.read(
        _jsonl(
            tmp_path,
            {"at": 10.0, "path": "/predict", "json": {"text": "a"}},
            "",
            {"at": 10.5, "method": "GET", "path": "/health", "headers": {"X-A": "b"}},
            {"at": 12.0, "path": "/predict", "body": "raw", "headers": {"Host": "prod"}},
        )
    )
    posted, asked, raw = trace.requests
    assert (posted.method, posted.body) == ("POST", b'{"text": "a"}')
    assert posted.headers == {"Content-Type": "application/json"}
    assert (asked.method, asked.body, asked.headers) == ("GET", b"", {"X-A": "b"})
    assert (raw.method, raw.body, raw.headers) == ("POST", b"raw", {})
    assert trace.times(1.0).tolist() == [0.0, 0.5, 2.0]


def test_a_trace_is_replayed_twice_as_fast(tmp_path: Path) -> None:
    trace = replay.read(_jsonl(tmp_path, {"at": 1, "path": "/"}, {"at": 3, "path": "/"}))
    assert trace.times(2.0).tolist() == [0.0, 1.0]


def test_an_archive_is_put_into_order(tmp_path: Path) -> None:
    body = {"text": base64.b64encode(b"\x00\xff").decode(), "encoding": "base64"}
    later = _entry("https://prod.example/b?x=1", "2026-01-01T00:00:01.500+00:00")
    posted = _entry("https://prod.example/a", method="POST", postData=body)
    trace = replay.read(_har(tmp_path, later, posted))
    assert [sent.path for sent in trace.requests] == ["/a", "/b?x=1"]
    assert trace.requests[0].body == b"\x00\xff"
    assert trace.times(1.0).tolist() == [0.0, 1.5]


def test_requests_are_left_for_locust_under_their_path_without_the_query(tmp_path: Path) -> None:
    trace = replay.read(_jsonl(tmp_path, {"at": 0, "path": "/predict?v=2", "json": [1]}))
    trace.write(tmp_path / "requests.jsonl")
    (line,) = (tmp_path / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "method": "POST",
        "path": "/predict?v=2",
        "name": "POST /predict",
        "headers": {"Content-Type": "application/json"},
        "body": base64.b64encode(b"[1]").decode(),
    }


def test_the_recorded_status_is_what_a_request_has_to_be_answered_with(tmp_path: Path) -> None:
    lines = replay.read(
        _jsonl(tmp_path, {"at": 0, "path": "/a", "status": 404}, {"at": 1, "path": "/b"})
    )
    archive = replay.read(
        _har(
            tmp_path,
            {**_entry("https://prod.example/a"), "response": {"status": 422}},
            {**_entry("https://prod.example/b"), "response": {"status": 0}},
        )
    )
    assert [sent.status for sent in lines.requests] == [404, None]
    assert [sent.status for sent in archive.requests] == [422, None]
    assert lines.requests[0].as_json()["status"] == 404


def test_the_contract_speaks_of_its_own_requests_only(tmp_path: Path) -> None:
    trace = replay.read(
        _jsonl(tmp_path, {"at": 0, "path": "/health"}, {"at": 1, "path": "/predict", "body": "x"})
    )
    assert trace.asking({("POST", "/predict")}) == {1}


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([], "it holds no request"),
        (["{"], "trace.jsonl:1: not JSON"),
        (["[]"], "trace.jsonl:1: expected an object"),
        ([{"path": "/"}], '"at" is None, expected seconds'),
        ([{"at": True, "path": "/"}], '"at" is True'),
        ([{"at": 0}], '"path" is None, expected one like "/predict"'),
        ([{"at": 0, "path": "http://192.0.2.1/"}], "sent to the candidate, and nowhere else"),
        ([{"at": 0, "path": "/a b\r\nX: y"}], '"path" is'),
        ([{"at": 0, "path": "/", "headers": {"A": "b\r\nC: d"}}], "control characters"),
        ([{"at": 0, "path": "/", "headers": {"A": 1}}], '"headers" are'),
        ([{"at": 0, "path": "/", "method": "GET /x"}], '"method" is'),
        ([{"at": 0, "path": "/", "status": "404"}], "\"status\" is '404', expected one like 200"),
        ([{"at": 0, "path": "/", "status": 99}], '"status" is 99'),
        ([{"at": 0, "path": "/", "json": 1, "body": "2"}], '"body" and "json" exclude'),
        ([{"at": 2, "path": "/"}, {"at": 1, "path": "/"}], '"at" is 1 after 2 .*: sort the lines'),
    ],
)
def test_lines_that_cannot_be_replayed_are_refused(
    tmp_path: Path, lines: list[Any], cause: str
) -> None:
    with pytest.raises(LoadError, match=cause):
        replay.read(_jsonl(tmp_path, *lines))


def test_an_archive_of_several_hosts_is_refused_with_their_names(tmp_path: Path) -> None:
    path = _har(tmp_path, _entry("https://a.example/"), _entry("https://cdn.example/x.js"))
    with pytest.raises(LoadError, match=r"it asks 2 hosts \(a\.example, cdn\.example\)"):
        replay.read(path)


@pytest.mark.parametrize("text", ["", "[]", '{"log": {}}', '{"log": {"entries": [{}]}}'])
def test_what_is_no_archive_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trace.har"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LoadError, match="not an HTTP Archive"):
        replay.read(path)


def test_a_huge_trace_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    with path.open("wb") as file:
        file.truncate(replay.MOST_BYTES + 1)  # sparse
    with pytest.raises(LoadError, match="expected at most 268435456: cut it"):
        replay.read(path)


def test_a_trace_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="it cannot be read"):
        replay.read(tmp_path / "none.jsonl")
