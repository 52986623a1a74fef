"""The explore tier: it finds what the corpus does not ask for, and trusts only what fails again."""

from __future__ import annotations

import base64
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.config import Gate
from harness.contract import Contract, responses
from harness.contract.instruments.explore import explore
from harness.contract.requests.kept import files, frozen, read
from harness.model import Severity
from harness.testing import Handler, Reply, serve

Make = Callable[..., Gate]

ROWS = """protocol = "kserve-v1"
explore = "5 s"
[[contract.inputs]]
name = "x"
shape = ["batch", 3]
range = [0, 1]
[[contract.outputs]]
name = "p"
shape = ["batch"]
range = [0, 1]
"""


def service(score: Callable[[list[list[float]]], list[float]]) -> Handler:
    """A service of three numbers a row, which refuses everything else."""

    def answer(method: str, path: str, body: bytes) -> Reply:
        try:
            rows = json.loads(body)["instances"]
            assert all(len(row) == 3 and all(0 <= x <= 1 for x in row) for row in rows) and rows
        except (ValueError, KeyError, TypeError, AssertionError):
            return Reply(b'{"error": "no such rows"}', 400)
        return Reply(json.dumps({"predictions": score(rows)}).encode())

    return answer


def mean(rows: list[list[float]]) -> list[float]:
    return [sum(row) / 3 for row in rows]


def recording(asked: list[bytes]) -> Handler:
    """A clean service that writes down what it was asked."""

    def answer(method: str, path: str, body: bytes) -> Reply:
        asked.append(body)
        return service(mean)(method, path, body)

    return answer


MORTAL = """
import http.server, itertools, json, os
count = itertools.count()
class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        if next(count) == 150:
            os._exit(1)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer = 400, {"error": "no"}
        try:
            rows = json.loads(body)["instances"]
            if rows and all(len(r) == 3 and all(0 <= x <= 1 for x in r) for r in rows):
                status, answer = 200, {"predictions": [sum(row) / 3 for row in rows]}
        except (ValueError, KeyError, TypeError):
            pass
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@pytest.fixture
def mortal() -> Iterator[str]:
    """URL of a real process that ends in the middle of its 151st request."""
    with subprocess.Popen(
        [sys.executable, "-c", MORTAL], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


@pytest.fixture
def contract(make_gate: Make) -> Contract:
    return Contract.load(make_gate(ROWS))


def test_a_clean_service_gives_no_finding(contract: Contract) -> None:
    with serve(service(mean)) as endpoint:
        found = explore(contract, endpoint.base_url)
    assert found.findings == ()
    assert found.sent >= 300


def test_a_rare_wrong_answer_is_found_and_shrunk(contract: Contract) -> None:
    def rare(rows: list[list[float]]) -> list[float]:
        return [7.0 if len(rows) > 1 and row[0] > 0.9 and row[2] < 0.1 else 0.5 for row in rows]

    with serve(service(rare)) as endpoint:
        found = explore(contract, endpoint.base_url)
    ranges = [item for item in found.findings if item.rule == "tensor-range"]
    assert [item.severity for item in ranges] == [Severity.ERROR]
    assert len(ranges[0].reproduce) < 300


def test_a_failing_request_is_kept_and_sent_first_next_time(
    contract: Contract, make_gate: Make, tmp_path: Path
) -> None:
    def rare(rows: list[list[float]]) -> list[float]:
        return [7.0 if len(rows) > 1 and row[0] > 0.9 else 0.5 for row in rows]

    with serve(service(rare)) as endpoint:
        assert explore(contract, endpoint.base_url).kept == 1
    (file,) = files(contract)
    saved = base64.b64decode(json.loads(file.read_bytes().splitlines()[1])["body"])
    asked: list[bytes] = []
    again = Contract.load(make_gate(ROWS))

    with serve(recording(asked)) as endpoint:
        again.survey(endpoint.base_url)
        asked.clear()
        explore(again, endpoint.base_url)
    assert asked[0] == saved


def test_what_was_kept_for_another_path_in_the_same_folder_is_not_sent(
    contract: Contract, make_gate: Make
) -> None:
    with serve(service(lambda rows: [7.0 for _ in rows])) as endpoint:
        assert explore(contract, endpoint.base_url).kept == 1
    other = Contract.load(make_gate(f'path = "/v2/other"\n{ROWS}'))

    assert len(read(contract)) == 1
    assert read(other) == []


def test_what_fails_once_and_never_again_is_unstable_and_shuts_no_gate(
    contract: Contract, tmp_path: Path
) -> None:
    count = itertools.count()
    began: list[int] = []

    def once(rows: list[list[float]]) -> list[float]:
        number = next(count)
        if number > 60 and not began:
            began.append(number)
            return [9.0 for _ in rows]
        return mean(rows)

    with serve(service(once)) as endpoint:
        found = explore(contract, endpoint.base_url)
    assert [(item.rule, item.severity) for item in found.findings] == [
        ("unstable", Severity.WARNING)
    ]
    assert found.unstable == 1
    assert files(contract) == []


def test_a_service_that_ends_is_told_with_the_request_before(
    contract: Contract, mortal: str
) -> None:
    found = explore(contract, mortal)
    assert [item.rule for item in found.findings] == ["died"]
    assert "nobody answers any more" in found.findings[0].message


def test_the_same_seed_draws_the_same_requests(make_gate: Make) -> None:
    def bodies(seed: int) -> list[bytes]:
        asked: list[bytes] = []
        contract = Contract.load(make_gate(f"seed = {seed}\n{ROWS}"))
        with serve(recording(asked)) as endpoint:
            explore(contract, endpoint.base_url)
        return asked[:100]  # the time, and so the number, is another one on a busy machine

    assert bodies(1) == bodies(1)
    assert bodies(1) != bodies(2)


def test_the_frozen_corpus_has_what_was_kept(contract: Contract, tmp_path: Path) -> None:
    def rare(rows: list[list[float]]) -> list[Any]:
        return [None if len(rows) > 1 and row[0] > 0.9 else 0.5 for row in rows]

    with serve(service(rare)) as endpoint:
        explore(contract, endpoint.base_url)
    corpus, new = frozen(contract)
    assert new >= 1
    assert len(corpus.valid) == len(contract.corpus.valid) + new


def test_what_another_check_has_told_is_not_told_again(contract: Contract) -> None:
    def broken(rows: list[list[float]]) -> list[float]:
        return [7.0 for _ in rows]

    with serve(service(broken)) as endpoint:
        assert [item.rule for item in responses(contract, endpoint.base_url).findings] == [
            "tensor-range"
        ]
        found = explore(contract, endpoint.base_url)
    assert found.findings == ()
    assert found.known == 1
    assert found.kept == 0


def test_a_tolerated_rule_is_no_defect(make_gate: Make) -> None:
    def broken(rows: list[list[float]]) -> list[float]:
        return [7.0 for _ in rows]

    contract = Contract.load(make_gate(f'tolerate = ["tensor-range"]\n{ROWS}'))
    with serve(service(broken)) as endpoint:
        assert explore(contract, endpoint.base_url).findings == ()
