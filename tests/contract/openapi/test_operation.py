"""The operation that predicts: found, or the reason why not."""

from __future__ import annotations

from typing import Any

import pytest

from harness.contract.openapi import Document, Operation, find
from harness.errors import ConfigError

BODY = {"content": {"application/json": {"schema": {"type": "array"}}}}
ANSWER = {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}
POST = {"post": {"requestBody": BODY, "responses": ANSWER}}


def search(paths: Any, path: str = "", **more: Any) -> Operation:
    """The operation of a document with these paths."""
    return find(Document({"openapi": "3.0.3", "paths": paths, **more}, "a.json"), path)


def _type(schema: Any) -> Any:
    return None if schema is None else schema["type"]


def test_the_only_post_with_a_json_body_is_the_one() -> None:
    upload = {"content": {"multipart/form-data": {"schema": {"type": "object"}}}}
    others = {"/health": {"get": {}}, "/upload": {"post": {"requestBody": upload}}}
    found = search({**others, "/score": POST})
    assert (found.path, _type(found.request), _type(found.response)) == (
        "/score",
        "array",
        "object",
    )


def test_two_posts_are_ambiguous_until_contract_path_says_which() -> None:
    paths = {"/a": POST, "/b": POST}
    with pytest.raises(ConfigError, match="2 operations .* give contract.path, one of /a, /b"):
        search(paths)
    assert search(paths, "/b").path == "/b"


@pytest.mark.parametrize(
    ("paths", "path", "expected"),
    [
        ({}, "", "describes no POST at all"),
        ({"/p": {"post": {}}}, "", "no operation takes JSON by POST; give contract.path"),
        ({"/predict": POST}, "/predcit", "no POST /predcit; did you mean '/predict'"),
        ({"/m/{model}": POST}, "", "has parameters: give contract.path"),
        ([], "", "a.json#/paths: expected an object"),
        ({"/p": {"post": []}}, "/p", "a.json#/paths/~1p/post: []: expected an object"),
    ],
)
def test_a_document_without_the_operation_is_refused(paths: Any, path: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        search(paths, path)
    assert expected in str(caught.value)


def test_a_path_with_parameters_is_met_by_a_path_with_values() -> None:
    assert search({"/v2/models/{m}/infer": POST}, "/v2/models/iris/infer").path.endswith(
        "iris/infer"
    )


def test_an_operation_without_a_documented_body_says_nothing_of_requests() -> None:
    found = search({"/invocations": {"post": {"responses": {}}}}, "/invocations")
    assert (found.request, found.response) == (None, None)


def test_the_server_s_own_prefix_stands_before_the_path_and_another_host_s_does_not() -> None:
    assert search({"/p": POST}, servers=[{"url": "/api/"}]).path == "/api/p"
    assert search({"/p": POST}, servers=[{"url": "https://example.org/api"}]).path == "/p"
    assert search({"/p": POST}, servers=[{"url": "."}]).path == "/p"


def test_references_to_bodies_and_answers_are_followed() -> None:
    post = {
        "requestBody": {"$ref": "#/components/requestBodies/B"},
        "responses": {"200": {"$ref": "#/components/responses/R"}},
    }
    components = {"requestBodies": {"B": BODY}, "responses": {"R": ANSWER["200"]}}
    found = search({"/p": {"post": post}}, components=components)
    assert (_type(found.request), _type(found.response)) == ("array", "object")


def test_the_members_that_every_error_has() -> None:
    def error(*names: str) -> Any:
        schema = {"type": "object", "required": list(names)}
        return {"content": {"application/json": {"schema": schema}}}

    both = {**ANSWER, "400": error("error"), "422": error("detail")}
    assert search({"/p": {"post": {"requestBody": BODY, "responses": both}}}).error_members == (
        "error",
        "detail",
    )
    loose = {**ANSWER, "400": error("error"), "422": error()}
    assert search({"/p": {"post": {"requestBody": BODY, "responses": loose}}}).error_members == ()


def test_swagger_2_has_its_body_among_the_parameters() -> None:
    value = {
        "swagger": "2.0",
        "basePath": "/v1",
        "paths": {
            "/score": {
                "post": {
                    "parameters": [
                        {"in": "header", "name": "a", "type": "string"},
                        {"in": "body", "name": "b", "schema": {"$ref": "#/definitions/In"}},
                    ],
                    "responses": {"200": {"schema": {"type": "object"}}},
                }
            }
        },
        "definitions": {"In": {"type": "array"}},
    }
    found = find(Document(value, "a.json"))
    assert (found.path, _type(found.request), _type(found.response)) == (
        "/v1/score",
        "array",
        "object",
    )
