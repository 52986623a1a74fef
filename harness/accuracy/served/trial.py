"""The same rows through a running candidate and through its model file, in a child process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends import Answers, Session
from harness.accuracy.backends.model import ModelSpec
from harness.accuracy.backends.running import answers
from harness.accuracy.backends.served import ServedSession
from harness.accuracy.counting.predictions import interpret
from harness.accuracy.datasets import Batch
from harness.accuracy.datasets.roles import CLASSES
from harness.accuracy.errors import ModelError
from harness.accuracy.evaluation.order import permuted
from harness.accuracy.extensions import module_named
from harness.accuracy.served.agreement import Agreement, Question, Row
from harness.accuracy.served.causes import Ask, Case, Cause, cause_of
from harness.accuracy.served.forms import Form, Mask, form_of, numbers, same
from harness.accuracy.workers import Array
from harness.accuracy.workers.main import Handler
from harness.accuracy.workers.stage import stage
from harness.errors import GateError

ROWS = 512  # rows that are compared, where time allows
_SERVICE_WITHIN = 30.0  # seconds for them; a slow service is compared on fewer rows
_CONTROL = 128  # rows that are asked again in other company
_NOISE = 2.0  # times the largest difference of a file from itself is no difference
_CAUSES_WITHIN = 20.0
_SHOWN = 5


def serve(fields: dict[str, Any]) -> Handler:
    """The child's side."""
    question = Question.of(fields)
    stage(f"data set {question.source.path}")
    data = question.source.open()
    file, service = _load(question.file), _load(question.service)

    def handle(_: dict[str, Any], __: Mapping[str, Array]) -> Any:
        stage(f"data set {question.source.path}")
        total = len(data)
        first = np.arange(min(ROWS, total), dtype=np.int64)
        rows = data.take(np.sort(permuted(first, total, question.seed)))
        started = time.perf_counter()
        found = _Trial(question, file, service, rows).judged()
        return {**asdict(found), "seconds": time.perf_counter() - started}, {}

    return handle


class _Trial:
    """One comparison of one file with one service."""

    def __init__(
        self, question: Question, file: Session, service: ServedSession, rows: Batch
    ) -> None:
        self.question, self.file, self.service = question, file, service
        self.batch = question.file.options.batch
        self.said, self.inputs, self.ids, self.labels = self._ask_service(rows)
        started = time.perf_counter()
        self.known = self._ask(file, self.inputs)
        self.seconds = (time.perf_counter() - started) / len(self.ids)

    def judged(self) -> Agreement:
        """The record of it."""
        there = ~self.said.missing
        bare = Agreement(
            rows=len(self.ids),
            equal=0,
            unanswered=int(self.said.missing.sum()),
            unanswered_row=None if there.all() else int(self.ids[~there][0]),
            problem=self.said.problem,
            runtime=self.file.runtime,
        )
        file_right, service_right = self._right()
        bare = replace(bare, file_right=file_right, service_right=service_right)
        if not there.any():
            return bare
        try:
            form = form_of(self.known.values[there], self.said.values)
        except ModelError as problem:
            cause = Cause("other-model", "gives answers of another form")
            return replace(bare, problem=str(problem), cause=cause)
        return self._held(form, there, bare)

    def _held(self, form: Form, there: Mask, bare: Agreement) -> Agreement:
        expected, received = form.of_file(self.known.values[there]), numbers(self.said.values)
        noise = self._noise(form)
        unsteady, control = self._unsteady()
        equal = same(expected, received, self._slack(form, expected, noise))
        cause = None if equal.all() else self._cause(form, there, expected, received, ~equal)
        if cause is not None and cause.rule == "unknown" and unsteady:
            text = "answers the same rows otherwise when they are asked again among others"
            cause = Cause("unsteady", text)
        return replace(
            bare,
            equal=int(equal.sum()),
            form=form.name,
            noise=noise,
            unsteady=unsteady,
            control=control,
            largest=_apart(expected, received),
            cause=cause,
            shown=self._shown(there, expected, received, ~equal),
        )

    def _slack(self, form: Form, expected: Array, noise: float) -> float:
        if expected.dtype.kind != "f":
            return 0.0
        largest = float(np.abs(np.where(np.isfinite(expected), expected, 0)).max(initial=0.0))
        own = 0.0 if form.exact else 1e-6
        return max(_NOISE * noise, self.question.tolerance * largest, own)

    def _ask_service(self, rows: Batch) -> tuple[Answers, dict[str, Array], Array, Array]:
        """Answers of as many rows as time allows, and those rows."""
        stage(f"service behind {self.question.service.path}")
        deadline = time.monotonic() + _SERVICE_WITHIN
        size = self._portion()
        pieces, total = [], len(rows.ids)
        for start in range(0, total, size):
            part = {name: values[start : start + size] for name, values in rows.inputs.items()}
            pieces.append(self._ask(self.service, part))
            if time.monotonic() > deadline:
                break
        end = min(total, size * len(pieces))
        kept = [piece.values for piece in pieces if len(piece.values)]
        said = Answers(
            np.concatenate(kept) if kept else np.empty(0),
            np.concatenate([piece.missing for piece in pieces]),
            next((piece.problem for piece in pieces if piece.problem), ""),
        )
        inputs = {name: values[:end] for name, values in rows.inputs.items()}
        return said, inputs, rows.ids[:end], rows.labels[:end]

    def _ask(self, session: Session, inputs: Mapping[str, Array], batch: int = 0) -> Answers:
        return answers(session, inputs, batch or self.batch, self.question.output)

    def _noise(self, form: Form) -> float:
        """How far the file is from itself when every row is asked alone."""
        stage(self.question.file.name)
        some = {name: values[:_CONTROL] for name, values in self.inputs.items()}
        again = self._ask(self.file, some, 1).values
        return _apart(form.of_file(self.known.values[:_CONTROL]), form.of_file(again))

    def _unsteady(self) -> tuple[int, int]:
        """Rows that the service answers otherwise among other rows, and how many were tried."""
        stage(f"service behind {self.question.service.path}")
        count = min(_CONTROL, len(self.ids))
        if self.said.missing[:count].any():
            return 0, 0
        stride = max(1, count // self.batch)
        mixed = np.concatenate([np.arange(start, count, stride) for start in range(stride)])
        again = self._ask(self.service, {n: v[mixed] for n, v in self.inputs.items()})
        if again.missing.any() or again.values.shape[1:] != self.said.values.shape[1:]:
            return count, count
        return int((~same(self.said.values[mixed], again.values, 0.0)).sum()), count

    def _cause(
        self, form: Form, there: Mask, expected: Array, received: Array, differs: Mask
    ) -> Cause:
        edges = dict(getattr(self.file, "edges", {}))
        names = {slot.name for slot in self.file.inputs}
        outer = [affine for name, affine in edges.items() if name not in names]
        case = Case(
            rows={name: values[there] for name, values in self.inputs.items()},
            file=expected,
            service=received,
            differs=differs,
            portion=self._portion() if there.all() else 1,
            seconds=self.seconds,
            edges={name: affine for name, affine in edges.items() if name in names},
            output=outer[0] if len(outer) == 1 and not form.name else None,
        )
        others = {f"another model, {s.name}": self._other(s, form) for s in self.question.others}
        stage(f"causes, with {self.question.file.name}")
        return cause_of(case, self._asker(self.file, form), others, _CAUSES_WITHIN)

    def _portion(self) -> int:
        largest = self.service.largest_batch or self.batch
        return self.service.fixed_batch or min(self.batch, largest)

    def _asker(self, session: Session, form: Form) -> Ask:
        return lambda rows: form.of_file(self._ask(session, rows).values)

    def _other(self, spec: ModelSpec, form: Form) -> Ask:
        """A model that is opened only where it is asked; one that cannot be is no cause."""

        def ask(rows: Mapping[str, Array]) -> Array:
            try:
                return self._asker(_load(spec), form)(rows)
            except GateError:
                raise
            except Exception as problem:  # of whatever runtime
                raise ModelError(f"{spec.name}: {problem}") from None

        return ask

    def _shown(
        self, there: Mask, expected: Array, received: Array, differs: Mask
    ) -> tuple[Row, ...]:
        places = np.flatnonzero(there)
        found = []
        for index in np.flatnonzero(differs)[:_SHOWN]:
            place = int(places[index])
            one = {name: values[place : place + 1] for name, values in self.inputs.items()}
            found.append(
                Row(
                    int(self.ids[place]),
                    _text(expected[index]),
                    _text(received[index]),
                    self.service.curl(one),
                )
            )
        return tuple(found)

    def _right(self) -> tuple[int | None, int | None]:
        """Rows that file and service get right, where answers and labels are classes."""
        if self.question.source.roles.kind != CLASSES or self.question.source.roles.labels is None:
            return None, None
        try:
            return self._hits(self.known), self._hits(self.said)
        except ModelError:
            return None, None

    def _hits(self, found: Answers) -> int | None:
        seen = interpret(found)
        if (seen.classes.dtype.kind == "U") != (self.labels.dtype.kind in "US"):
            return None
        return int((seen.known & (seen.classes == self.labels)).sum())


def _load(spec: ModelSpec) -> Any:
    stage(spec.name)
    return module_named(spec.module).load(Path(spec.path), spec.options)


def _apart(a: Array, b: Array) -> float:
    """Largest difference of finite numbers; infinite where finite meets not finite."""
    if a.dtype.kind not in "biuf" or b.dtype.kind not in "biuf" or a.shape != b.shape:
        return 0.0
    x, y = a.astype(np.float64), b.astype(np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    return float(np.abs(x[known] - y[known]).max(initial=0.0))


def _text(values: Array) -> str:
    shown = [str(v) if values.dtype.kind == "U" else f"{v:.9g}" for v in values[:10].tolist()]
    return " ".join(shown) + (" ..." if len(values) > 10 else "")
