"""`gate freeze`: write the requests of a gate to a file, with those that failed while exploring."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from harness.config import Gate
from harness.errors import ConfigError
from harness.files import write_whole
from harness.model import Verdict
from harness.run import Run
from harness.verdict import EXIT_CODES

DEFAULT = "corpus.jsonl"


def freeze(gate: Gate, into: str | None, *, anew: bool = False, force: bool = False) -> int:
    """Write the corpus: what the frozen one has, else what is made today; then what was kept.

    `anew` makes it from the contract of today, whatever the frozen one has. A candidate is
    started only where the contract has to be learned from it. Raises ConfigError where another
    file is in the way, and `force` does not say to replace it.
    """
    said = gate.find(gate.contract.corpus) if gate.contract.corpus is not None else None
    path = Path(into).resolve() if into is not None else said or gate.root / DEFAULT
    if path.exists() and path != said and not force:
        raise ConfigError(f"{path}: is there already; --force replaces it")
    if anew or said is None or not said.exists():
        contract = gate.contract.model_copy(update={"corpus": None})
        gate = replace(gate, file=gate.file.model_copy(update={"contract": contract}))
    run = Run(gate)
    try:
        return _freeze(run, path, said)
    finally:
        run.close()


def _freeze(run: Run, path: Path, said: Path | None) -> int:
    from harness.contract import forget, frozen, write_corpus
    from harness.report import printable

    contract = run.contract()
    corpus, new = frozen(contract)
    write_whole(path, write_corpus(corpus))
    forget(contract)
    counts = f"{len(corpus.valid)} valid and {len(corpus.invalid)} other requests"
    print(printable(f"{path}: {counts}, {new} of them found while exploring"))
    print(f"sha256:{corpus.sha256}")
    if path != said:
        relative = Path(os.path.relpath(path, run.gate.root)).as_posix()
        print(f'add to {run.gate.path.name}:\n\n[contract]\ncorpus = "{relative}"')
    return EXIT_CODES[Verdict.PASS]
