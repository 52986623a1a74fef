"""A question that is asked thousands of times a second: compiled once, put to the driver itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, SelectBase
from sqlalchemy.pool import PoolProxiedConnection

_Convert = Callable[[Any], Any]


class Lookup:
    """The SQL of a statement with named parameters, and what turns its values to and fro.

    The library's own execution costs many times what SQLite needs for the answer.
    """

    def __init__(self, statement: SelectBase, engine: Engine) -> None:
        dialect = engine.dialect
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._order = compiled.positiontup  # None: the driver takes names
        self._fixed = dict(compiled.params)
        self._into = {
            key: bind
            for key, bound in compiled.binds.items()
            if (bind := bound.type.dialect_impl(dialect).bind_processor(dialect))
        }
        self._out: list[tuple[int, _Convert]] = [
            (place, convert)
            for place, column in enumerate(statement.selected_columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def ask(self, connection: PoolProxiedConnection, **given: Any) -> list[list[Any]]:
        """Rows of values in the order of the statement's columns. Raises what the driver does."""
        values = {**self._fixed, **given}
        for key, bind in self._into.items():
            values[key] = bind(values[key])
        cursor = connection.cursor()
        try:
            named = values if self._order is None else [values[key] for key in self._order]
            cursor.execute(self._sql, named)
            rows = [list(row) for row in cursor.fetchall()]
        finally:
            cursor.close()
        for row in rows:
            for place, convert in self._out:
                row[place] = convert(row[place])
        return rows
