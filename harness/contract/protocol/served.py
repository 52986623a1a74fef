"""Rows of a data set as requests, and answers as predictions: for accuracy through the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.contract.forms import Form
from harness.contract.judging.tensors import INTEGERS
from harness.contract.requests.cases import dumps, prepared
from harness.contract.text import shown
from harness.contract.wire.strictjson import parse
from harness.contract.wire.transport import Prepared
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.config.accuracy import Served
    from harness.config.schema import Tensor

_ROW = "$row"


@dataclass(frozen=True, slots=True)
class Wire:
    """How rows travel: by the template of [accuracy.served], or by the protocol's form."""

    path: str
    form: Form
    template: Served | None

    @property
    def row_at_a_time(self) -> bool:
        """Whether a request carries exactly one row."""
        return self.template is not None or not self.form.has_batch

    def encode(self, rows: Any) -> Prepared:
        """The request that predicts `rows`: an array or a list, the rows first.

        Raises ConfigError where the contract does not say how, ValueError for too many rows.
        """
        listed = _plain(rows)
        if not isinstance(listed, list):
            raise ValueError(f"expected rows, got {shown(listed, 60)}")
        if self.row_at_a_time and len(listed) != 1:
            raise ValueError(f"{len(listed)} rows, but this contract carries one row a request")
        if self.template is not None:
            return prepared(self.path, dumps(_filled(self.template.request, listed[0])))
        return prepared(self.path, dumps(self._request(listed)))

    def decode(self, body: bytes, output: str | None = None) -> list[Any]:
        """The predictions in the body of an answer, one for each row.

        Of several outputs that of the name `output`, else the one that was declared first.
        Raises ValueError where they are not there.
        """
        parsed = parse(body)
        if not parsed.readable:
            raise ValueError(parsed.problems[0].message)
        if self.template is not None:
            return [_at(parsed.value, self.template.answer)]
        if self.row_at_a_time:
            raise ConfigError(self._unsaid())
        results = self.form.results(parsed.value)
        if results is None:
            raise ValueError(f"no predictions in {shown(parsed.value, 120)}")
        return [self._prediction(result, output) for result in results]

    def _request(self, rows: list[Any]) -> Any:
        inputs = self.form.inputs
        if self.row_at_a_time or not (inputs or self.form.by_rows):
            raise ConfigError(self._unsaid())
        if not inputs:
            return self.form.join(rows)
        if len(inputs) == 1:
            return self.form.request({inputs[0].name: [_typed(row, inputs[0]) for row in rows]})
        if not all(isinstance(row, list) and len(row) == len(inputs) for row in rows):
            raise ConfigError(self._unsaid())
        # A row with a value for each input, in the order in which they are declared.
        return self.form.request(
            {t.name: [_typed(row[i], t) for row in rows] for i, t in enumerate(inputs)}
        )

    def _prediction(self, result: Any, output: str | None) -> Any:
        if not isinstance(result, dict):
            return result
        names = [tensor.name for tensor in self.form.outputs] or list(result)
        if output in result:
            return result[output]
        found = next((name for name in names if name in result), None)
        if found is None:
            raise ValueError(f"no output {names[0]!r} in {shown(result, 120)}")
        return result[found]

    def _unsaid(self) -> str:
        return (
            f"protocol {self.form.preset.name!r} does not say how a row of the data set becomes a "
            'request: declare one [[contract.inputs]] whose shape begins with "batch", or one of '
            'shape ["batch"] for each value of a row, or write [accuracy.served] with '
            'request = ["$row"] and answer = "/label"'
        )


def _plain(value: Any) -> Any:
    """Lists and numbers of Python instead of an array library's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _typed(row: Any, tensor: Tensor) -> Any:
    """8.0 as 8 for an integer tensor: arrays of a data set are often all float."""
    if isinstance(row, list):
        return [_typed(item, tensor) for item in row]
    whole = isinstance(row, float) and tensor.datatype in INTEGERS and row.is_integer()
    return int(row) if whole else row


def _filled(template: Any, row: Any) -> Any:
    if template == _ROW:
        return row
    if isinstance(template, dict):
        return {name: _filled(item, row) for name, item in template.items()}
    if isinstance(template, list):
        return [_filled(item, row) for item in template]
    return template


def _at(value: Any, pointer: str) -> Any:
    """What an RFC 6901 JSON pointer points to. Raises ValueError."""
    found = value
    for part in _parts(pointer):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise ValueError(f"no {pointer!r} in {shown(value, 120)}")
    return found


def _parts(pointer: str) -> Sequence[str]:
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise ConfigError(
            f"accuracy.served.answer = {pointer!r}: expected a JSON pointer like '/label'"
        )
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]
