"""Sums over rows: the same however the rows came, and honest about what is not finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from harness.accuracy.backends.quantization import Affine
from harness.accuracy.errors import ModelError
from harness.accuracy.layers.layer import Probe
from harness.accuracy.layers.tensors import measured
from harness.accuracy.workers import Array

PROBE = Probe("t", "n", "Relu", ())
ROWS = {"x": np.arange(10, dtype=np.float32).reshape(10, 1)}


class Fake:
    """A pair of models of one tensor: the rows, and what `change` makes of them."""

    def __init__(
        self, change: Array, affine: Affine | None = None, fixed: int | None = None
    ) -> None:
        self.probes: tuple[Probe, ...] = (PROBE,)
        self.affines: tuple[Affine | None, ...] = (affine,)
        self.fixed_batch = fixed
        self.sizes: list[int] = []
        self._change = change

    def run(self, columns: Mapping[str, Array]) -> Iterator[tuple[Array, Array]]:
        """The rows beside the changed rows."""
        self.sizes.append(len(columns["x"]))
        yield columns["x"], columns["x"] + self._change

    def saturates(self, columns: Mapping[str, Array]) -> bool:
        """Never."""
        return False


def test_signal_and_noise_are_sums_of_squares_over_all_rows() -> None:
    found = measured(Fake(np.array(0.5, np.float32)), ROWS)
    (layer,) = found.layers
    assert found.rows == 10
    assert layer.signal == sum(k * k for k in range(10))
    assert layer.noise == 10 * 0.25
    assert layer.seen == (0.0, 9.0)
    assert layer.own is None


def test_the_first_run_is_of_one_row_and_tells_how_many_fit() -> None:
    side = Fake(np.array(0, np.float32))
    measured(side, ROWS)
    assert side.sizes == [1, 9]


def test_a_fixed_batch_is_filled() -> None:
    side = Fake(np.array(0, np.float32), fixed=4)
    measured(side, ROWS)
    assert side.sizes == [4, 4, 4]


def test_the_quantizer_alone_is_told_apart_from_what_it_cuts_off() -> None:
    """0..9 in steps of 2 up to 6: 1, 3 and 5 are rounded; 7, 8 and 9 are cut off."""
    affine = Affine(np.dtype(np.uint8), 2.0, 252)
    (layer,) = measured(Fake(np.array(0, np.float32), affine), ROWS).layers
    assert layer.reach == (-504.0, 6.0)
    assert layer.own == 3 * 1 + 1 + 4 + 9
    assert layer.clipped == 1 + 4 + 9
    assert layer.clipped_share == pytest.approx(0.3)


def test_a_tensor_that_is_not_finite_is_broken() -> None:
    (layer,) = measured(Fake(np.array(np.nan, np.float32)), ROWS).layers
    assert layer.sqnr == -np.inf


def test_tensors_of_whole_numbers_are_no_layers() -> None:
    columns = {"x": np.arange(10).reshape(10, 1)}
    assert measured(Fake(np.array(0, np.int64)), columns).layers == ()


def test_nothing_in_common_is_an_error_that_says_so() -> None:
    side = Fake(np.array(0, np.float32))
    side.probes, side.affines = (), ()
    with pytest.raises(ModelError, match="no tensor has the name of one of the reference"):
        measured(side, ROWS)
