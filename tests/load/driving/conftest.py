"""A contract of short texts, and load on a small real server without Locust."""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.config import load
from harness.contract import Client, Contract, Prepared
from harness.load.driving import quiet
from harness.load.driving.record import Kept
from harness.testing import Reply

TEXTS = [f"text number {i}" for i in range(60)]


@dataclass
class Service:
    """Answers each text with a score of its own; `under_load` may answer otherwise."""

    under_load: Callable[[str, float], float] | None = None  # text, right score -> score
    alone: Callable[[str, float], float] = lambda text, score: score
    more: Callable[[], dict[str, Any]] = dict  # members beside the score
    loaded: bool = False
    surveyed: bool = False
    asked: list[str] = field(default_factory=list)  # texts that came while it was not loaded

    def __call__(self, method: str, path: str, body: bytes) -> Reply:
        """One answer."""
        text = str(json.loads(body)["text"])
        score = score_of(text)
        if self.loaded and self.under_load is not None:
            score = self.under_load(text, score)
        else:
            self.asked.append(text)
            score = self.alone(text, score)
        return Reply(json.dumps({"score": score, **self.more()}).encode())


def score_of(text: str) -> float:
    """The right score."""
    return zlib.crc32(text.encode()) / 2**32


@pytest.fixture
def service() -> type[Service]:
    """The class of services."""
    return Service


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Contract]:
    """texts(more, examples): the contract of the service; `more` are lines of [contract]."""
    monkeypatch.setattr(quiet, "_REST", 0.0)

    def make(more: str = "", examples: int = 12) -> Contract:
        lines = "\n".join(json.dumps({"request": {"text": text}}) for text in TEXTS[:examples])
        (tmp_path / "e.jsonl").write_text(lines, encoding="utf-8")
        head = 'version = 1\n[candidate]\nname = "c"\nurl = "http://127.0.0.1:1"\n[contract]\n'
        keys = f'path = "/predict"\nexamples = "e.jsonl"\n{more}\n'
        (tmp_path / "gate.toml").write_text(head + keys, encoding="utf-8")
        return Contract.load(load(tmp_path / "gate.toml"))

    return make


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    """The file of requests that Locust's process would send."""
    path = tmp_path / "requests.jsonl"
    path.write_text("".join(json.dumps(_line(text)) + "\n" for text in TEXTS), encoding="utf-8")
    return path


def _line(text: str) -> dict[str, Any]:
    said = json.dumps({"text": text}, separators=(",", ":"))  # as the contract writes it
    body = base64.b64encode(said.encode()).decode()
    return {
        "method": "POST",
        "path": "/predict",
        "name": "POST /predict",
        "headers": {"Content-Type": "application/json"},
        "body": body,
    }


@pytest.fixture
def put_load() -> Callable[..., tuple[list[Kept], dict[int, int]]]:
    """put_load(url, service, turns): the distinct answers of so many turns, and how often each."""

    def run(url: str, service: Service, turns: int = 5) -> tuple[list[Kept], dict[int, int]]:
        kept: dict[tuple[int, bytes], Kept] = {}
        times: Counter[int] = Counter()
        service.loaded = True
        with Client(url) as client:
            for number, text in enumerate(TEXTS * turns):
                body = json.dumps({"text": text}).encode()
                kind = {"Content-Type": "application/json"}
                answer = client.send(Prepared("POST", "/predict", kind, body))
                key = number % len(TEXTS), answer.body
                one = Kept(len(kept) + 1, key[0], answer.status, dict(answer.headers), answer.body)
                times[kept.setdefault(key, one).id] += 1
        service.loaded = False
        return list(kept.values()), dict(times)

    return run
