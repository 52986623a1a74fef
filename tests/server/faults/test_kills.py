"""kill -9 of the service under write load: what it acknowledged is there, and nothing by halves.

Each service is a fork of a process that has imported everything: fifty starts of the interpreter
would take a minute, and tell nothing of the ledger. It is killed the same way.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import pkgutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import httpx
import psutil
import pytest

from harness.ledger import Ledger, open_ledger
from harness.runtime.ports import free_port
from harness.server import adapters, pages
from harness.server.serving import serve
from harness.server.settings import Rates, Settings

KILLS = 50
WRITERS = 4
RATES = Rates(read="100000 /s", write="100000 /s", stranger="100000 /s")
Begin = Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]
Make = Callable[..., bytes]


class Writers:
    """Threads that publish one report after another, and note which were acknowledged."""

    def __init__(self, url: str, secret: str, body: bytes) -> None:
        self.sent: dict[str, bytes] = {}  # id -> bytes
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self._url, self._body, self._numbers = url, body, count()
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, headers=self._headers, timeout=30, trust_env=False)

    def _write(self) -> None:
        with self.client() as client:
            while not self._ending.is_set():
                number = b"sentiment:%d" % next(self._numbers)
                body = self._body.replace(b"sentiment:1", number)
                key = hashlib.sha256(body).hexdigest()
                try:
                    self.sent[key] = body
                    answer = client.post("/v1/reports", content=body)
                except httpx.ConnectError:
                    del self.sent[key]  # it never left
                    time.sleep(0.01)
                except httpx.TransportError:
                    continue  # sent, and nobody knows
                else:
                    (self.acknowledged if answer.status_code == 201 else self.refused).append(key)


@pytest.fixture(scope="module")
def fork() -> Callable[[Settings], ForkServerProcess]:
    """`fork(settings)`: a process that serves, from one that has imported everything."""
    context = multiprocessing.get_context("forkserver")
    found = (
        f"{folder.__name__}.{module.name}"
        for folder in (adapters, pages)
        for module in pkgutil.iter_modules(folder.__path__)
    )
    context.set_forkserver_preload(["harness.server.serving", *found])

    def begin(settings: Settings) -> ForkServerProcess:
        process = context.Process(target=serve, args=(settings,), daemon=True)
        process.start()
        return process

    return begin


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger that nobody serves; tests open it anew to see what a service left."""
    with closing(open_ledger(str(tmp_path / "ledger.sqlite"))) as opened:
        yield opened


@pytest.mark.slow
def test_every_acknowledged_report_survives_fifty_kills_and_none_is_half_there(
    fork: Callable[[Settings], ForkServerProcess], ledger: Ledger, make_report: Make
) -> None:
    _, secret = ledger.create_token("ci", ["publish", "read"])
    settings = Settings(ledger=ledger.name, port=free_port(), rates=RATES)
    with Writers(f"http://127.0.0.1:{settings.port}", secret, make_report()) as writers:
        for kill in range(KILLS):
            process, known = fork(settings), len(writers.acknowledged)
            while len(writers.acknowledged) <= known + kill % 5:
                assert process.is_alive(), process.exitcode
                time.sleep(0.002)
            time.sleep(kill % 11 / 1000)  # in the midst of whatever it does then
            process.kill()
            process.join()
    assert not writers.refused
    stored = whole(ledger, writers.sent)
    assert stored >= set(writers.acknowledged)
    in_doubt = sorted(set(writers.sent) - set(writers.acknowledged))
    assert in_doubt  # it was killed under load
    process = fork(settings)
    with writers.client() as client:
        wait_for(client)
        for key in in_doubt:  # a publisher that heard nothing sends it again, and is told
            answer = client.post("/v1/reports", content=writers.sent[key])
            assert (answer.json()["id"], answer.json()["new"]) == (key, key not in stored)
        for key, body in writers.sent.items():
            assert client.get(f"/v1/reports/{key}").content == body
    process.kill()
    process.join()


def whole(ledger: Ledger, sent: dict[str, bytes]) -> set[str]:
    """Ids of the reports in a ledger, each of which is as it was sent in every part."""
    with closing(sqlite3.connect(ledger.name)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        parts = "SELECT count(*) FROM reports LEFT JOIN contents USING (number) WHERE body IS NULL"
        assert connection.execute(parts).fetchone() == (0,)
        found = {key.hex() for (key,) in connection.execute("SELECT id FROM reports")}
        heads = connection.execute("SELECT id FROM heads").fetchall()
    assert all(ledger.body(key) == sent[key] for key in found)
    assert [key.hex() for (key,) in heads] == [max(found)]  # all finished at one moment
    return found


def wait_for(client: httpx.Client) -> None:
    """Until a service answers."""
    while True:
        try:
            assert client.get("/healthz").status_code == 200
            return
        except httpx.TransportError:
            time.sleep(0.01)


def test_after_kill_9_of_the_first_of_several_processes_the_port_is_free(
    begin: Begin, tmp_path: Path
) -> None:
    process, client = begin(str(tmp_path / "ledger.sqlite"), more="workers = 2")
    others = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    _, left = psutil.wait_procs(others, timeout=20)
    assert not left
    _, again = begin(str(tmp_path / "ledger.sqlite"), port=client.base_url.port)
    assert again.get("/readyz").status_code == 200
