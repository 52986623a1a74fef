"""A run that says how far it is, so that controllers wait for it; and publishes what it came to.

Whatever the service does or does not do, the run and its exit code stay as they are: what is
not published is unknown to the service, and unknown opens no gate.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from harness.config import Gate
from harness.errors import GateError
from harness.publishing import SERVER, Service, service
from harness.report import printable

if TYPE_CHECKING:
    from harness.report import Report

_LIVES_S = 60  # an announcement counts for so long
_BEAT_S = 15.0  # and is said again after so long, or as soon as a check has ended
_TIMEOUT_S = 5.0


def announcers(gate: Gate, url: str | None) -> list[Announcer]:
    """The plugin of a run that shall be told of at `url`, or at RELEASEGATE_SERVER; else none.

    Raises ConfigError for what is no address.
    """
    return [Announcer(gate, service(url))] if url or os.environ.get(SERVER) else []


class Announcer:
    """A pytest plugin beside the progress; speaks on a thread of its own."""

    def __init__(self, gate: Gate, service: Service) -> None:
        self._gate, self._service = gate, service
        self._done = self._total = 0
        self._digest: str | None = None  # as it was announced
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._speak, name="announcer", daemon=True)
        self._session: pytest.Session | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin to speak."""
        self._session, self._total = session, len(session.items)
        self._thread.start()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One more check has its result."""
        from harness.results import results_in

        if list(results_in(report)):
            self._done = min(self._done + 1, self._total)
            self._wake.set()

    def pytest_releasegate_report(self, report: Report, files: dict[str, Path]) -> None:
        """Publish the report; what hinders it is said, and changes nothing."""
        self._be_silent()
        try:
            told = self._service.publish(files["json"].read_bytes(), timeout=2 * _TIMEOUT_S)
        except (GateError, OSError) as problem:
            return _say(f"the report was not published: {problem}")
        _say(f"published: {self._service.page(told)}")
        if report.subject.config_digest is None:
            _say("it names no image, so no digest leads to its verdict")

    def pytest_unconfigure(self) -> None:
        """However it ended, it is not at work any more."""
        self._be_silent()
        if self._digest is None:
            return
        path = f"/v1/runs/{self._digest}?policy={quote(self._gate.policy.name, safe='')}"
        try:
            self._service.send("DELETE", path, b"", timeout=_TIMEOUT_S)
        except GateError:
            return  # it is forgotten within a minute

    def _be_silent(self) -> None:
        self._over.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * _TIMEOUT_S)

    def _speak(self) -> None:
        while not self._over.is_set():
            digest = self._known()
            if digest is not None:
                self._announce(digest)
            self._wake.wait(_BEAT_S if digest else 0.5)
            self._wake.clear()

    def _known(self) -> str | None:
        """The digest of the candidate, as soon as the run knows it."""
        from harness import fixtures

        assert self._session is not None
        candidate, _ = self._session.config.stash[fixtures.RUN].known()
        return None if candidate is None else candidate.config_digest

    def _announce(self, digest: str) -> None:
        told = {
            "digest": digest,
            "policy": self._gate.policy.name,
            "name": self._gate.candidate.name,
            "done": self._done,
            "total": self._total,
            "ttl_s": _LIVES_S,
        }
        try:
            self._service.send("POST", "/v1/runs", json.dumps(told).encode(), timeout=_TIMEOUT_S)
        except GateError:
            return  # the run is what matters; the next beat tries again
        self._digest = digest


def _say(text: str) -> None:
    """To whoever still reads: a closed standard error is no reason to end with another code."""
    with suppress(OSError):
        print(f"gate: {printable(text)}", file=sys.stderr, flush=True)
