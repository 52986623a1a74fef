"""A run: every part once, on demand, and the same result or the same exception for everybody."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import harness.runtime
from harness.config import Gate, load
from harness.errors import CandidateNotReady, ConfigError, EngineError
from harness.model import Candidate, Exit, Startup
from harness.run import Run
from harness.runtime import Endpoint, Sandbox
from harness.testing import FakeEndpoint, Reply, serve

READY = Startup(ready=True, seconds=0.1)
DEAD = Startup(ready=False, seconds=0.1, reason="ended with exit code 1")


class FakeRuntime:
    """Counts what it is asked for."""

    name = "fake"

    def __init__(self) -> None:
        self.resolved = 0
        self.started: list[Sandbox] = []
        self.closed = False
        self.instance = FakeEndpoint("http://127.0.0.1:9", text="hello\n")

    def resolve(self) -> Candidate:
        """Count."""
        self.resolved += 1
        return Candidate("fake", "fake:1")

    def start(self, sandbox: Sandbox = Sandbox()) -> Endpoint:
        """Remember with which sandbox."""
        self.started.append(sandbox)
        return self.instance

    def image(self) -> None:
        """No image."""

    def close(self) -> None:
        """Remember it."""
        self.closed = True


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate whose candidate nobody starts."""
    (tmp_path / "examples.jsonl").write_text('{"request": 1, "response": 2}', encoding="utf-8")
    path = tmp_path / "gate.toml"
    path.write_text(
        'version = 1\ncandidate = { name = "fake", image = "fake:1" }\n'
        'contract = { path = "/p", examples = "examples.jsonl" }\n',
        encoding="utf-8",
    )
    return load(path)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    """The runtime that every run of a test gets."""
    fake = FakeRuntime()
    monkeypatch.setattr(harness.runtime, "open_runtime", lambda gate: fake)
    monkeypatch.setattr(harness.runtime, "wait_ready", lambda *words: READY)
    return fake


def test_nothing_is_opened_before_somebody_asks(gate: Gate, runtime: FakeRuntime) -> None:
    Run(gate).begin(set())
    assert (runtime.resolved, runtime.started) == (0, [])


def test_the_candidate_is_resolved_and_started_once_for_everybody(
    gate: Gate, runtime: FakeRuntime
) -> None:
    run = Run(gate)
    askers = [threading.Thread(target=run.endpoint) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert (runtime.resolved, len(runtime.started)) == (1, 1)


def test_a_candidate_that_never_became_ready_is_a_fact_for_startup_and_an_error_for_the_rest(
    gate: Gate, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness.runtime, "wait_ready", lambda *words: DEAD)
    run = Run(gate)
    assert run.startup() is DEAD
    with pytest.raises(CandidateNotReady, match="ended with exit code 1"):
        run.endpoint()


def test_a_candidate_that_died_since_is_told_with_its_exit_code(
    gate: Gate, runtime: FakeRuntime
) -> None:
    run = Run(gate)
    run.startup()
    runtime.instance.ended = Exit(code=137, seconds=0.0, oom_killed=True)
    with pytest.raises(CandidateNotReady, match="exit code 137, out of memory"):
        run.endpoint()


def test_an_engine_that_does_not_answer_is_the_same_error_each_time(
    gate: Gate, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Candidate:
        runtime.resolved += 1
        raise EngineError("no engine")

    monkeypatch.setattr(runtime, "resolve", broken)
    run = Run(gate)
    for _ in range(2):
        with pytest.raises(EngineError, match="no engine"):
            run.startup()
    assert runtime.resolved == 1


def test_a_read_only_instance_is_one_more(gate: Gate, runtime: FakeRuntime) -> None:
    assert Run(gate).read_only_startup().ready
    assert runtime.started == [Sandbox(), Sandbox(read_only=True)]


def test_the_logs_of_a_candidate_that_was_never_started_are_empty(
    gate: Gate, runtime: FakeRuntime
) -> None:
    assert Run(gate).logs() == ""


METADATA = b'{"name": "fake", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}], '
METADATA += b'"outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}]}'


def _learning(tmp_path: Path, url: str) -> Run:
    """A run whose contract is one line, with a candidate that answers already."""
    path = tmp_path / "gate.toml"
    path.write_text(
        f'version = 1\n[candidate]\nname = "fake"\nurl = "{url}"\nready = {{ within = "300 ms" }}\n'
        '[contract]\nprotocol = "open-inference-v2"\n',
        encoding="utf-8",
    )
    return Run(load(path))


def test_a_contract_of_one_line_is_learned_while_the_candidate_starts(
    tmp_path: Path,
) -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(METADATA if path == "/v2/models/fake" else b"{}")

    with serve(answer) as fake:
        run = _learning(tmp_path, fake.base_url)
        run.validate()
        assert run.declared().form.inputs == ()
        assert [tensor.name for tensor in run.contract().form.inputs] == ["x"]
        assert run.contract() is run.contract()
        assert run.startup().ready


def test_a_server_that_describes_nothing_yet_is_a_candidate_that_is_not_ready(
    tmp_path: Path,
) -> None:
    def answer(method: str, path: str, body: bytes) -> Reply:
        return Reply(b"", 503 if path == "/v2/models/fake" else 200)

    with serve(answer) as fake:
        run = _learning(tmp_path, fake.base_url)
        assert "GET /v2/models/fake answered 503" in run.startup().reason
        with pytest.raises(CandidateNotReady):
            run.contract()


def test_a_server_that_never_will_is_a_mistake_of_configuration(
    tmp_path: Path,
) -> None:
    with serve(lambda method, path, body: Reply(b"{}")) as fake:
        run = _learning(tmp_path, fake.base_url)
        for ask in (run.startup, run.contract):
            with pytest.raises(ConfigError, match="does not describe its inputs"):
                ask()


def test_closing_removes_what_was_started_and_opens_nothing_anew(
    gate: Gate, runtime: FakeRuntime
) -> None:
    run = Run(gate)
    run.startup()
    run.close()
    assert runtime.closed
    with pytest.raises(CandidateNotReady, match="the run is over"):
        _ = run.runtime


@pytest.fixture
def compared(gate: Gate) -> Gate:
    """The same gate with a baseline."""
    text = gate.path.read_text(encoding="utf-8")
    gate.path.write_text(f'{text}baseline = {{ image = "fake:0" }}\n', encoding="utf-8")
    return load(gate.path)


def test_a_baseline_is_started_once_and_after_the_candidate(
    compared: Gate, monkeypatch: pytest.MonkeyPatch, runtime: FakeRuntime
) -> None:
    opened: list[str | None] = []

    def open_one(gate: Gate) -> FakeRuntime:
        opened.append(gate.candidate.image)
        return runtime

    monkeypatch.setattr(harness.runtime, "open_runtime", open_one)
    run = Run(compared)
    run.begin({"baseline"})
    first = run.baseline()
    assert first is not None and first is run.baseline()
    assert (first.reference, first.base_url) == ("fake:1", "http://127.0.0.1:9")
    assert opened == ["fake:1", "fake:0"] and len(runtime.started) == 2
    run.close()
    assert runtime.closed


def test_a_gate_without_a_baseline_starts_none(gate: Gate, runtime: FakeRuntime) -> None:
    run = Run(gate)
    run.begin({"baseline"})
    run.startup()
    assert run.baseline() is None and run.golden() is None
    assert len(runtime.started) == 1


def test_a_candidate_that_is_not_ready_is_compared_with_nothing(
    compared: Gate, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness.runtime, "wait_ready", lambda *words: DEAD)
    with pytest.raises(CandidateNotReady):
        Run(compared).baseline()
    assert len(runtime.started) == 1
