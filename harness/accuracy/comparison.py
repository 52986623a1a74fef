"""Candidate against reference on the same rows: evaluated, concluded, and put into one record."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness import cpuinfo
from harness.accuracy.backends import backend_of
from harness.accuracy.counting import Counts, Flip, Odd, Scheme, Table
from harness.accuracy.datasets import check_path
from harness.accuracy.evaluation import Identity, Job, blocks_of
from harness.accuracy.evaluation.cache import prune
from harness.accuracy.evaluation.early import PAIRED, Terms, decided, looks
from harness.accuracy.evaluation.job import BASELINE, SERVED
from harness.accuracy.evaluation.preparing import prepared
from harness.accuracy.graphs.subject import LITE, ONNX, model_file
from harness.accuracy.metrics import Measured, check_metric, measure
from harness.accuracy.planning import plan
from harness.accuracy.statistics import Interval, anytime, shares, wilson
from harness.errors import ConfigError
from harness.limits import Limit

if TYPE_CHECKING:
    from harness.config import AccuracyConfig, Gate

Blocks = Generator[tuple[int, Counts], None, None]
Counted = Callable[[Job], Blocks]
Sink = Callable[[Counts], None]
LOCAL = "local"
_SHOWN = 50  # rows on which the two differ


@dataclass(frozen=True, slots=True)
class ModelRun:
    """One of the two models, and the rows that it gave no usable answer to."""

    name: str  # as in gate.toml
    identity: Identity
    odd: Odd


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two models on the same rows. Accuracies are in %, drops in percentage points."""

    job: Job
    counts: Counts
    measured: Measured  # the metric of both, and the drop between the limits that decided
    confidence: float  # the policy's: each end of every interval holds at it
    level: float  # two-sided, of intervals of these counts
    ended_early: bool  # whether a look before the end of the data decided
    plan: str = ""  # what was said of the number of rows before the first was run
    seconds: float = 0.0
    ledger: str = ""  # name of the file beside the report that has every changed row

    @property
    def scheme(self) -> Scheme:
        """How rows were counted."""
        return self.job.scheme

    @property
    def reference(self) -> ModelRun:
        """The model that the candidate is held against."""
        pair = self.job.pair
        return ModelRun(pair.reference.name, self.job.reference, self.counts.odd[0])

    @property
    def candidate(self) -> ModelRun:
        """The model under test."""
        pair = self.job.pair
        return ModelRun(pair.candidate.name, self.job.candidate, self.counts.odd[1])

    @property
    def table(self) -> Table:
        """How often the two were right on the same rows."""
        return self.counts.table()

    @property
    def flips(self) -> tuple[Flip, ...]:
        """The first rows on which the two differ, in the order in which they were evaluated."""
        return tuple(self.counts.flips.first(_SHOWN).records())

    @property
    def certainty(self) -> float:
        """One-sided confidence that each end of an interval of these counts has to hold at."""
        return (1 + self.level) / 2

    @property
    def drop(self) -> Interval:
        """What the candidate lost, in percentage points; positive is worse."""
        return self.measured.drop

    def share(self, rows: int) -> Interval:
        """The share that `rows` are of all rows, with the limits that hold for this evaluation."""
        if self.ended_early:
            return anytime(rows, 0, self.counts.rows, self.level)
        return wilson(rows, self.counts.rows, self.level)


def validate(gate: Gate) -> None:
    """Look at `[accuracy]` without opening a model or a data set.

    Raises ConfigError for an unknown metric, for a file that no backend or data-set format reads,
    for a candidate or baseline that cannot be asked, for an engine that there is none of, and for
    an emulated processor without a file to run on it.
    """
    config = _config(gate)
    check_metric(config.metric)
    if config.reference == BASELINE and gate.baseline_image is None:
        raise ConfigError(
            "accuracy.reference = 'baseline' needs baseline.image, the release that runs beside "
            "the candidate; expected that, or a model file"
        )
    asked = SERVED == config.candidate or config.reference == BASELINE
    if asked and gate.contract.protocol == "json" and config.served is None:
        key = "candidate = 'served'" if config.candidate == SERVED else "reference = 'baseline'"
        raise ConfigError(
            f"accuracy.{key} behind protocol 'json' needs [accuracy.served], like "
            'request = ["$row"] and answer = "/positive"'
        )
    if config.engine != LOCAL and not config.engine.startswith("dask://"):
        raise ConfigError(
            f'accuracy.engine = {config.engine!r}: expected "local" or a cluster like '
            '"dask://127.0.0.1:8786"'
        )
    _check_flags(config)
    _check_files(gate, config)
    _check_emulated(gate, config)


def evaluate(
    gate: Gate,
    limits: Mapping[str, Limit] | None = None,
    *,
    served: str | None = None,
    baseline: str | None = None,
    counted: Counted | None = None,
    say: Callable[[str], None] = lambda text: None,
    each: Sink = lambda counts: None,
) -> Comparison:
    """Run both models over the rows of the data set and count.

    `limits` are those in force for what follows from the counts, by the name of the measurement:
    where all are decided, a large data set is not read to its end. `served` and `baseline` are the
    addresses of the running candidate and baseline. `counted` gives the blocks of a job where they
    are not computed by children here, as those of shards. `say` is told what to expect before the
    first block, and `each` is given the counts of every block that counts, in order.

    Raises ConfigError, DatasetError, ModelError, WorkerDied.
    """
    validate(gate)
    config, terms = _config(gate), terms_of(gate, limits or {})
    began = time.monotonic()
    with prepared(gate, served, baseline) as (job, workers):
        planned = _plan(job, terms)
        if planned:
            say(planned)
        if counted is None and config.engine == LOCAL:
            found = workers.blocks(job, range(blocks_of(job)), config.processes)
        else:
            workers.close()  # they have told what the job is; others compute its blocks
            found = (counted or _on_cluster(config.engine))(job)
        with closing(found):
            concluded = conclude(job, found, terms, each)
    if concluded.ended_early:
        say(f"accuracy: decided after {concluded.counts.rows} of {job.rows} rows")
    if job.cache:
        prune(Path(job.cache))
    return replace(concluded, plan=planned, seconds=time.monotonic() - began)


def terms_of(gate: Gate, limits: Mapping[str, Limit]) -> Terms:
    """What the gate's policy holds an evaluation to; a waived miss leaves the rest of interest."""
    waived = any(waiver.check.startswith("accuracy.") for waiver in gate.policy.waivers)
    return Terms(gate.policy.confidence, limits, patient=waived)


def conclude(
    job: Job,
    counted: Iterable[tuple[int, Counts]],
    terms: Terms,
    each: Sink = lambda counts: None,
) -> Comparison:
    """Fold the blocks of a job, which come in their order, and judge when it may end.

    Pure but for `each`: the same blocks and terms give the same comparison to the bit, wherever
    the blocks were computed. Blocks behind an early end are not asked for. Raises DatasetError
    where the rows do not have what the metric needs.
    """
    early, end = shares(terms.confidence, early=job.shuffled)
    wanted = blocks_of(job)
    looked_at = set() if early is None else set(looks(wanted))
    total: Counts | None = None
    ended_early = False
    for expected, (index, counts) in enumerate(counted):
        if index != expected:
            raise ValueError(f"block {index} came where block {expected} was expected")
        each(counts)
        total = counts if total is None else total + counts
        if index + 1 in looked_at and decided(total, terms):
            ended_early = True
            break
    if total is None or (not ended_early and total.rows != job.rows):
        seen = 0 if total is None else total.rows
        raise ValueError(f"the blocks hold {seen} rows of {job.rows}")
    level = early if ended_early and early is not None else end
    measured = measure(job.scheme, total, level, job.seed)
    if ended_early:
        table = total.table()
        measured = replace(
            measured,
            drop=anytime(table.b, table.c, table.n, level).scaled(100),
            method="confidence sequence by betting: the evaluation ended once it was decided",
        )
    return Comparison(job, total, measured, terms.confidence, level, ended_early)


def _on_cluster(engine: str) -> Counted:
    from harness.accuracy.sharding import dask

    return lambda job: dask.run_blocks(job, range(blocks_of(job)), engine)


def _plan(job: Job, terms: Terms) -> str:
    """What it takes to decide, for metrics of which that can be told beforehand."""
    limit = terms.limits.get("drop")
    if job.scheme.metric not in PAIRED or limit is None or limit.operator not in ("<", "<="):
        return ""
    text = f"accuracy: {plan(job.rows, limit.in_unit('pp'), terms.confidence)}"
    if job.scheme.clusters is not None:
        text += f"; it takes more where rows of one {job.scheme.clusters!r} flip together"
    return text


def _config(gate: Gate) -> AccuracyConfig:
    if gate.accuracy is None:
        raise ConfigError(f"{gate.path}: has no [accuracy], so there is nothing to compare")
    return gate.accuracy


def _check_flags(config: AccuracyConfig) -> None:
    """A flag that is not recognized would be taken for one that production lacks."""
    for told, meant in cpuinfo.misspelt(config.production_flags).items():
        raise ConfigError(
            f"accuracy.production_flags: {told!r} is no flag of /proc/cpuinfo; did you mean "
            f"{meant!r}?"
        )


def _check_emulated(gate: Gate, config: AccuracyConfig) -> None:
    """What is asked for and cannot be done would be a check that is quietly idle."""
    name = model_file(gate)
    if config.emulate is None or name.lower().endswith(ONNX + LITE):
        return
    got = f"got {name!r}" if name else "got none: name the one that the candidate serves"
    raise ConfigError(
        f"accuracy.emulate = {config.emulate!r} runs a model file: expected accuracy.file to be a "
        f"{' or '.join(ONNX + LITE)} file, {got}"
    )


def _check_files(gate: Gate, config: AccuracyConfig) -> None:
    """Every file that is named must be of a kind that somebody reads."""
    datasets = {"dataset": config.dataset, "calibration": config.calibration}
    for key, name in datasets.items():
        if name is not None:
            with _blamed(key):
                check_path(gate.find(name))
    models = [("reference", config.reference), ("candidate", config.candidate)]
    models += [("file", config.file)] if config.file else []
    models += [("candidates", name) for name in config.candidates]
    for key, name in models:
        if name not in (SERVED, BASELINE):
            with _blamed(key):
                backend_of(gate.find(name))


@contextmanager
def _blamed(key: str) -> Iterator[None]:
    try:
        yield
    except ConfigError as problem:
        raise ConfigError(f"accuracy.{key}: {problem}") from None
