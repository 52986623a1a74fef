"""Requests that failed while exploring, kept beside gate.toml until they are frozen or mended.

Each contract has a folder of its own, as gates of several protocols may lie side by side.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.contract.contract import Contract
from harness.contract.requests.cases import Case, Claim
from harness.contract.requests.corpus import Corpus, freeze
from harness.contract.requests.source import Source
from harness.errors import ConfigError
from harness.files import write_whole

_FOLDER = Path(".gate", "corpus")
_MOST = 200  # files that are read: the folder is nobody's archive


def keep(contract: Contract, cases: Sequence[Case]) -> int:
    """Write each case to a file of its own; how many lie there now.

    A folder that cannot be written to is no reason to end: the finding has a curl line too.
    """
    folder = _folder(contract)
    for case in cases:
        body = freeze(corpus_of([case]))
        name = hashlib.sha256(body).hexdigest()[:16] + ".jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / name, body)
        except OSError:
            break
    return len(files(contract))


def read(contract: Contract) -> list[Case]:
    """The cases that were kept and that the contract still makes the same claims about."""
    return [case for _, cases in _readable(contract) for case in cases]


def frozen(contract: Contract) -> tuple[Corpus, int]:
    """The contract's corpus with the kept cases in it, and how many of them are new."""
    known = [*contract.corpus.valid, *contract.corpus.invalid]
    seen = {_sent(case) for case in known}
    new = [case for case in read(contract) if _sent(case) not in seen]
    return corpus_of([*known, *new]), len(new)


def forget(contract: Contract) -> None:
    """Remove the files that `read` reads, once a frozen corpus has what was in them."""
    for file, _ in list(_readable(contract)):
        file.unlink(missing_ok=True)


def files(contract: Contract) -> list[Path]:
    """The files of the folder, in a fixed order."""
    return sorted(_folder(contract).glob("*.jsonl"))


def corpus_of(cases: Sequence[Case]) -> Corpus:
    """A corpus of these cases, in their order."""
    promised = (Claim.VALID, Claim.ALLOWED)
    return Corpus(
        tuple(case for case in cases if case.claim in promised),
        tuple(case for case in cases if case.claim not in promised),
    )


def _sent(case: Case) -> bytes:
    return freeze(corpus_of([replace(case, name="")]))


def _readable(contract: Contract) -> Iterator[tuple[Path, list[Case]]]:
    source = Source.of(contract)
    for file in files(contract)[:_MOST]:
        try:
            corpus = source.thawed(file.read_bytes(), str(file))
        except (OSError, ConfigError):
            continue  # promised otherwise since: no reason to accuse anybody
        yield file, [*corpus.valid, *corpus.invalid]


def _folder(contract: Contract) -> Path:
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{contract.protocol}{contract.predict_path}")
    return contract.root / _FOLDER / name[:100]
