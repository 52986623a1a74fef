"""Two models at once: each has a thread that feeds it, so that neither waits for the other."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from harness.accuracy.workers.frames import Array
from harness.accuracy.predictions import Answers, Predictions, interpret
from harness.accuracy.process import ModelProcess

_START_WITHIN = 300.0  # seconds; tensorflow alone takes five on a good day
_ANSWER_WITHIN = 600.0  # seconds for one portion of rows


class Model(Protocol):
    """Something that answers rows."""

    name: str
    problem: str  # of the first rows without an answer

    @property
    def runtime(self) -> str:
        """Name and version of what runs it."""

    @property
    def seconds(self) -> float:
        """Spent answering."""

    def start(self) -> None:
        """Get ready."""

    def predict(self, rows: Array) -> Answers:
        """Answers to some rows."""

    def abort(self) -> None:
        """Break off whatever `predict` is doing; may be called from another thread."""

    def close(self) -> None:
        """Give everything back."""


class LocalModel:
    """A model file, run in a worker process."""

    problem = ""

    def __init__(
        self,
        path: Path,
        name: str,
        module: str,
        batch: int,
        *,
        start_within: float = _START_WITHIN,
        answer_within: float = _ANSWER_WITHIN,
    ) -> None:
        self.name = name
        self._process = ModelProcess(
            path, module, batch, start_within=start_within, answer_within=answer_within
        )

    @property
    def runtime(self) -> str:
        """Name and version of what runs it; empty before the start."""
        return self._process.runtime

    @property
    def seconds(self) -> float:
        """Spent inside the model."""
        return self._process.seconds

    def start(self) -> None:
        """Start the worker and load the file. Raises ModelError, WorkerDied."""
        self._process.start()

    def predict(self, rows: Array) -> Answers:
        """Answers to some rows; a worker answers all or raises."""
        return Answers(self._process.predict({"rows": rows}), np.zeros(len(rows), bool))

    def abort(self) -> None:
        """Kill the worker."""
        self._process.kill()

    def close(self) -> None:
        """End the worker."""
        self._process.close()


class Lane:
    """One model and its thread, started at once; tasks run in the order in which they came."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._tasks: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]
        self._tasks = queue.SimpleQueue()
        # A daemon: an interrupted gate must not wait for a model that hangs.
        self._thread = threading.Thread(target=self._work, name=f"lane {model.name}", daemon=True)
        self._thread.start()
        self.started: Future[None] = self._give(model.start)

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.model.abort()
        self._give(self.model.close)
        self._tasks.put(None)
        self._thread.join()

    def predict(self, rows: Array) -> Future[Predictions]:
        """The classes of some rows."""
        return self._give(lambda: interpret(self.model.predict(rows)))

    def _give(self, task: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        self._tasks.put((future, task))
        return future

    def _work(self) -> None:
        while (item := self._tasks.get()) is not None:
            future, task = item
            try:
                future.set_result(task())
            except BaseException as problem:  # whoever waits for the result is told
                future.set_exception(problem)
