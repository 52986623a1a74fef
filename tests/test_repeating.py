"""Work in a thread that ends with its block."""

from __future__ import annotations

import threading

from harness.repeating import Repeating


class Counting(Repeating):
    """Counts its turns."""

    def __init__(self) -> None:
        super().__init__("counting")
        self.turns = 0
        self.twice = threading.Event()

    def repeat(self) -> None:
        """Until the block ends."""
        while not self.over.wait(0.001):
            self.turns += 1
            if self.turns == 2:
                self.twice.set()


def test_it_goes_on_until_the_block_ends_and_no_longer() -> None:
    with Counting() as counting:
        assert counting.twice.wait(10)
    seen = counting.turns
    assert not any(thread.name == "counting" for thread in threading.enumerate())
    assert counting.turns == seen >= 2
