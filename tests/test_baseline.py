"""The baseline beside the candidate: the same sandbox, and never a pass where it is not there."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import harness.runtime
from harness.baseline import Baseline, Beside, gate_of, start
from harness.config import Gate, load
from harness.errors import EngineError
from harness.load.paired import turns
from harness.model import Candidate, Startup
from harness.run import Run
from harness.runtime import Endpoint, Sandbox
from harness.testing import FakeEndpoint

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "releasegate-example/sentiment:1"
READY = Startup(ready=True, seconds=0.5)
TEXT = """version = 1
[candidate]
name = "m"
command = ["serve"]
port = 5000
environment = { MODEL = "int8" }
resources = { memory = "64 MiB" }
[baseline]
image = "m:1"
[contract]
path = "/predict"
examples = "ex.jsonl"
"""


class FakeRuntime:
    """Starts nothing, and says how it went."""

    name = "fake"

    def __init__(self, problem: str = "") -> None:
        self.problem = problem

    def resolve(self) -> Candidate:
        """Raises EngineError where a problem was given."""
        if self.problem:
            raise EngineError(self.problem)
        return Candidate("m", "m:1", "sha256:abc")

    def start(self, sandbox: Sandbox = Sandbox()) -> Endpoint:
        """An endpoint that nobody serves."""
        return FakeEndpoint("http://127.0.0.1:9")

    def image(self) -> None:
        """No image."""

    def close(self) -> None:
        """Nothing was started."""


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A local process beside the image of a baseline."""
    (tmp_path / "ex.jsonl").write_text('{"request": 1}', encoding="utf-8")
    (tmp_path / "gate.toml").write_text(TEXT, encoding="utf-8")
    return load(tmp_path / "gate.toml")


def test_the_baseline_takes_the_candidates_place_and_everything_else_stays(gate: Gate) -> None:
    beside = gate_of(gate).candidate
    assert (beside.image, beside.command, beside.build, beside.url) == ("m:1", None, None, None)
    assert beside.environment == {"MODEL": "int8"} and beside.port == 5000
    assert beside.resources == gate.candidate.resources
    assert gate.candidate.command == ["serve"]


def test_a_baseline_that_is_ready_is_named_with_its_digest_and_address() -> None:
    found = start(FakeRuntime(), lambda endpoint: READY)
    assert found == Baseline("m:1", "sha256:abc", found.endpoint, READY)
    assert found.base_url == "http://127.0.0.1:9"


def test_a_baseline_that_never_becomes_ready_is_an_error_with_its_reason() -> None:
    dead = Startup(ready=False, seconds=1.0, reason="ended with exit code 1", hint="read its log")
    with pytest.raises(EngineError, match="'m:1': it never became ready: ended with exit code 1"):
        start(FakeRuntime(), lambda endpoint: dead)


def test_without_an_engine_the_error_says_that_a_baseline_takes_one() -> None:
    with pytest.raises(EngineError, match="runs in a container.*: no engine answers"):
        start(FakeRuntime("no engine answers"), lambda endpoint: READY)


@pytest.fixture
def example_image() -> str:
    """The image of the example, where it was built."""
    found = subprocess.run(["docker", "image", "inspect", EXAMPLE], capture_output=True)
    if found.returncode:
        pytest.skip(f"there is no image {EXAMPLE}: `make examples` builds it")
    return EXAMPLE


def gate_run(folder: Path, text: str, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, checks by id, and output of `gate run` on a copy of the example."""
    shutil.copytree(ROOT / "examples" / "sentiment" / "contracts", folder / "contracts")
    (folder / "gate.toml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", "gate.toml", "--report", "out", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    checks = {check["id"]: check for check in report["checks"]}
    return done.returncode, checks, done.stdout + done.stderr


SENTIMENT = """version = 1
[candidate]
name = "sentiment"
image = "{image}"
port = 5000
ready = {{ path = "/health", within = "60 s" }}
[contract]
path = "/predict"
request = "contracts/request.schema.json"
response = "contracts/response.schema.json"
examples = "contracts/examples.jsonl"
explore = "0 s"
[policy]
required = ["behaviour.baseline"]
"""


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_a_real_baseline_runs_beside_a_real_candidate_and_both_are_removed(
    tmp_path: Path, example_image: str
) -> None:
    text = SENTIMENT.format(image=example_image)
    code, checks, output = gate_run(
        tmp_path, text, "--baseline", example_image, "--only", "behaviour"
    )
    found = checks["behaviour.baseline"]
    assert (code, found["outcome"]) == (0, "passed"), output
    measured = {item["name"]: item["value"] for item in found["measurements"]}
    assert measured["baseline_answers"] > 5 and measured["baseline_changed"] == 0
    assert "beside " + example_image in json.dumps(found["evidence"])


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_a_baseline_that_is_no_service_is_an_error_and_never_a_pass(
    tmp_path: Path, example_image: str
) -> None:
    text = SENTIMENT.format(image=example_image).replace("60 s", "5 s")
    words = ("--baseline", "releasegate-base:bookworm", "--only", "behaviour")
    code, checks, output = gate_run(tmp_path, text, *words)
    assert (code, checks["behaviour.baseline"]["outcome"]) == (3, "errored"), output
    assert "never became ready" in checks["behaviour.baseline"]["reason"]


ACCURACY = """[accuracy]
dataset = "rows.jsonl"
inputs = "text"
labels = "positive"
reference = "baseline"
served = { request = ["$row"], answer = "/positive" }
"""


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_a_running_baseline_is_the_reference_of_the_comparison(
    tmp_path: Path, example_image: str
) -> None:
    """The candidate is the same release: no answer changes."""
    kinds = (("lovely", True), ("awful", False))
    rows = [{"text": f"An {w} film, part {i}.", "positive": y} for i in range(40) for w, y in kinds]
    lines = "\n".join(json.dumps(row) for row in rows)
    (tmp_path / "rows.jsonl").write_text(lines, encoding="utf-8")
    text = SENTIMENT.format(image=example_image).replace("behaviour.baseline", "accuracy.agreement")
    words = ("--baseline", example_image, "--only", "accuracy")
    _, checks, output = gate_run(tmp_path, text + ACCURACY, *words)
    measured = {item["name"]: item for item in checks["accuracy.agreement"]["measurements"]}
    assert (measured["agreement"]["value"], measured["agreement"]["n"]) == (100, 80), output
    models = json.dumps(checks["accuracy.drop"]["findings"])
    assert "reference baseline, run by the service at" in models


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_real_containers_share_the_memory_that_there_is(
    tmp_path: Path, example_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may use 1 GiB and uses a few MiB; so many GiB are said to be free."""
    shutil.copytree(ROOT / "examples" / "sentiment" / "contracts", tmp_path / "contracts")
    text = SENTIMENT.format(image=example_image) + f'[baseline]\nimage = "{example_image}"\n'
    (tmp_path / "gate.toml").write_text(text, encoding="utf-8")
    free = 100.0
    monkeypatch.setattr(turns, "free_bytes", lambda: free * 2**30)
    with contextlib.closing(Run(load(tmp_path / "gate.toml"))) as run:
        run.begin({"turns"})
        for free, way in ((100.0, "both resident"), (1.0, "paused in turn")):
            assert answers_in_turn(run, (0, 1, 1, 0)) == (way, [""] * 5)
        free = 0.5
        assert answers_in_turn(run, (0, 1)) == ("restarted in turn", [""] * 3)


def answers_in_turn(run: Run, sides: Sequence[int]) -> tuple[str, list[str]]:
    """How both share the machine; what is wrong with an answer of each, and of the candidate."""
    found, told = run.turns(), []
    found.begin()
    for side in sides:
        found.take(side)
        told.append(run.contract().probe(found.urls()[side]))
    found.end()
    return found.word, [*told, run.contract().probe(run.endpoint().base_url)]


def test_where_one_alone_fits_the_candidate_is_stopped_before_the_baseline_starts(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "free_bytes", lambda: 0.0)
    monkeypatch.setattr(harness.runtime, "open_runtime", lambda gate: FakeRuntime())
    candidate = FakeEndpoint("http://127.0.0.1:8")
    beside = Beside(gate, lambda: (READY, candidate), lambda endpoint: READY)
    beside.begin({"turns"})
    assert beside.turns(candidate).word == "restarted in turn"
    assert not candidate.running()


def test_a_candidate_that_made_room_in_vain_is_back(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "free_bytes", lambda: 0.0)
    monkeypatch.setattr(harness.runtime, "open_runtime", lambda gate: FakeRuntime("no engine"))
    candidate = FakeEndpoint("http://127.0.0.1:8")
    beside = Beside(gate, lambda: (READY, candidate), lambda endpoint: READY)
    with pytest.raises(EngineError, match="no engine"):
        beside.turns(candidate)
    assert candidate.running()
