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
from harness.run import Run

if TYPE_CHECKING:
    from harness.accuracy import Comparison
    from harness.collect import Collected
    from harness.contract import Contract
    from harness.load import Traffic
    from harness.runtime import Endpoint, Image, Sandbox


class Fixtures:
    """Registered by the plugin for one run; pytest finds the fixtures on the instance."""

    def __init__(self, run: Run, collected: Callable[[pytest.Item], Collected]) -> None:
        self._run = run
        self._collected = collected

    @pytest.fixture(scope="session")
    def gate(self) -> Gate:
        """gate.toml and its policy."""
        return self._run.gate

    @pytest.fixture
    def limits(self, request: pytest.FixtureRequest) -> dict[str, Limit]:
        """The limits in force for the check that asks."""
        return self._collected(request.node).limits

    @pytest.fixture(scope="session")
    def candidate(self) -> Candidate:
        """What is under test."""
        return self._run.candidate()

    @pytest.fixture(scope="session")
    def startup(self) -> Startup:
        """What happened when the candidate was started: a fact, also where it is not ready."""
        return self._run.startup()

    @pytest.fixture
    def endpoint(self) -> Endpoint:
        """The running candidate; a check that needs it is errored where there is none."""
        return self._run.endpoint()

    @pytest.fixture(scope="session")
    def launch(self) -> Callable[[Sandbox], AbstractContextManager[tuple[Startup, Endpoint]]]:
        """Start one more instance of the candidate."""
        return self._run.launch

    @pytest.fixture(scope="session")
    def image(self) -> Image:
        """The image under test, readable without running anything in it."""
        found = self._run.image()
        if found is None:
            pytest.skip(f"not run: the candidate is no image (runtime {self._run.runtime.name!r})")
        return found

    @pytest.fixture(scope="session")
    def source(self) -> Path:
        """Folder of the candidate's source."""
        if self._run.gate.candidate.source is None:
            pytest.skip("candidate.source is not set")
        return self._run.gate.find(self._run.gate.candidate.source)

    @pytest.fixture(scope="session")
    def contract(self) -> Contract:
        """What the candidate promises."""
        return self._run.contract()

    @pytest.fixture(scope="session")
    def comparison(self) -> Comparison:
        """The two models on the same rows, evaluated once."""
        return self._run.comparison()

    @pytest.fixture
    def traffic(self, request: pytest.FixtureRequest) -> Traffic:
        """The load run, run once, for all checks of the family and all their limits."""
        limits: dict[str, Limit] = {}
        own = self._collected(request.node)
        for item in request.session.items:
            other = self._collected(item)
            if other.family == own.family:
                limits.update(other.limits)
        return self._run.traffic(limits)
