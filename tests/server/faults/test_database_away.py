"""A database that goes away and returns: no verdict is told in between, and nothing is lost."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

DIGEST = "sha256:" + "1" * 64
JSON = {"Content-Type": "application/json"}
Begin = Callable[..., tuple[subprocess.Popen[bytes], httpx.Client]]
Make = Callable[..., bytes]
NewPostgres = Callable[[], tuple[str, Callable[[], subprocess.Popen[bytes]]]]


def away(client: httpx.Client, body: bytes) -> None:
    """The service lives, says that it cannot answer and when to come again, and no more."""
    assert client.get("/healthz").status_code == 200
    for answer in (
        client.get("/readyz"),
        client.get(f"/v1/gate/{DIGEST}"),  # which it knew a moment ago
        client.get("/v1/reports"),
        client.get("/metrics"),
        client.get("/api/v1/query", params={"query": f'releasegate_pass{{digest="{DIGEST}"}}'}),
        client.post("/v1/reports", content=body, headers=JSON),
        client.post("/v1/flagger/rollout", json={"metadata": {"digest": DIGEST}}),
        client.post("/v1/environments/prd", json={"digest": DIGEST}),
        client.get("/"),
    ):
        assert answer.status_code == 503, (answer.url, answer.text)
        assert "retry-after" in answer.headers, answer.url
        assert "ledger" in answer.text
        assert "pass" not in answer.text.split("releasegate_pass")[0]


def back(client: httpx.Client, stored: dict[str, bytes], body: bytes) -> None:
    """Everything is there, and more is taken."""
    assert client.get("/readyz").status_code == 200
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "pass"
    assert client.get("/").status_code == 200
    for key, sent in stored.items():
        assert client.get(f"/v1/reports/{key}").content == sent
    assert client.post("/v1/reports", content=body, headers=JSON).status_code == 201


@contextmanager
def hanging(postgres: subprocess.Popen[bytes]) -> Iterator[None]:
    """It does nothing any more, and its connections stay open."""
    every = psutil.Process(postgres.pid)
    stopped = [every, *every.children(recursive=True)]
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            process.resume()


def publish(client: httpx.Client, *bodies: bytes) -> dict[str, bytes]:
    """What was acknowledged, by its id."""
    answers = [client.post("/v1/reports", content=body, headers=JSON) for body in bodies]
    assert [answer.status_code for answer in answers] == [201] * len(bodies)
    return {answer.json()["id"]: body for answer, body in zip(answers, bodies, strict=True)}


def test_a_ledger_whose_file_is_away_answers_nothing_until_it_is_back(
    begin: Begin, tmp_path: Path, make_report: Make
) -> None:
    folder, hidden = tmp_path / "volume", tmp_path / "unmounted"
    folder.mkdir()
    process, client = begin(str(folder / "ledger.sqlite"))
    stored = publish(client, make_report(), make_report(name="fraud"))
    assert client.get(f"/v1/gate/{DIGEST}").json()["verdict"] == "pass"
    for turn in range(2):
        folder.rename(hidden)
        away(client, make_report(name=f"away-{turn}"))
        assert not folder.exists()  # nothing was made in its place
        hidden.rename(folder)
        back(client, stored, make_report(name=f"back-{turn}"))
    assert process.poll() is None


@pytest.mark.slow
def test_a_postgresql_that_is_killed_answers_nothing_until_it_is_back(
    begin: Begin, new_postgres: NewPostgres, tmp_path: Path, make_report: Make
) -> None:
    url, begin_postgres = new_postgres()
    postgres = begin_postgres()
    process, client = begin(url)
    stored = publish(client, *(make_report(name=f"candidate-{each}") for each in range(10)))
    for turn, end in enumerate((signal.SIGKILL, signal.SIGINT)):
        postgres.send_signal(end)
        postgres.wait(30)
        away(client, make_report(name=f"away-{turn}"))
        postgres = begin_postgres()
        back(client, stored, make_report(name=f"back-{turn}"))
    assert "127.0.0.1" in (tmp_path / "serve.log").read_text()  # the log says what answers hide
    with hanging(postgres):
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"/v1/gate/{DIGEST}", timeout=0.5)
        assert client.get("/healthz").status_code == 200
    back(client, stored, make_report(name="awake"))
    assert process.poll() is None
