"""Both databases, and reports to put into them."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url, text

from harness.config import Policy
from harness.ledger import Ledger, open_ledger
from harness.ledger.tables import metadata
from harness.model import Candidate, CheckResult, JudgedMeasurement, Outcome, Waiver
from harness.report import build, to_json
from harness.verdict import decide

CONFIG = "sha256:" + "c" * 64
NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
OUTCOMES = {
    "pass": Outcome.PASSED,
    "fail": Outcome.FAILED,
    "error": Outcome.ERRORED,
    "inconclusive": Outcome.INCONCLUSIVE,
}


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a PostgreSQL of our own, or the one of RELEASEGATE_TEST_POSTGRES."""
    given = os.environ.get("RELEASEGATE_TEST_POSTGRES")
    if given:
        yield given
        return
    url, begin = request.getfixturevalue("new_postgres")()
    begin()
    yield url


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    with _database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_ledger(postgres: str) -> Iterator[Ledger]:
    """A ledger on PostgreSQL; to make one for each test would take longer than the tests."""
    with _database(postgres) as url:
        opened = open_ledger(url)
        yield opened
        opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a ledger that is not there yet, on either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """An empty ledger on either database."""
    if request.param == "sqlite":
        found: Ledger = request.getfixturevalue("sqlite_ledger")
        return found
    found = request.getfixturevalue("postgres_ledger")
    with found.writing() as connection:
        names = ", ".join(table.name for table in metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
    return found


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ledger that holds nothing."""
    path = tmp_path_factory.mktemp("empty") / "ledger.sqlite"
    open_ledger(str(path)).close()
    return path


@pytest.fixture
def sqlite_ledger(empty_file: Path, tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger in a file."""
    opened = open_ledger(str(shutil.copy(empty_file, tmp_path / "ledger.sqlite")))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def a_report() -> Callable[..., bytes]:
    """`a_report(verdict, name=..., digest=..., ...)`: the bytes of a small report."""

    def make(
        verdict: str = "pass",
        *,
        name: str = "digits",
        digest: str | None = CONFIG,
        manifest: str | None = None,
        policy: str = "prd",
        finished: dt.datetime = NOON,
        latency: float = 41.5,
        waived_until: str | None = None,
        reference: str = "digits:1",
    ) -> bytes:
        row = JudgedMeasurement(
            "latency_p99", latency, "ms", latency - 1, latency + 1, 2000, "<= 80 ms", Outcome.PASSED
        )
        said = "" if verdict == "pass" else "it was so"
        results = [CheckResult("load.latency", 1, "", OUTCOMES[verdict], said, measurements=(row,))]
        waivers: tuple[Waiver, ...] = ()
        required = ["load"]
        if waived_until is not None:
            results.append(CheckResult("image.root_user", 1, "", Outcome.FAILED, "root"))
            waivers = (Waiver("image.root_user", "OPS-212", waived_until),)
            required.append("image")
        rules = Policy(policy, 0.95, tuple(required), {}, waivers)
        report = build(
            decide(results, rules.required, rules.waivers, NOON.date()),
            candidate=Candidate(name, reference, digest, manifest),
            policy=rules,
            gate_digest="sha256:" + "9" * 64,
            environment={},
            started_at=finished - dt.timedelta(seconds=30),
            finished_at=finished,
            today=NOON.date(),
        )
        return to_json(report).encode()

    return make


@contextlib.contextmanager
def _database(server: str) -> Iterator[str]:
    """URL of a new database, which is dropped in the end."""
    name = f"ledger_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
