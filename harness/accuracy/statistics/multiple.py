"""Many tests at once: which of them still say something."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p: Sequence[float]) -> list[float]:
    """P-values adjusted so that rejecting those <= alpha errs anywhere with chance alpha at most.

    Holm, Scandinavian Journal of Statistics 6:65-70 (1979). In the order of `p`.
    """
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = highest
    return adjusted
