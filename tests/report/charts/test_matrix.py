"""A table of counts whose shades follow them, and which says what it leaves out."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from harness.report.charts import matrix


def drawn(data: dict[str, Any]) -> ElementTree.Element:
    """The drawing, parsed."""
    return ElementTree.fromstring(f"<div>{matrix.draw('Title', data)}</div>")


def test_the_largest_cell_is_the_darkest_and_zero_has_no_shade() -> None:
    cells = drawn({"rows": ["a"], "columns": ["x", "y", "z"], "cells": [[0, 25, 100]]}).iter("td")
    shades = [cell.attrib.get("class") for cell in cells]
    assert shades == [None, "m0", "m4", "m8"]


def test_a_cell_of_nothing_is_empty() -> None:
    cells = list(drawn({"rows": ["a"], "columns": ["x", "y"], "cells": [[None, 3]]}).iter("td"))
    assert [(cell.text, cell.attrib.get("class")) for cell in cells[1:]] == [
        (None, "none"),
        ("3", "m8"),
    ]


def test_zeros_alone_can_be_drawn() -> None:
    cells = list(drawn({"rows": ["a"], "columns": ["x"], "cells": [[0]]}).iter("td"))
    assert cells[1].attrib["class"] == "m0"


def test_rows_and_columns_are_headers_of_their_cells() -> None:
    root = drawn({"rows": ["a"], "columns": ["x", "y"], "cells": [[1, 2]]})
    assert [(head.text, head.attrib["scope"]) for head in root.iter("th")] == [
        ("x", "col"),
        ("y", "col"),
        ("a", "row"),
    ]


def test_the_sides_are_named() -> None:
    data = {"rows": ["a"], "columns": ["x"], "cells": [[1]], "down": "first", "across": "second"}
    assert drawn(data).findtext("p") == "first down, second across"


def test_what_does_not_fit_is_told() -> None:
    names = [str(number) for number in range(45)]
    data = {"rows": names, "columns": ["x"], "cells": [[1]] * 45}
    root = drawn(data)
    assert len(root.findall(".//tbody/tr")) == 40
    assert root.findtext("p") == "the first 40 of 45 rows and 1 of 1 columns are shown"
