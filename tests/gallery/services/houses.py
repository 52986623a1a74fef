"""Houses: what is known of each in, its price out. MLflow's scoring protocol, all its JSON and CSV.

Run as `python houses.py PORT`.
"""

from __future__ import annotations

import csv
import io
import math
import re
import sys
from typing import Any

from web import Answer, Refused, Request, serve

COLUMNS = {"area": float, "rooms": int, "age": float, "district": str}
DISTRICTS = {"north": 0.9, "east": 1.05, "south": 1.2, "west": 1.0}
RANGES = {"area": (10, 500), "rooms": (1, 12), "age": (0, 150)}
MOST = 64  # rows in one request
_NUMBER = {
    int: re.compile(r"-?(0|[1-9]\d*)"),
    float: re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"),
}


def price(house: dict[str, Any]) -> float:
    """The price of one house, in thousands."""
    size = 2.1 * house["area"] + 18 * math.sqrt(house["rooms"])
    wear = 0.55 + 0.45 * math.exp(-house["age"] / 60)
    return DISTRICTS[house["district"]] * wear * size + 0.002 * house["area"] * house["rooms"]


def houses_of(rows: list[Any]) -> list[dict[str, Any]]:
    """Rows that are houses, with each value of its column's type."""
    if not 1 <= len(rows) <= MOST:
        raise Refused(400, f"expected 1 to {MOST} rows")
    for row in rows:
        if not isinstance(row, dict) or set(row) != set(COLUMNS):
            raise Refused(400, f"expected the columns {', '.join(COLUMNS)} and no other")
        for name, kind in COLUMNS.items():
            value = row[name]
            if not is_a(value, kind):
                raise Refused(400, f"column {name}: expected {kind.__name__}")
            if kind is not str and not RANGES[name][0] <= value <= RANGES[name][1]:
                low, high = RANGES[name]
                raise Refused(400, f"column {name}: expected {low} to {high}")
        if row["district"] not in DISTRICTS:
            raise Refused(400, f"column district: expected one of {', '.join(DISTRICTS)}")
    return rows


def is_a(value: Any, kind: type) -> bool:
    """Whether a JSON value is of a column's type; 4.0 is a whole number, true is none."""
    if kind is float:
        return type(value) in (int, float)
    return type(value) is kind or kind is int and type(value) is float and value.is_integer()


def rows_of(request: Request) -> list[Any]:
    """The rows of a request, in whichever form it has them."""
    if request.content_type == "text/csv":
        return from_csv(request.body)
    value = request.json()
    if not isinstance(value, dict):
        raise Refused(400, "expected an object")
    given = set(value) - {"params"}
    if not isinstance(value.get("params", {}), dict):
        raise Refused(400, "params: expected an object")
    if len(given) != 1 or not given <= set(FORMS):
        raise Refused(400, f"expected one of {', '.join(FORMS)}, and at most params beside it")
    (form,) = given
    return FORMS[form](value[form])


def from_split(value: Any) -> list[Any]:
    """{"columns": [...], "data": [[...], ...]}, with or without an index."""
    members = set(value) if isinstance(value, dict) else set()
    if not {"columns", "data"} <= members <= {"columns", "data", "index"}:
        raise Refused(400, "dataframe_split: expected columns and data, and at most index")
    columns, data = value["columns"], value["data"]
    if not isinstance(columns, list) or not isinstance(data, list):
        raise Refused(400, "dataframe_split: expected lists")
    if not all(isinstance(name, str) for name in columns) or len(set(columns)) != len(columns):
        raise Refused(400, "dataframe_split: expected each column once")
    if not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        raise Refused(400, "dataframe_split: expected as many values in a row as there are columns")
    index = value.get("index", data)
    if not isinstance(index, list) or len(index) != len(data):
        raise Refused(400, "dataframe_split: expected an index for each row")
    return [dict(zip(columns, row)) for row in data]


def from_records(value: Any) -> list[Any]:
    """[{column: value}, ...]."""
    if not isinstance(value, list):
        raise Refused(400, "expected a list of records")
    return value


def from_columns(value: Any) -> list[Any]:
    """{column: [value, ...]}."""
    columns = value.values() if isinstance(value, dict) else [None]
    if not all(isinstance(column, list) for column in columns):
        raise Refused(400, "inputs: expected a list for each column")
    if len({len(column) for column in value.values()}) != 1:
        raise Refused(400, "inputs: expected columns of one length")
    return [dict(zip(value, row)) for row in zip(*value.values())]


def from_csv(body: bytes) -> list[Any]:
    """A table with a line of names."""
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8"), newline=""), strict=True))
    except (UnicodeError, csv.Error):
        raise Refused(400, "the body is no CSV in UTF-8") from None
    if not lines or sorted(lines[0]) != sorted(COLUMNS):
        raise Refused(400, f"expected the columns {', '.join(COLUMNS)} and no other")
    names, rows = lines[0], [line for line in lines[1:] if line]
    if not all(len(row) == len(names) for row in rows):
        raise Refused(400, "expected as many values in a row as there are columns")
    return [{name: cell(name, text) for name, text in zip(names, row)} for row in rows]


def cell(name: str, text: str) -> Any:
    """The value of a cell."""
    kind = COLUMNS[name]
    if kind is str:
        return text
    if not _NUMBER[kind].fullmatch(text):
        raise Refused(400, f"column {name}: expected {kind.__name__}")
    return kind(text)


FORMS = {
    "dataframe_split": from_split,
    "dataframe_records": from_records,
    "instances": from_records,
    "inputs": from_columns,
}


def invocations(request: Request) -> Answer:
    """POST /invocations."""
    houses = houses_of(rows_of(request))
    return Answer({"predictions": [price(house) for house in houses]})


def ping(request: Request) -> Answer:
    """GET /ping and /health."""
    return Answer({"status": "ok"})


def version(request: Request) -> Answer:
    """GET /version."""
    return Answer(b"3.17.2", type="text/plain; charset=utf-8")


def failure(status: int, message: str) -> Any:
    """The body of an error."""
    codes = {404: "RESOURCE_DOES_NOT_EXIST", 500: "INTERNAL_ERROR"}
    return {"error_code": codes.get(status, "BAD_REQUEST"), "message": message}


ROUTES = {
    "/ping": {"GET": ping},
    "/health": {"GET": ping},
    "/version": {"GET": version},
    "/invocations": {"POST": invocations},
}

if __name__ == "__main__":
    serve(ROUTES, int(sys.argv[1]), failure)
