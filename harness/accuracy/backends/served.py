"""A running candidate behind its own HTTP interface: what its users get, not what a file would.

The path is that of gate.toml, whose contract says how rows become requests, and the setting `url`
is where the candidate answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.backends.base import Array, Options, Slot, Unanswered
from harness.accuracy.errors import ModelError
from harness.config import load as load_gate
from harness.contract import Answer, Client, Contract, curl

OUTPUT = "answer"
_TIMEOUT = 30.0  # seconds for one request
_SHOWN = 200
_REFUSALS = (400, 413, 422)  # of what a request carries


class ServedSession:
    """Asks one request after the other, over one connection where the server keeps it open."""

    inputs: tuple[Slot, ...] = ()  # the contract takes columns as they are

    def __init__(self, base_url: str, contract: Contract, output: str | None = None) -> None:
        self.runtime = f"the service at {base_url}"
        self.fixed_batch = 1 if contract.row_at_a_time else None
        self.largest_batch = contract.config.max_batch
        self._client = Client(base_url, timeout=_TIMEOUT)
        self._contract = contract
        self._output, self._base_url = output, base_url

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The answers to some rows, sent in one request.

        Raises ConfigError where the contract does not say how a row is asked, ModelError where
        nobody answers at all or answers have no form to compare, Unanswered for a refusal.
        """
        rows = self.rows(feeds)
        try:
            request = self._contract.encode(rows)
        except ValueError as problem:
            raise Unanswered(f"a row cannot be sent: {problem}", refused=True) from None
        answer = self._client.send(request)
        if answer.status == 0:
            raise ModelError(f"the candidate does not answer rows: {answer.error}")
        return {OUTPUT: _values(self._read(answer, len(rows)))}

    def close(self) -> None:
        """Close the connection; the end of its process does it as well."""
        self._client.close()

    def rows(self, feeds: Mapping[str, Array]) -> Any:
        """Rows as the contract encodes them.

        Several columns become rows with a value for each input in the order of the contract, or
        objects where the contract names no inputs. NaN becomes null, as JSON has none.
        """
        if len(feeds) == 1:
            return _written(next(iter(feeds.values())))
        names = [tensor.name for tensor in self._contract.form.inputs]
        listed = {name: list(_written(values)) for name, values in feeds.items()}
        if not names:
            return [dict(zip(listed, row, strict=True)) for row in zip(*listed.values())]
        if set(names) != set(feeds):
            raise ModelError(
                f"the contract has the inputs {', '.join(names)}, but is given {', '.join(feeds)}; "
                "accuracy.inputs maps an input's name to a column"
            )
        return [list(row) for row in zip(*(listed[name] for name in names), strict=True)]

    def curl(self, feeds: Mapping[str, Array]) -> str:
        """The command line that asks for some rows."""
        return curl(self._contract.encode(self.rows(feeds)), self._base_url)

    def _read(self, answer: Answer, wanted: int) -> list[Any]:
        shown = answer.body[:_SHOWN].decode("utf-8", "replace")
        if answer.status != 200 or answer.error is not None:
            refused = answer.status in _REFUSALS
            raise Unanswered(answer.error or f"status {answer.status}: {shown}", refused=refused)
        try:
            rows = self._contract.decode(answer.body, self._output)
        except ValueError as problem:
            raise Unanswered(str(problem)) from None
        if len(rows) != wanted:
            raise Unanswered(f"{len(rows)} answers for {wanted} rows: {shown}")
        return rows


def load(path: Path, options: Options) -> ServedSession:
    """Read the contract, and ask the candidate for what it says of itself where that is needed.

    Raises ConfigError for a contract that is wrong, GateError where the server does not say.
    """
    url = options.settings["url"]
    gate = load_gate(path, url=url)  # whatever the command line put in place of the candidate
    contract = Contract.load(gate)
    if not contract.complete:
        contract = contract.learn(url)
    return ServedSession(url, contract, gate.accuracy.output if gate.accuracy else None)


def _written(values: Array) -> Any:
    holes = np.isnan(values) if values.dtype.kind == "f" else np.zeros(0, bool)
    if not holes.any():
        return values.tolist()
    objects = values.astype(object)
    objects[holes] = None
    return objects.tolist()


def _values(found: Sequence[Any]) -> Array:
    try:
        values = np.asarray(found)
    except ValueError:
        values = np.empty(0, dtype=object)
    if values.dtype.kind not in "biufUS":
        raise ModelError(
            "the answers are not classes or scores of one shape; the first is "
            f"{json.dumps(found[0])[:_SHOWN]}"
        )
    return values
