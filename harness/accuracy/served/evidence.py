"""What is said in the report of a service and its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.accuracy.backends import Options, backend_of
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.datasets import Roles, prepare
from harness.accuracy.evaluation.job import SERVED, spec_of
from harness.accuracy.graphs.subject import model_file
from harness.accuracy.served.agreement import Agreement, Question, compare
from harness.model import Evidence, Finding, Measurement, Severity

if TYPE_CHECKING:
    from harness.config import Gate

Observations = list[Measurement | Finding | Evidence]
_REMEDIES = {
    "last-digits": "pin the runtime, or allow it with contract.tolerance",
    "output-rounding": "answer every digit, or allow it with contract.tolerance",
    "unknown": "send a row by hand and follow it through the service",
}


def served_idle(gate: Gate) -> str:
    """Why there is no file to hold the running candidate against, or ""."""
    config = gate.accuracy
    if config is None:
        return "the gate has no [accuracy]"
    if not model_file(gate):
        return "accuracy.file does not say which model file the candidate serves"
    if gate.contract.protocol == "json" and config.served is None:
        return "[accuracy.served] does not say how a row is asked behind protocol 'json'"
    return ""


def served_agreement(gate: Gate, base_url: str) -> Observations:
    """The same rows through the service at `base_url` and through its model file.

    Raises ConfigError where the contract does not say how rows are asked, DatasetError,
    ModelError, WorkerDied.
    """
    config = gate.accuracy
    name = model_file(gate)
    assert config is not None
    source = prepare(gate.find(config.dataset), Roles.of(config), gate.root / ".gate" / "datasets")
    tolerated = "tolerance" in gate.contract.model_fields_set
    found = compare(
        Question(
            source=source,
            file=spec_of(gate, name),
            service=spec_of(gate, SERVED, base_url),
            others=_others(gate, name),
            output=config.output,
            tolerance=gate.contract.tolerance if tolerated else 0.0,
            seed=config.seed,
        )
    )
    return told(found, name, declared=config.file is not None)


def told(found: Agreement, name: str, *, declared: bool) -> Observations:
    """Measurements and findings; `declared`: the user said that the service serves this file."""
    share = 100 * found.equal / found.rows
    # A service that takes no row of the data set may well take other rows than its model does.
    unclear = found.unanswered == found.rows and not declared
    low, high = (0.0, 100.0) if unclear else (None, None)
    told: Observations = [Measurement("served_equal", share, "%", low=low, high=high, n=found.rows)]
    for side, right in (("file", found.file_right), ("served", found.service_right)):
        if right is not None:
            told.append(
                Measurement(f"{side}_accuracy", 100 * right / found.rows, "%", n=found.rows)
            )
    told.append(Finding("served-file", _summary(found, name), severity=Severity.INFO))
    if found.unanswered:
        told.append(_unanswered(found, name, unclear))
    if found.cause is not None:
        told += _differing(found)
    if found.unsteady and found.noise == 0:
        told.append(_unsteady(found))
    return told


def _others(gate: Gate, name: str) -> tuple[ModelSpec, ...]:
    """Every other model file that gate.toml names: a service may hold the wrong one."""
    config = gate.accuracy
    assert config is not None
    named = [config.reference, config.candidate, *config.candidates]
    files = [n for n in dict.fromkeys(named) if n not in (name, SERVED, "baseline")]
    options = Options(config.batch, config.optimization)
    paths = [(n, gate.find(n)) for n in files]
    return tuple(ModelSpec(n, backend_of(path), str(path), options) for n, path in paths)


def _summary(found: Agreement, name: str) -> str:
    how = f", as {found.form}" if found.form else ""
    noise = "bit by bit" if not found.noise else f"within its own noise of {found.noise:.3g}"
    return (
        f"the service answers {found.equal} of {found.rows} rows as {name} does{how}, {noise}; "
        f"the file was run by {found.runtime}"
    )


def _unanswered(found: Agreement, name: str, unclear: bool) -> Finding:
    hint = (
        f"; if it takes other rows than {name} does, name in accuracy.dataset rows that both take"
        if unclear
        else ""
    )
    return Finding(
        "unanswered",
        f"the service gave no answer to {found.unanswered} of {found.rows} rows{hint}",
        severity=Severity.DOUBT if unclear else Severity.ERROR,
        location=f"row {found.unanswered_row}",
        expected="an answer for every row of the data set",
        received=found.problem,
    )


def _differing(found: Agreement) -> Observations:
    """The cause, and rows to look at. The limit decides what they weigh."""
    cause = found.cause
    assert cause is not None
    compared = found.rows - found.unanswered
    differ = compared - found.equal
    fits = f", which gives {cause.fits} of {cause.of} answers" if cause.of else ""
    apart = f" by up to {found.largest:.3g}" if found.largest else ""
    remedy = f"; {_REMEDIES[cause.rule]}" if cause.rule in _REMEDIES else ""
    problem = f" ({found.problem})" if found.problem and cause.rule == "other-model" else ""
    summary = Finding(
        cause.rule,
        f"{differ} of {compared} answers differ{apart}: the service {cause.text}{fits}{problem}"
        f"{remedy}",
        severity=Severity.WARNING,
    )
    rows = [
        Finding(
            "served-differs",
            f"row {row.row} is answered otherwise than by the file",
            severity=Severity.INFO,
            location=f"row {row.row}",
            expected=row.file,
            received=row.service,
            reproduce=row.reproduce,
        )
        for row in found.shown
    ]
    return [summary, *rows]


def _unsteady(found: Agreement) -> Finding:
    return Finding(
        "unsteady",
        f"the service answers {found.unsteady} of {found.control} rows otherwise among other "
        "rows, and its file does not",
        severity=Severity.WARNING,
    )
