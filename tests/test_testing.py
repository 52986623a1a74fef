"""The fake endpoint for authors of checks."""

from __future__ import annotations

import urllib.request

from harness.testing import Reply, serve


def test_a_function_answers_over_real_http() -> None:
    with serve(lambda method, path, body: Reply(f"{method} {path} {body!r}".encode())) as endpoint:
        request = urllib.request.Request(f"{endpoint.base_url}/predict", data=b"[1]")
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.read() == b"POST /predict b'[1]'"


def test_a_stopped_endpoint_runs_no_more() -> None:
    with serve(lambda method, path, body: Reply()) as endpoint:
        assert endpoint.running()
        assert endpoint.stop(1.0).code == 0 and not endpoint.running()
