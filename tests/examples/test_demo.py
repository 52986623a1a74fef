"""The demo: it is content with nothing less than the expected verdict for the expected reason."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"
DROP = (
    "accuracy.drop failed: drop = 11.41 pp, must be <= 1 pp (interval 10.9 to 11.9 pp, n = 10149)"
)
POSITIVE = "contract.response failed: 'false' is not of type 'boolean' (at $.positive)"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """examples/demo.py as it is run: with its own folder on the path."""
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("demo")


def report(verdict: str, *reasons: str, **measured: Any) -> dict[str, Any]:
    """As much of a report as the demo reads."""
    drop = {"name": "drop", "value": 11.41, "low": 10.9, "high": 11.9, "n": 10149}
    row = {**drop, "limit": "<= 1 pp", **measured}
    return {
        "verdict": verdict,
        "reasons": list(reasons),
        "environment": {"runtime": "docker"},
        "checks": [{"id": "accuracy.drop", "measurements": [row]}],
    }


def test_expected_verdicts_are_accepted(demo: ModuleType) -> None:
    good, careless, lossy = demo.DEMOS
    assert demo.examine(good, report("pass"), 0, "docker") == []
    assert demo.examine(careless, report("fail", POSITIVE), 1, "docker") == []
    assert demo.examine(lossy, report("fail", DROP), 1, "docker") == []


@pytest.mark.parametrize(
    ("index", "found", "code"),
    [
        (0, report("fail", DROP), 1),
        (0, report("inconclusive", "load.latency skipped"), 4),
        (0, report("pass"), 1),
        (1, report("pass"), 0),
        (1, report("fail", "startup.ready failed: it died"), 1),
        (1, report("fail", "contract.response failed", "something at $.positive"), 1),
        (2, report("fail", POSITIVE), 1),
        (2, report("fail", "accuracy.drop failed: drop = 11.41 pp, must be <= 1 pp"), 1),
        (2, report("fail", DROP, n=None), 1),
    ],
)
def test_anything_else_is_complained_of(
    demo: ModuleType, index: int, found: dict[str, Any], code: int
) -> None:
    assert demo.examine(demo.DEMOS[index], found, code, "docker")


def test_wrong_runtime_is_complained_of(demo: ModuleType) -> None:
    assert demo.examine(demo.DEMOS[0], report("pass"), 0, "process")


def test_end_is_zero_only_without_complaints(
    demo: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.conclude({one: [] for one in demo.DEMOS}, 1.0) == 0
    assert demo.conclude({one: [] for one in demo.DEMOS} | {demo.DEMOS[0]: ["no"]}, 1.0) == 1
    assert "report.html" in capsys.readouterr().out
