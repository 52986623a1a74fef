"""MLflow's scoring protocol: tables and tensors in, {"predictions": ...} out.

Inputs of one dimension are columns of a table, written as `dataframe_split`; inputs of more
dimensions are tensors, written as `inputs`. An input that has no name, or the name "inputs", is
the only tensor and stands there without it (mlflow/pyfunc/scoring_server/__init__.py).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.contract.forms.base import Encoding, Form, batched, no_member, no_object, row_by_row
from harness.contract.judging.tensors import Broken, Carried
from harness.contract.requests.cases import JSON_TYPE, dumps

_SPLIT, _RECORDS, _INSTANCES, _INPUTS = (
    "dataframe_split",
    "dataframe_records",
    "instances",
    "inputs",
)
_ROOTS = (_SPLIT, _RECORDS, _INSTANCES, _INPUTS)
_UNNAMED = ("", _INPUTS)
_TURNED = "columns in another order"
_WORD = re.compile(r"[A-Za-z]{2,}([ _-][A-Za-z]{2,})*")
# Words that readers of CSV take for numbers, truth values and missing ones (pandas.read_csv).
_NO_WORDS = {"na", "nan", "null", "none", "nil", "true", "false", "yes", "no", "inf", "infinity"}


class Dataframe(Form):
    """Rows of a table are objects, rows of the only tensor are what they are."""

    by_rows = True

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs) or not self.inputs

    def malformed(self, request: Any) -> list[Broken]:
        if not isinstance(request, dict):
            return no_object(request)
        roots = [root for root in _ROOTS if root in request]
        if len(roots) != 1:
            wanted, there = "one of " + ", ".join(_ROOTS), ", ".join(roots) or "none"
            return [Broken("protocol", "not exactly one kind of input", "$", wanted, there)]
        return _no_table(request[_SPLIT]) if roots == [_SPLIT] else []

    def carried(self, answer: Any) -> list[Carried] | Broken:
        key = self.preset.answer
        broken = no_member(answer, key)
        if broken:
            return broken[0]
        columns = _columns(answer[key])
        return self._named(columns, answer[key], self.outputs, f"$.{key}")

    def sent(self, request: Any) -> list[Carried]:
        for root in _ROOTS:
            if root in request:
                table = _table(request[root]) if root == _SPLIT else _columns(request[root])
                return self._named(table, request[root], self.inputs, f"$.{root}")
        return []

    def request(self, tensors: Mapping[str, Any]) -> Any:
        if len(tensors) == 1 and not self._is_table:
            (name, data), *_ = tensors.items()
            return {_INPUTS: data if name in _UNNAMED else {name: data}}
        if not self._is_table:
            return {_INPUTS: dict(tensors)}
        rows = [list(row.values()) for row in row_by_row(tensors) or ()]
        return {_SPLIT: {"columns": list(tensors), "data": rows}}

    def by_columns(self, tensors: Mapping[str, Any]) -> Any:
        return {_INPUTS: dict(tensors)}

    def split(self, request: Any) -> list[Any] | None:
        if not self.has_batch or self.malformed(request):
            return None
        if _SPLIT in request:
            return _records(request[_SPLIT])
        value = next(request[root] for root in _ROOTS if root in request)
        if isinstance(value, dict):
            return row_by_row(value)
        return value if isinstance(value, list) else None

    def join(self, rows: Sequence[Any]) -> Any:
        if not isinstance(rows[0], dict):
            return {_INPUTS: list(rows)}
        columns = {name: [row.get(name) for row in rows] for name in rows[0]}
        if self.inputs and not self._is_table:
            return {_INPUTS: columns}
        data = [[row.get(name) for name in columns] for row in rows]
        return {_SPLIT: {"columns": list(columns), "data": data}}

    def results(self, answer: Any) -> list[Any] | None:
        value = answer.get(self.preset.answer) if isinstance(answer, dict) else None
        if isinstance(value, dict):
            return row_by_row(value)
        return value if isinstance(value, list) else None

    def prediction(self, answer: Any) -> Any:
        key = self.preset.answer
        return answer[key] if isinstance(answer, dict) and key in answer else answer

    def encodings(self, request: Any) -> Iterator[Encoding]:
        if self.malformed(request) or _SPLIT not in request or request.keys() != {_SPLIT}:
            return
        records = _records(request[_SPLIT])
        if not records:
            return
        order = self._another_order(list(records[0]))
        turned = [{name: row[name] for name in order} for row in records]
        if order:  # a signature names its columns: where they stand says nothing
            table = {"columns": order, "data": [list(row.values()) for row in turned]}
            body = dumps({_SPLIT: table})
            yield Encoding(f"{_SPLIT}, {_TURNED}", {"Content-Type": JSON_TYPE}, body, True)
        if "records" in self.preset.encodings:
            body = dumps({_RECORDS: records})
            yield Encoding(_RECORDS, {"Content-Type": JSON_TYPE}, body)
        if "csv" in self.preset.encodings and _unmistakable(records):
            yield from _tables(records, turned)

    def _another_order(self, names: list[str]) -> list[str]:
        """Declared columns changed about with others of their datatype, else all of them.

        Who takes them by their place then finds what it takes for a value of the column.
        """
        kinds = {tensor.name: tensor.datatype for tensor in self.inputs}
        if not kinds or len(names) < 2:
            return []
        alike: dict[str | None, list[str]] = {}
        for name in names:
            alike.setdefault(kinds.get(name), []).append(name)
        order = [alike[kinds.get(name)].pop() for name in names]
        return order if order != names else names[::-1]

    @property
    def _is_table(self) -> bool:
        return all(len(tensor.shape) == 1 and tensor.name not in _UNNAMED for tensor in self.inputs)

    @staticmethod
    def _named(
        columns: Mapping[str, Any] | None, value: Any, tensors: Sequence[Any], where: str
    ) -> list[Carried]:
        """The declared tensors among the columns; the only one also without its name."""
        if columns is not None:
            found = [t.name for t in tensors if t.name in columns]
            return [Carried(name, columns[name], f"{where}[*].{name}") for name in found]
        return [Carried(tensors[0].name, value, where)] if len(tensors) == 1 else []


def _table(value: Any) -> dict[str, Any] | None:
    if _no_table(value):
        return None
    return {name: [row[i] for row in value["data"]] for i, name in enumerate(value["columns"])}


def _columns(value: Any) -> dict[str, Any] | None:
    """Columns of a dict of lists, or of a list of records; None for bare rows."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(r, dict) for r in value):
        return None
    names = [name for name in value[0] if all(name in row for row in value)]
    return {name: [row[name] for row in value] for name in names}


def _records(table: Any) -> list[Any]:
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


def _no_table(value: Any) -> list[Broken]:
    where = f"$.{_SPLIT}"
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        return [Broken("protocol", "no table", where, '{"columns": [...], "data": [[...], ...]}')]
    columns = value.get("columns")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        return [
            Broken("protocol", "a table without columns", f"{where}.columns", "a list of names")
        ]
    if len(set(columns)) != len(columns):
        return [Broken("protocol", "a column twice", f"{where}.columns", "each name once")]
    for index, row in enumerate(value["data"]):
        if not isinstance(row, list) or len(row) != len(columns):
            expected = f"{len(columns)} values"
            return [
                Broken("protocol", "a row of another length", f"{where}.data[{index}]", expected)
            ]
    return []


def _unmistakable(records: list[Any]) -> bool:
    """Whether a reader of CSV, which knows no types, cannot take a cell for something else."""
    return all(
        type(cell) in (int, float) or (type(cell) is str and _is_word(cell))
        for row in records
        for cell in row.values()
    )


def _is_word(text: str) -> bool:
    return _WORD.fullmatch(text) is not None and text.lower() not in _NO_WORDS


def _tables(records: list[Any], turned: list[Any]) -> Iterator[Encoding]:
    """CSV; RFC 4180 section 2 leaves it open whether the last line ends with a line break."""
    text = {"Content-Type": "text/csv"}
    table = _csv(records)
    yield Encoding("CSV", text, table)
    if len(records) > 1:  # of one, nothing would be left to be answered where it is lost
        yield Encoding("CSV without a newline at its end", text, table.removesuffix(b"\n"))
    if turned[0]:
        yield Encoding(f"CSV, {_TURNED}", text, _csv(turned))


def _csv(records: list[Any]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode("utf-8")


FORM = Dataframe
