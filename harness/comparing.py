"""How a run compares the two models: which limits end it, who is told, where changed rows go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.limits import Limit
from harness.results import limits_of

if TYPE_CHECKING:
    from harness.accuracy import Comparison
    from harness.accuracy.comparison import Counted
    from harness.config import Gate


@dataclass(slots=True)
class Comparing:
    """What the evaluation needs to know of the session that it is part of."""

    limits: Mapping[str, Limit] = field(default_factory=dict)  # on what follows from the counts
    folder: Path | None = None  # of the report, beside which the changed rows are written
    say: Callable[[str], None] = lambda text: None  # to whoever watches the run
    counted: Counted | None = None  # blocks of shards, where they are not computed here

    def attend(self, config: pytest.Config, items: Iterable[pytest.Item], folder: Path) -> None:
        """Serve the checks among `items`, and the session's report."""
        said = config.hook.pytest_releasegate_said
        self.limits, self.folder = limits_of(items, "comparison"), folder
        self.say = lambda text: said(text=text)

    def run(self, gate: Gate, served: str | None, baseline: str | None) -> Comparison:
        """Candidate model against reference model; the addresses are those of running ones.

        Raises as `harness.accuracy.evaluate` does, and OSError.
        """
        from harness.accuracy import evaluate
        from harness.accuracy.evidence import Ledger

        where = self.folder or gate.root / ".gate" / gate.candidate.name
        with Ledger(where) as ledger:
            found = evaluate(
                gate,
                self.limits,
                served=served,
                baseline=baseline,
                counted=self.counted,
                say=self.say,
                each=ledger.add,
            )
        return replace(found, ledger="" if ledger.path is None else ledger.path.name)
