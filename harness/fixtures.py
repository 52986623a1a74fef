"""The fixtures that a check may ask for. They exist only in a session that has a gate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.config import Gate
from harness.limits import Limit
from harness.model import Candidate, Startup
from harness.results import COLLECTED
from harness.run import Run

if TYPE_CHECKING:
    from harness.accuracy import Comparison
    from harness.baseline import Baseline
    from harness.contract import Contract, Golden
    from harness.lifecycle import Drain, Start
    from harness.load import Driver, Rig, Traffic, Turns
    from harness.runtime import Endpoint, Image, Sandbox

RUN = pytest.StashKey[Run]()


@pytest.fixture(scope="session")
def _run(pytestconfig: pytest.Config) -> Run:
    """The run that this session is."""
    return pytestconfig.stash[RUN]


@pytest.fixture(scope="session")
def gate(_run: Run) -> Gate:
    """gate.toml and its policy."""
    return _run.gate


@pytest.fixture
def limits(request: pytest.FixtureRequest) -> dict[str, Limit]:
    """The limits in force for the check that asks."""
    found: dict[str, Limit] = request.node.stash[COLLECTED].limits
    return found


@pytest.fixture(scope="session")
def candidate(_run: Run) -> Candidate:
    """What is under test."""
    return _run.candidate()


@pytest.fixture(scope="session")
def startup(_run: Run) -> Startup:
    """What happened when the candidate was started: a fact, also where it is not ready."""
    return _run.startup()


@pytest.fixture(scope="session")
def starts(_run: Run) -> tuple[Start, ...]:
    """What happened at each of `candidate.starts` starts, and right after it was ready."""
    return _run.life.starts()


@pytest.fixture(scope="session")
def read_only_startup(_run: Run) -> Startup:
    """What happened when one more instance was started with a read-only root."""
    return _run.read_only_startup()


@pytest.fixture
def endpoint(_run: Run) -> Endpoint:
    """The running candidate; a check that needs it is errored where there is none."""
    return _run.endpoint()


@pytest.fixture(scope="session")
def launch(_run: Run) -> Callable[[Sandbox], AbstractContextManager[tuple[Startup, Endpoint]]]:
    """Start one more instance of the candidate."""
    return _run.launch


@pytest.fixture(scope="session")
def image(_run: Run) -> Image:
    """The image under test, readable without running anything in it."""
    found = _run.image()
    if found is None:
        pytest.skip(f"not run: the candidate is no image (runtime {_run.runtime.name!r})")
    return found


@pytest.fixture(scope="session")
def source(_run: Run) -> Path:
    """Folder of the candidate's source."""
    if _run.gate.candidate.source is None:
        pytest.skip("candidate.source is not set")
    return _run.gate.find(_run.gate.candidate.source)


@pytest.fixture(scope="session")
def contract(_run: Run) -> Contract:
    """What the candidate promises."""
    return _run.contract()


@pytest.fixture(scope="session")
def golden(_run: Run) -> Golden:
    """The accepted release's contract and answers, as `gate record` wrote them."""
    found = _run.golden()
    if found is None:
        pytest.skip("baseline.golden is not set")
    return found


@pytest.fixture(scope="session")
def baseline(_run: Run) -> Baseline:
    """The accepted release, running beside the candidate."""
    found = _run.baseline()
    if found is None:
        pytest.skip("baseline.image is not set")
    return found


@pytest.fixture(scope="session")
def comparison(_run: Run) -> Comparison:
    """The two models on the same rows, evaluated once."""
    return _run.comparison()


@pytest.fixture(scope="session")
def traffic(_run: Run) -> Traffic:
    """The load run, run once, for all checks of the family and all their limits."""
    return _run.traffic()


@pytest.fixture(scope="session")
def driver(_run: Run) -> Driver:
    """Sends whatever else is to be tried under load, phase by phase, through one Locust."""
    return _run.driver()


@pytest.fixture(scope="session")
def rig(_run: Run) -> Rig:
    """The plan of the load, and the driver that sends what is planned."""
    return _run.rig()


@pytest.fixture(scope="session")
def turns(_run: Run) -> Turns:
    """Candidate and baseline, and how they share the machine while they are compared."""
    return _run.turns()


@pytest.fixture(scope="session")
def drain(_run: Run) -> Drain:
    """What became of every request as the candidate was told to stop; it has ended then."""
    if not _run.contract().requests():
        pytest.skip("the contract has no valid request to be in flight: give it examples")
    return _run.life.drain()


@pytest.fixture(scope="session")
def restart(_run: Run, drain: Drain) -> Startup:
    """What happened when the candidate was started once more after its stop."""
    return _run.life.restart()
