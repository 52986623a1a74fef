"""Drafting for plain JSON: from an OpenAPI document that the service has, else from examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.contract.openapi import DEFAULT_PATHS, is_document
from harness.errors import ConfigError, GateError
from harness.init.ask import Asking
from harness.init.draft import (
    DOCUMENT,
    REQUEST,
    RESPONSE,
    Draft,
    pretty,
)
from harness.init.examples import recorded
from harness.init.experiment import Experiment
from harness.init.infer import schema
from harness.init.recognise import Asked

_PATHS = (
    "/predict",
    "/predictions",
    "/invocations",
    "/score",
    "/infer",
    "/v1/predict",
    "/api/predict",
    "/",
)
_ANSWERS = 60  # answers that a response schema is inferred from
_ABSENT = (404, 405, 501, 0)


def described(draft: Draft, server: Asked) -> Draft | None:
    """By the document that the service has of itself; None where it has none that is of use."""
    for path in DEFAULT_PATHS:
        document = server.value(path)
        if not is_document(document):
            continue
        told = f"document: GET {path}, kept in {DOCUMENT}"
        tried = draft.holding("document", DOCUMENT, pretty(document), told)
        tried = tried.having(protocol="openapi")
        try:
            with tried.opened(server.base_url) as contract:
                if contract.request is not None and contract.probe(server.base_url) == "":
                    return tried.having(f"path: {contract.predict_path}")
        except GateError as problem:
            draft = draft.having(f"document: GET {path} is of no use: {problem}")
    return None


def path_of(server: Asked, asking: Asking, example: Any) -> str:
    """The path that predicts, among common ones. Raises ConfigError."""
    there = []
    for path in _PATHS:
        answer = asking.value(path, example).answer
        if answer.status == 200:
            return path
        if answer.status not in _ABSENT:
            there.append(f"{path} ({answer.status})")
    tried = f"there is {', '.join(there)}" if there else f"none of {', '.join(_PATHS)} is there"
    raise ConfigError(f"no path answers the example with 200; {tried}: give --path")


def inferred(draft: Draft, asking: Asking, path: str, examples: Sequence[Any]) -> Draft:
    """With schemas and examples, found out by asking. Raises ConfigError."""
    draft, rows = recorded(draft.having(path=path), asking, path, examples)
    served = [row["request"] for row in rows if row["status"] == 200]
    experiment = Experiment(served, lambda value: asking.value(path, value).succeeded)
    request = experiment.schema()
    told = f"request guessed from {len(served)} examples and {experiment.trials} trials: {REQUEST}"
    draft = draft.holding("request", REQUEST, pretty(request), told)
    return _with_response(draft, asking)


def _with_response(draft: Draft, asking: Asking) -> Draft:
    """From the answers to everything that the request schema lets be made up."""
    with draft.opened(asking.base_url) as contract:
        exchanges = [asking.case(case) for case in contract.corpus.valid[:_ANSWERS]]
    values = [exchange.parsed.value for exchange in exchanges if exchange.comparable]
    told = f"response guessed from {len(values)} answers: {RESPONSE}"
    found = schema(values, "An answer, inferred by `gate init`")
    return draft.holding("response", RESPONSE, pretty(found), told)
