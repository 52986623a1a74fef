"""A metric of the user's own, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.accuracy.counting import Counts, Scheme
from harness.accuracy.errors import ModelError, WorkerDied
from harness.accuracy.metrics import measure

Counted = Callable[..., tuple[Scheme, Counts]]
_SOURCE = """
import numpy as np, os

def hits(labels, outputs):
    return (outputs.reshape(len(labels), -1).argmax(axis=1) == labels).mean()

def miss(labels, outputs):
    return 2 - hits(labels, outputs)

miss.loss = True

def broken(labels, outputs):
    return float("nan")

def percent(labels, outputs):
    return 100 * hits(labels, outputs)

def word(labels, outputs):
    return "0.5"

def passes(labels, outputs):
    return bool(hits(labels, outputs) > 0.5)

def likelihood(labels, outputs):
    return -miss(labels, outputs)

likelihood.loss = True

def dies(labels, outputs):
    os.abort()
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "own_metrics.py").write_text(_SOURCE)
    return str(tmp_path)


def _outputs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a shape that no other metric takes; 100 and 90 of 100 rows right."""
    labels = np.arange(100) % 4
    first = np.eye(4)[labels].reshape(100, 2, 2)
    second = np.eye(4)[np.where(np.arange(100) < 10, (labels + 1) % 4, labels)]
    return labels, first, second.reshape(100, 2, 2)


def test_a_share_is_given_in_percent(counted: Counted, folder: str) -> None:
    given = counted(*_outputs(), folder=folder, metric="own_metrics:hits", blocks=3)
    found = measure(*given, 0.9, 1)
    assert (found.reference, found.candidate) == (100.0, 90.0)
    assert found.drop.value == pytest.approx(10)
    assert 4 < found.drop.low < 6 and 14 < found.drop.high < 19


def test_a_loss_grows_in_percent_of_the_reference(counted: Counted, folder: str) -> None:
    found = measure(*counted(*_outputs(), folder=folder, metric="own_metrics:miss"), 0.9, 1)
    assert (found.reference, found.candidate, found.unit) == (1.0, 1.1, "")
    assert found.drop.value == pytest.approx(10)


def test_clusters_are_drawn_whole(counted: Counted, folder: str) -> None:
    users = np.arange(100) // 10
    given = counted(*_outputs(), users, folder=folder, metric="own_metrics:hits")
    found = measure(*given, 0.9, 1)
    assert found.drop.high > 25


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("own_metrics:broken", ModelError, "gave nan, expected a finite number"),
        ("own_metrics:absent", ModelError, "module 'own_metrics' has no function 'absent'"),
        ("no_such_module:f", ModelError, "No module named 'no_such_module'"),
        ("own_metrics:dies", WorkerDied, "killed by SIGABRT"),
    ],
)
def test_what_goes_wrong_in_it_is_told(
    counted: Counted, folder: str, name: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        measure(*counted(*_outputs(), folder=folder, metric=name), 0.9, 1)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("percent", "gave 100, expected 1 at best; a percentage wants dividing by 100"),
        ("word", "gave str '0.5', expected a number"),
        ("passes", "gave bool True, expected a number"),
        ("likelihood", "gave the loss -1, expected none below 0"),
    ],
)
def test_a_value_that_would_be_taken_for_another_is_refused(
    counted: Counted, folder: str, function: str, said: str
) -> None:
    labels = np.arange(60) % 3
    scores = np.eye(3)[labels]
    scheme, counts = counted(
        labels, scores, scores, metric=f"own_metrics:{function}", folder=folder
    )
    with pytest.raises(ModelError, match=said):
        measure(scheme, counts, 0.9, 1)
