"""The contract room: what an endpoint promises, and requests and judgements to hold it to that."""

from harness.contract.cases import Case, Claim, Example
from harness.contract.contract import Contract, Survey, batched
from harness.contract.curl import curl
from harness.contract.examine import (
    Seen,
    examples,
    invalid_requests,
    not_found,
    responses,
    strict_json,
    wrong_method,
)
from harness.contract.findings import Exchange, fold
from harness.contract.relations import Relation, batch, concurrent, repeatable
from harness.contract.transport import Answer, Client, Layer, Prepared, send

__all__ = [
    "Answer",
    "Case",
    "Claim",
    "Client",
    "Contract",
    "Example",
    "Exchange",
    "Layer",
    "Prepared",
    "Relation",
    "Seen",
    "Survey",
    "batch",
    "batched",
    "concurrent",
    "curl",
    "examples",
    "fold",
    "invalid_requests",
    "not_found",
    "repeatable",
    "responses",
    "send",
    "strict_json",
    "wrong_method",
]
