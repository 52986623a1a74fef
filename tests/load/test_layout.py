"""The layout of the record."""

from __future__ import annotations

import numpy as np

from harness.load.driving import record
from harness.load.locustside import layout


def test_a_row_has_the_same_32_bytes_on_both_sides() -> None:
    row = (1.5, 2.5, 0.25, -1, 65535, 2**32 - 1, 2047, 9)
    data = layout.ROW.pack(*row)
    assert len(data) == record.ROW.itemsize == 32
    assert np.frombuffer(data, dtype=record.ROW)[0].item() == row


def test_the_reason_of_a_failure_fits_between_the_other_flags() -> None:
    others = layout.TICKET | layout.FAILED | layout.RETRIED | layout.CONNECTED
    for reason in range(layout.NONE, layout.OTHER + 1):
        assert layout.why(others | reason << layout.WHY_SHIFT) == reason
    assert list(layout.why(np.array([others, others | 7 << 7], dtype=np.uint16))) == [0, 7]
