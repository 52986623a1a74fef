"""Each way in which a service goes wrong is found out by trying it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from harness.accuracy.backends.quantization import Affine
from harness.accuracy.errors import ModelError
from harness.accuracy.served.causes import Case, Cause, cause_of
from harness.accuracy.served.forms import same, softmax
from harness.accuracy.workers import Array

_random = np.random.default_rng(3)
FIRST = _random.normal(0, 0.08, (64, 24))
SECOND = _random.normal(0, 1.0, (24, 10))
ROWS = np.round(_random.uniform(0, 16, (96, 64)), 3).astype(np.float32)
HOLED = np.where(_random.uniform(size=ROWS.shape) < 0.002, np.nan, ROWS).astype(np.float32)
EDGE = Affine(np.dtype(np.int8), 16 / 255, -128)
Change = Callable[[Array], Array]


def _scores(rows: Array) -> Array:
    """The model: its answers to NaN are NaN."""
    hidden = np.maximum(rows.astype(np.float32).astype(np.float64) @ FIRST, 0)
    return softmax(hidden @ SECOND).astype(np.float32)


def _ask(rows: Mapping[str, Array]) -> Array:
    return _scores(rows["x"])


def _quantized(rows: Mapping[str, Array]) -> Array:
    return _scores(EDGE.dequantize(EDGE.quantize("x", rows["x"])))


def _cause(
    service: Array,
    rows: Array = ROWS,
    ask: Callable[[Mapping[str, Array]], Array] = _ask,
    output: Affine | None = None,
) -> Cause:
    file = ask({"x": rows})
    case = Case(
        rows={"x": rows},
        file=file,
        service=service,
        differs=~same(file, service, 0.0),
        portion=32,
        seconds=1e-5,
        edges={"x": EDGE} if ask is _quantized else {},
        output=output,
    )
    return cause_of(case, ask, {"other.onnx": lambda given: _scores(given["x"][:, ::-1] / 2)}, 30)


def _mirrored(rows: Array) -> Array:
    return rows.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64)


def _transposed(rows: Array) -> Array:
    return rows.reshape(-1, 8, 8).swapaxes(1, 2).reshape(-1, 64)


INPUTS: list[tuple[Change, str, str]] = [
    (lambda x: x / 255, "scale", "scales inputs by 1/255"),
    (lambda x: x / 16, "scale", "scales inputs by 1/16"),
    (lambda x: x * 0.7, "scale", "scales inputs by about 0.7"),
    (lambda x: x - 0.5, "shift", "shifts inputs by -0.5"),
    (lambda x: x + 2.2, "shift", "shifts inputs by about +2.2"),
    (lambda x: x / 127.5 - 1, "normalisation", "x / 127.5 - 1"),
    (np.trunc, "input-rounding", "cuts inputs to whole numbers"),
    (lambda x: np.round(x, 1), "input-rounding", "rounds inputs to 1 decimal"),
    (lambda x: np.round(x, 2), "input-rounding", "rounds inputs to 2 decimals"),
    (lambda x: np.clip(x, 0, 1), "clipping", "clips inputs to 0..1"),
    (_mirrored, "geometry", "mirrors pictures left to right"),
    (_transposed, "geometry", "swaps rows and columns"),
    (lambda x: x[:, ::-1], "geometry", ""),
    (lambda x: x * 0, "constant", "gives every row the same answer"),
]


@pytest.mark.parametrize(("change", "rule", "text"), INPUTS)
def test_what_is_done_to_inputs(change: Change, rule: str, text: str) -> None:
    found = _cause(_scores(change(ROWS)))
    if rule == "geometry" and not text:
        assert found.rule in ("geometry", "order")
    else:
        assert found.rule == rule
    assert text in found.text
    assert found.fits >= 0.9 * found.of > 0


OUTPUTS: list[tuple[Change, str, str]] = [
    (lambda s: np.round(s, 2), "output-rounding", "rounds its answers to 2 decimals"),
    (lambda s: np.round(s.astype(np.float64), 6), "output-rounding", "rounds its answers to 6"),
    (lambda s: s.astype(np.float16), "output-rounding", "half precision"),
    (lambda s: s * 100, "scale", "scales its answers by 100"),
    (lambda s: s + 0.25, "shift", "shifts its answers by +0.25"),
    (lambda s: s[:, [1, 0, *range(2, 10)]], "label-order", "the file's 1 as 0, 0 as 1"),
    (softmax, "softmax", "applies softmax once too often"),
    (lambda s: np.concatenate([s[i : i + 32][::-1] for i in (0, 32, 64)]), "row-order", "reversed"),
    (lambda s: s * (1 + 1e-7), "last-digits", "last digits alone"),
]


@pytest.mark.parametrize(("change", "rule", "text"), OUTPUTS)
def test_what_is_done_to_answers(change: Change, rule: str, text: str) -> None:
    found = _cause(change(_scores(ROWS)))
    assert (found.rule, text in found.text) == (rule, True), found


WRONG: list[tuple[Change, str]] = [
    (lambda x: (x.astype(np.int8) + 128.0) * EDGE.scale, "no-scale"),
    (lambda x: (np.clip(np.rint(x / EDGE.scale), -128, 127) + 128) * EDGE.scale, "no-zero-point"),
    (lambda x: (np.trunc(x / EDGE.scale - 128) + 128) * EDGE.scale, "truncation"),
]


@pytest.mark.parametrize(("change", "rule"), WRONG)
def test_each_wrong_way_into_an_int8_input(change: Change, rule: str) -> None:
    """What the model then sees, as real numbers."""
    found = _cause(_scores(change(ROWS)), ask=_quantized)
    assert found.rule == rule, found
    assert "int8 input (scale 0.0627451, zero point -128)" in found.text


def test_an_int8_output_that_is_not_dequantized() -> None:
    edge = Affine(np.dtype(np.int8), 1 / 256, -128)

    def ask(rows: Mapping[str, Array]) -> Array:
        steps = np.clip(np.rint(_ask(rows) * 256) - 128, -128, 127)
        return edge.dequantize(steps.astype(np.int8))

    real = ask({"x": ROWS})
    for service, text in (
        (np.rint(real * 256) - 128, "as they are"),
        (real - 0.5, "leaves the zero point"),
        (real * 256, "leaves the scale"),
    ):
        found = _cause(service, ask=ask, output=edge)
        assert found.rule == "not-dequantized", found
        assert text in found.text


@pytest.mark.parametrize(("value", "text"), [(0.0, "puts 0 for NaN"), (-1.0, "puts -1 for NaN")])
def test_what_stands_for_nan(value: float, text: str) -> None:
    found = _cause(_scores(np.where(np.isnan(HOLED), value, HOLED)), HOLED)
    assert (found.rule, found.text) == ("nan-handling", text)


def test_nan_that_is_treated_in_some_other_way() -> None:
    found = _cause(_scores(np.where(np.isnan(HOLED), 7.5, HOLED)), HOLED)
    assert found.rule == "nan-handling"
    assert "otherwise than the file" in found.text


def test_another_model_that_the_gate_knows() -> None:
    found = _cause(_scores(ROWS[:, ::-1] / 2))
    assert (found.rule, found.text) == ("other-model", "serves other.onnx")


def test_what_nobody_knows_is_not_guessed() -> None:
    found = _cause(softmax(_random.normal(size=(96, 10))))
    assert found.rule == "unknown"
    assert "another model" in found.text
    assert (found.fits, found.of) == (0, 0)


def test_classes_under_other_numbers() -> None:
    classes = _scores(ROWS).argmax(axis=1)[:, None]
    renamed = np.asarray([3, 1, 2, 0, 4, 5, 6, 7, 8, 9])[classes]
    found = _cause(renamed, ask=lambda rows: _ask(rows).argmax(axis=1)[:, None])
    assert found.rule == "label-order"
    assert "0 as 3" in found.text or "3 as 0" in found.text


def test_a_file_that_refuses_a_changed_row_is_no_reason_to_stop() -> None:
    """An integer input takes no fractions, so most causes cannot even be tried."""

    def ask(rows: Mapping[str, Array]) -> Array:
        if (rows["x"] != np.rint(rows["x"])).any():
            raise ModelError("float64 does not fit")
        return _ask(rows)

    whole = np.rint(ROWS)
    assert _cause(_scores(_mirrored(whole)), whole, ask).rule == "geometry"
