"""How rows are counted: fixed once, before the first block, so that all blocks add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.accuracy.backends import Answers
from harness.accuracy.counting.predictions import (
    CLASSES,
    NUMBERS,
    OUTPUTS,
    SCORES,
    Predictions,
    interpret,
)
from harness.accuracy.counting.steps import step_of
from harness.accuracy.errors import ModelError
from harness.accuracy.metrics import metric_of
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.config import AccuracyConfig

LOGITS, PROBABILITIES, VALUES = "logits", "probabilities", "values"
_SUM_TOLERANCE = 0.02  # int8 probabilities sum to 0.992..1.004


@dataclass(frozen=True, slots=True)
class Scheme:
    """Everything but rows and answers that counts depend on; travels as JSON."""

    metric: str  # as in gate.toml
    k: int = 5
    average: str = "macro"
    positive: str | None = None
    quantile: float = 0.5
    text: bool = False  # labels and answers are text
    widths: tuple[int, int] = (0, 0)  # scores a row of each; 0: bare classes, -1: not known yet
    thresholds: tuple[float, float] = (0.5, 0.5)  # of each: from it a lone score means positive
    scale: str = ""  # what scores are: LOGITS, PROBABILITIES, VALUES; "": there are none
    floor: float = 0.0  # the least probability that is told from zero
    shift: float = 0.0  # taken from number labels, as squares of large ones lose their digits
    slices: tuple[str, ...] = ()
    clusters: str | None = None
    folder: str = ""  # where the module of metric "module:function" lies

    @property
    def kind(self) -> str:
        """What an answer is: `predictions.CLASSES`, `SCORES`, `NUMBERS` or `OUTPUTS`."""
        return metric_of(self.metric).KIND

    def interpret(self, answers: Answers, side: int) -> Predictions:
        """What a model's answers mean, the reference's (0) or the candidate's (1).

        Raises ModelError where they mean nothing.
        """
        return interpret(answers, self.kind, self.thresholds[side])

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(fields: Mapping[str, Any]) -> Scheme:
        """Back from JSON."""
        first, second = fields["widths"]
        made = {
            "widths": (int(first), int(second)),
            "thresholds": tuple(fields["thresholds"]),
            "slices": tuple(fields["slices"]),
        }
        return Scheme(**{**fields, **made})

    @staticmethod
    def probed(
        config: AccuracyConfig,
        labels: Array,
        reference: Answers,
        candidate: Answers,
        folder: str = "",
    ) -> Scheme:
        """From `[accuracy]` and what both models answer to some rows; `folder` of gate.toml.

        Raises ModelError where the two cannot be compared with one another or with the labels.
        """
        kind = metric_of(config.metric).KIND
        thresholds = (_threshold(kind, reference), _threshold(kind, candidate))
        pairs = zip((reference, candidate), thresholds, strict=True)
        sides = [interpret(answers, kind, threshold) for answers, threshold in pairs]
        widths = (_width(sides[0]), _width(sides[1]))
        scale, floor = _scale(kind, sides) if widths[0] == widths[1] else ("", 0.0)
        if kind == CLASSES and min(widths) > 0 and widths[0] != widths[1]:
            raise ModelError(
                f"the reference has scores for {widths[0]} classes, the candidate for "
                f"{widths[1]}: they cannot be compared"
            )
        scheme = Scheme(
            metric=config.metric,
            k=config.k,
            average=config.average,
            positive=config.positive,
            quantile=config.quantile,
            text=labels.dtype.kind in "US",
            widths=widths,
            thresholds=thresholds,
            scale=scale,
            floor=floor,
            shift=float(labels.mean()) if kind == NUMBERS and labels.size else 0.0,
            slices=tuple(config.slices),
            clusters=config.clusters,
            folder=folder,
        )
        metric_of(config.metric).fits(scheme)
        return scheme


def _width(side: Predictions) -> int:
    """Scores a row, -1 where no row was answered; outputs of other shapes are none's business."""
    if not (side.known | ~side.finite).any():
        return -1
    return side.scores.shape[1] if side.scores.ndim == 2 else 0


def _threshold(kind: str, answers: Answers) -> float:
    """A lone score is a probability where all of the first ones are, and else a logit.

    Each model has its own: one may be exported with the sigmoid, and the other without.
    """
    values = answers.values
    if kind != SCORES or values.dtype.kind != "f" or not values.size:
        return 0.5
    finite = values[np.isfinite(values)]
    return 0.0 if bool(((finite < 0) | (finite > 1)).any()) else 0.5


def _scale(kind: str, sides: list[Predictions]) -> tuple[str, float]:
    """What the scores are, and for probabilities half of the coarser side's quantization step."""
    scores = [side.scores[side.known] for side in sides]
    if kind == OUTPUTS or any(found.dtype.kind not in "biuf" or not found.size for found in scores):
        return "", 0.0
    if kind not in (CLASSES, SCORES) or scores[0].shape[1] < 2:
        return VALUES, 0.0
    if not all(_are_probabilities(found) for found in scores):
        return LOGITS, 0.0
    floor = max(step_of(found) for found in scores) / 2
    return PROBABILITIES, float(f"{floor:.9g}")  # the same on every machine of a cluster


def _are_probabilities(scores: Array) -> bool:
    inside = bool(((scores >= 0) & (scores <= 1)).all())
    return inside and bool((abs(scores.sum(axis=1) - 1) <= _SUM_TOLERANCE).all())


def same_form(scheme: Scheme, side: int, seen: Predictions) -> None:
    """Raise ModelError where a model answers in another form than it did at first."""
    was, now = scheme.widths[side], _width(seen)
    if was != now and -1 not in (was, now):
        raise ModelError(f"answered {was or 'no'} scores a row, then {now or 'none'}")
