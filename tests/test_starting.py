"""How an instance comes up: what is asked, what is timed, what is learned."""

from __future__ import annotations

import time
from pathlib import Path

from harness.config import Gate, load
from harness.contract import Contract
from harness.lifecycle import Settled, honest
from harness.model import Finding, Measurement, Startup
from harness.runtime import ReadyPath
from harness.starting import Starter
from harness.testing import Reply, serve

JSON = 'path = "/p"\nexamples = "examples.jsonl"'


def gate_of(tmp_path: Path, candidate: str = "", contract: str = JSON) -> Gate:
    """A gate over an example of one number."""
    (tmp_path / "examples.jsonl").write_text('{"request": 1}', encoding="utf-8")
    path = tmp_path / "gate.toml"
    path.write_text(
        f'version = 1\n[candidate]\nname = "m"\nimage = "m:1"\n{candidate}\n'
        f"[contract]\n{contract}\n",
        encoding="utf-8",
    )
    return load(path)


def starter(gate: Gate) -> Starter:
    """The starter of such a gate."""
    contract = Contract.load(gate)
    return Starter(gate, lambda: contract)


def test_the_first_inference_is_timed_by_itself(tmp_path: Path) -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        time.sleep(0.05 if path == "/p" else 0.0)
        return Reply(b"2")

    one = starter(gate_of(tmp_path, 'ready = { path = "/health" }'))
    with serve(answer) as endpoint:
        startup = one.wait(endpoint)
    assert startup.ready and startup.first is not None and startup.said_ready is not None
    assert 0.05 <= startup.first <= startup.seconds
    assert one.learned is not None


def test_who_says_ready_before_an_inference_would_be_answered_is_not_honest(
    tmp_path: Path,
) -> None:
    asked: list[str] = []

    def answer(method: str, path: str, body: bytes) -> Reply:
        asked.append(path)
        return Reply(b"2", 503 if asked.count("/p") < 4 and path == "/p" else 200)

    one = starter(gate_of(tmp_path, 'ready = { path = "/health" }'))
    with serve(answer) as endpoint:
        start = one.settle(one.wait(endpoint), endpoint)
    seen = honest([start])
    assert Measurement("failed_after_ready", 3.0, n=4 + len(start.settled.asked)) in seen
    (found,) = [item for item in seen if isinstance(item, Finding)]
    assert found.rule == "not-ready-yet" and "503" in found.received


def test_what_is_not_ready_has_no_first_second(tmp_path: Path) -> None:
    dead = Startup(False, 1.0, reason="ended")
    with serve(lambda *_: Reply(b"2")) as endpoint:
        start = starter(gate_of(tmp_path)).settle(dead, endpoint)
    assert (start.startup, start.settled) == (dead, Settled())


def test_the_ready_path_is_the_users_or_the_protocols_or_none(tmp_path: Path) -> None:
    plain = starter(gate_of(tmp_path)).ready_path()
    own = starter(gate_of(tmp_path, 'ready = { path = "/up" }')).ready_path()
    protocol = 'protocol = "open-inference-v2"'
    known = starter(gate_of(tmp_path, contract=protocol)).ready_path()
    assert plain is None
    assert own == ReadyPath("/up")
    assert known is not None and known.path.startswith("/v2/")
