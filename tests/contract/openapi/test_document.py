"""OpenAPI documents: versions, places by pointer, references inside of the document only."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.openapi import Document
from harness.contract.openapi.document import Place
from harness.errors import ConfigError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], "a.json: no OpenAPI document"),
        ({"paths": {}}, "a.json: no OpenAPI document"),
        ({"openapi": "4.0.0"}, 'a.json: version "4.0.0": expected OpenAPI 3.0, 3.1 or 3.2'),
        ({"openapi": 3}, "a.json: version 3: expected"),
        ({"swagger": "1.2"}, 'a.json: version "1.2"'),
    ],
)
def test_another_document_is_refused(value: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Document(value, "a.json")
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("#/components/schemas/Y", 'a.json#/here: $ref = "#/components/schemas/Y": points to'),
        ("http://example.org/x.json", "only references into the document are read"),
        (3, "only references into the document are read"),
        ("#/here", "a reference that leads in a circle"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_its_place(
    reference: Any, expected: str
) -> None:
    document = Document({"openapi": "3.1.0", "here": {"$ref": reference}}, "a.json")
    with pytest.raises(ConfigError) as caught:
        document.at("here")
    assert expected in str(caught.value)


def test_escaped_names_in_a_reference_are_read() -> None:
    value = {"openapi": "3.1.0", "paths": {"/a~b": 7}, "here": {"$ref": "#/paths/~1a~0b"}}
    found = Document(value, "a.json").at("here")
    assert found == Place(7, "/paths/~1a~0b")
