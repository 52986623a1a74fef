"""The startup checks, called as plain functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.check_startup import (
    check_cold_start,
    check_honest,
    check_offline,
    check_read_only,
    check_ready,
    check_time_to_ready,
    check_warm_up,
)
from harness import CandidateNotReady, Evidence, Finding, Measurement, Severity, Startup
from harness.config import Gate, load
from harness.declare import spec_of
from harness.lifecycle import Settled, Start
from harness.runtime import Endpoint, Sandbox
from harness.testing import FakeEndpoint

READY = Startup(ready=True, seconds=1.5, logs="up\n")
DEAD = Startup(
    ready=False,
    seconds=0.5,
    reason="ended with exit code 1",
    hint="put the model in",
    logs="boom\n",
)


def gate(tmp_path: Path, candidate: str) -> Gate:
    """A gate with this `[candidate]`."""
    path = tmp_path / "gate.toml"
    path.write_text(
        'version = 1\n[contract]\npath = "/predict"\n[candidate]\nname = "tried"\n' + candidate,
        encoding="utf-8",
    )
    return load(path)


class Launch:
    """Starts nothing, and remembers with which sandbox."""

    def __init__(self, startup: Startup) -> None:
        self.startup = startup
        self.sandboxes: list[Sandbox] = []

    @contextmanager
    def __call__(self, sandbox: Sandbox) -> Iterator[tuple[Startup, Endpoint]]:
        self.sandboxes.append(sandbox)
        yield self.startup, FakeEndpoint("http://127.0.0.1:1")


def values(seen: list[Any]) -> dict[str, float]:
    """Measurements by name."""
    return {item.name: item.value for item in seen if isinstance(item, Measurement)}


def findings(seen: list[Any]) -> list[Finding]:
    """The findings among what was seen."""
    return [item for item in seen if isinstance(item, Finding)]


def test_a_ready_candidate_is_a_measurement_and_no_finding() -> None:
    assert check_ready(READY) == [Measurement("waited", 1.5, "s")]


def test_a_dead_candidate_is_a_finding_with_reason_hint_and_logs() -> None:
    seen = check_ready(DEAD)
    (found,) = findings(seen)
    assert found.severity is Severity.ERROR
    assert "ended with exit code 1" in found.message
    assert "put the model in" in found.expected
    assert [item.data for item in seen if isinstance(item, Evidence)] == [{"text": "boom\n"}]


def test_the_time_to_ready_is_measured() -> None:
    assert values(list(check_time_to_ready(READY))) == {"time_to_ready": 1.5}


def test_there_is_no_time_to_ready_of_the_dead() -> None:
    with pytest.raises(CandidateNotReady, match="ended with exit code 1"):
        check_time_to_ready(DEAD)


def test_several_starts_are_summed_up() -> None:
    starts = tuple(Start(replace(READY, seconds=took), Settled()) for took in (1.0, 4.0, 2.0))
    assert values(check_cold_start(starts)) == {"cold_start_median": 2.0, "cold_start": 4.0}


def test_failures_after_ready_are_counted() -> None:
    starts = (Start(replace(READY, early=("status 503",)), Settled()),)
    assert values(check_honest(starts))["failed_after_ready"] == 1.0


def test_a_warm_up_of_too_few_inferences_is_not_measured() -> None:
    with pytest.raises(pytest.skip.Exception, match="not measured: 0 inferences"):
        check_warm_up((Start(READY, Settled()),))


@pytest.mark.parametrize("function", [check_cold_start, check_honest, check_warm_up])
def test_of_the_dead_there_is_no_more_to_see(function: Any) -> None:
    with pytest.raises(CandidateNotReady, match="ended with exit code 1"):
        function((Start(DEAD, Settled()),))


@pytest.mark.parametrize(
    ("candidate", "applying"),
    [
        ('image = "a:1"\n', ["honest", "warm_up"]),
        ('image = "a:1"\nstarts = 3\n', ["cold_start", "honest", "warm_up"]),
        ('url = "http://127.0.0.1:1"\nstarts = 3\n', []),
    ],
)
def test_what_is_not_started_here_or_only_once_is_not_looked_at(
    tmp_path: Path, candidate: str, applying: list[str]
) -> None:
    found = []
    for function in (check_cold_start, check_honest, check_warm_up):
        spec = spec_of(function)
        assert spec is not None and spec.applies is not None
        if not spec.applies(gate(tmp_path, candidate)):
            found.append(function.__name__.removeprefix("check_"))
    assert found == applying


def test_warm_up_is_advisory() -> None:
    spec = spec_of(check_warm_up)
    assert spec is not None and spec.advisory


def test_without_network_the_start_itself_is_the_proof(tmp_path: Path) -> None:
    launch = Launch(DEAD)
    seen = check_offline(gate(tmp_path, 'image = "a:1"\n'), READY, launch)
    assert values(seen) == {"offline_ready": 1.0}
    assert not findings(seen) and not launch.sandboxes


def test_a_start_that_failed_for_another_reason_says_nothing_of_the_network(
    tmp_path: Path,
) -> None:
    with pytest.raises(CandidateNotReady):
        check_offline(gate(tmp_path, 'image = "a:1"\n'), DEAD, Launch(DEAD))


def test_who_needs_the_network_fails(tmp_path: Path) -> None:
    asking = replace(DEAD, hint="it tried to reach the network")
    seen = check_offline(gate(tmp_path, 'image = "a:1"\n'), asking, Launch(DEAD))
    assert [(f.rule, f.severity) for f in findings(seen)] == [("needs-the-network", Severity.ERROR)]


def test_with_an_open_network_a_second_instance_is_tried_without(tmp_path: Path) -> None:
    launch = Launch(DEAD)
    seen = check_offline(gate(tmp_path, 'image = "a:1"\nnetwork = "open"\n'), READY, launch)
    assert launch.sandboxes == [Sandbox(network="none")]
    assert values(seen) == {"offline_ready": 0.0}
    assert [f.severity for f in findings(seen)] == [Severity.WARNING]


def test_a_candidate_that_starts_with_a_read_only_root_is_a_measurement() -> None:
    assert check_read_only(READY) == [Measurement("read_only_ready", 1.0, n=1)]


def test_who_needs_a_writable_root_is_found() -> None:
    (found,) = findings(check_read_only(DEAD))
    assert found.rule == "needs-a-writable-root"


@pytest.mark.parametrize("function", [check_offline, check_read_only])
@pytest.mark.parametrize(
    ("candidate", "applies"),
    [
        ('image = "a:1"\n', True),
        ("build = {}\n", True),
        ('command = ["python"]\n', False),
        ('url = "http://127.0.0.1:1"\n', False),
    ],
)
def test_only_a_container_can_be_given_less(
    tmp_path: Path, function: Any, candidate: str, applies: bool
) -> None:
    spec = spec_of(function)
    assert spec is not None and spec.applies is not None
    assert (spec.applies(gate(tmp_path, candidate)) == "") is applies


def test_read_only_is_advisory() -> None:
    spec = spec_of(check_read_only)
    assert spec is not None and spec.advisory
