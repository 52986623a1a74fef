"""The pytest side of tracing: when each check ended, and the spans once the report is written."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.results import results_in

if TYPE_CHECKING:
    import pytest

    from harness.report import Report

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def wanted() -> bool:
    """Whether the environment names a collector, as every OpenTelemetry exporter reads it."""
    off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not off and any(os.environ.get(name) for name in _ENDPOINTS)


class Tracing:
    """Joins a session whose environment names a collector. It never touches the verdict."""

    def __init__(self) -> None:
        self._ended: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the end of each check, wherever it ran."""
        self._ended |= {result.id: report.stop for result in results_in(report)}

    def pytest_releasegate_report(self, report: Report, files: dict[str, Path]) -> None:
        """Send the spans; a collector that is away costs a line, and no more."""
        from harness.report import printable
        from harness.report.tracing import send

        try:
            send(report, self._ended)
        except Exception as problem:  # whatever it is, the report is written and stands
            print(f"gate: no spans were sent: {printable(str(problem))}", file=sys.stderr)
