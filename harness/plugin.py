"""The pytest plugin: it collects checks, offers fixtures, judges what checks return, and decides.

It sleeps in every session without `--gate`. In a session with one, the exit status is the verdict.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import ConfigError
from harness.verdict import EXIT_USAGE

if TYPE_CHECKING:
    from harness.accuracy.comparison import Counted
    from harness.load.distributed.place import Place
    from harness.report import Report


class Hooks:
    """Hooks of our own, for whoever wants to know how it ended."""

    @pytest.hookspec
    def pytest_releasegate_said(self, text: str) -> None:
        """Called with a line for whoever watches the run, from whichever thread has to say it."""

    @pytest.hookspec
    def pytest_releasegate_report(self, report: Report, files: dict[str, Path]) -> None:
        """Called once with the finished report and the files that it was written to."""


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make our own hooks known."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Every option begins with `--gate`, so that no other plugin is in the way."""
    group = parser.getgroup("releasegate", "release gate")
    group.addoption("--gate", metavar="FILE", help="run the checks as the gate of this gate.toml")
    group.addoption("--gate-policy", metavar="NAME", help="judge under this policy of the file")
    group.addoption("--gate-image", metavar="REF", help="test this image instead of the file's")
    group.addoption("--gate-url", metavar="URL", help="test what runs at this URL")
    group.addoption("--gate-baseline", metavar="REF", help="compare with this image")
    group.addoption(
        "--gate-only",
        metavar="FAMILY",
        action="append",
        default=[],
        help="run only this family of checks; may be given again",
    )
    group.addoption(
        "--gate-fail-fast",
        action="store_true",
        help="stop after the first required check that does not pass",
    )
    group.addoption(
        "--gate-shard",
        metavar="FILE",
        action="append",
        default=[],
        help="take the counts of the accuracy comparison from its shards; give all of them",
    )
    group.addoption(
        "--gate-load-master",
        metavar="HOST:PORT",
        help="let workers make the load, who find their master here",
    )
    group.addoption("--gate-load-workers", metavar="N", type=int, default=1, help="of them")
    group.addoption("--gate-report", metavar="DIR", help="folder of the report")


def pytest_configure(config: pytest.Config) -> None:
    """With `--gate`: read the file, and hand the session over to it."""
    path = config.getoption("--gate")
    if path is None:
        return
    from harness import tracing
    from harness.config import load
    from harness.session import GateSession

    try:
        gate = load(
            path,
            policy=config.getoption("--gate-policy"),
            image=config.getoption("--gate-image"),
            url=config.getoption("--gate-url"),
            baseline=config.getoption("--gate-baseline"),
        )
        session = GateSession(config, gate)
        session.run.comparing.counted = _counted(config.getoption("--gate-shard"))
        session.run.place = _place(config)
    except ConfigError as problem:
        pytest.exit(str(problem), returncode=EXIT_USAGE)
    config.addinivalue_line("python_files", "check_*.py")
    config.addinivalue_line("python_functions", "check_")
    # A warning in somebody's library is no reason for a check to break.
    config.addinivalue_line("filterwarnings", "default")
    session.register()
    if tracing.wanted():
        config.pluginmanager.register(tracing.Tracing(), "releasegate-tracing")


def _counted(shards: list[str]) -> Counted | None:
    """Where the comparison was counted elsewhere: its files, checked before anything starts."""
    if not shards:
        return None
    from harness.accuracy.sharding import merge

    return merge([Path(shard) for shard in shards]).blocks


def _place(config: pytest.Config) -> Place | None:
    """Where the load is made elsewhere: its master's address."""
    address = config.getoption("--gate-load-master")
    if address is None:
        return None
    from harness.load.distributed.place import Place

    return Place.of(address, config.getoption("--gate-load-workers"))
