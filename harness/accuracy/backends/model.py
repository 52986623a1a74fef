"""One model in a child process: columns in, all outputs out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.accuracy.backends.base import Options
from harness.accuracy.backends.running import outputs, plain
from harness.accuracy.extensions import module_named
from harness.accuracy.workers import Array, Child
from harness.accuracy.workers.main import Handler

_START_WITHIN = 300.0  # seconds; tensorflow alone takes five on a good day
_ANSWER_WITHIN = 600.0  # seconds for one portion of rows


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model, and how it is opened; travels to children as JSON."""

    name: str  # as in gate.toml
    module: str  # the backend
    path: str
    options: Options = Options()

    def fields(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(fields: Mapping[str, Any]) -> ModelSpec:
        """Back from JSON."""
        return ModelSpec(**{**fields, "options": Options(**fields["options"])})


class Model:
    """A model that answers rows, and nothing else; for measurements beside the comparison.

    `launcher` are words before the interpreter's, like an emulator and its options. Use it as a
    context. Raises ModelError and WorkerDied.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        launcher: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        start_within: float = _START_WITHIN,
        answer_within: float = _ANSWER_WITHIN,
    ) -> None:
        self.spec = spec
        self.runtime = ""
        self.seconds = 0.0  # inside the model
        self._start_within, self._answer_within = start_within, answer_within
        self._child = Child(
            __name__, spec.fields(), about=spec.name, launcher=launcher, environment=environment
        )

    def __enter__(self) -> Model:
        try:
            self._child.start(self._start_within)
            reply, _ = self._child.ask({"op": "about"}, {}, self._answer_within)
        except BaseException:
            self._child.kill()
            self._child.close()
            raise
        self.runtime = str(reply["runtime"])
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._child.__exit__(kind)

    def predict(self, columns: Mapping[str, Array], batch: int | None = None) -> dict[str, Array]:
        """Every output by name, first dimension the rows; `batch` rows at a time."""
        fields = {"op": "run", "batch": batch or self.spec.options.batch}
        reply, found = self._child.ask(fields, columns, self._answer_within)
        self.seconds += float(reply["seconds"])
        return found


def serve(fields: dict[str, Any]) -> Handler:
    """The child's side."""
    spec = ModelSpec.of(fields)
    session = module_named(spec.module).load(Path(spec.path), spec.options)

    def handle(asked: dict[str, Any], columns: dict[str, Array]) -> Any:
        if asked["op"] == "about":
            return {"runtime": session.runtime, "fixed_batch": session.fixed_batch}, {}
        started = time.perf_counter()
        found = outputs(session, columns, int(asked["batch"]))
        seconds = time.perf_counter() - started
        return {"seconds": seconds}, {name: plain(value) for name, value in found.items()}

    return handle
