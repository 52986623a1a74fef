"""The contract room: what an endpoint promises, and requests and judgements to hold it to that."""

from harness.contract.accepted.golden import Golden
from harness.contract.accepted.golden import read as read_golden
from harness.contract.accepted.golden import write as write_golden
from harness.contract.accepted.recording import Recording, record
from harness.contract.accepted.replays import Replay, beside, replay
from harness.contract.compatible import changes_since
from harness.contract.contract import Contract
from harness.contract.instruments.abuse import invalid_requests, not_found, wrong_method
from harness.contract.instruments.examine import examples, responses, strict_json
from harness.contract.instruments.explore import Exploration, explore
from harness.contract.instruments.hunt import explores
from harness.contract.instruments.metadata import metadata
from harness.contract.instruments.notes import Seen
from harness.contract.instruments.survey import Survey
from harness.contract.judging.findings import Exchange, fold
from harness.contract.loading import batched, describes, unlabelled
from harness.contract.relations import (
    Relation,
    batch,
    concurrent,
    encodings,
    explored,
    history,
    labels,
    order,
    padding,
    repeatable,
    sensitive,
)
from harness.contract.relations.calibration import calibrated
from harness.contract.requests.cases import Case, Claim, Example
from harness.contract.requests.corpus import freeze as write_corpus
from harness.contract.requests.kept import forget, frozen
from harness.contract.wire.curl import curl
from harness.contract.wire.transport import Answer, Client, Layer, Prepared, send

__all__ = [
    "Answer",
    "Case",
    "Claim",
    "Client",
    "Contract",
    "Example",
    "Exchange",
    "Exploration",
    "Golden",
    "Layer",
    "Prepared",
    "Recording",
    "Relation",
    "Replay",
    "Seen",
    "Survey",
    "batch",
    "batched",
    "beside",
    "calibrated",
    "changes_since",
    "concurrent",
    "curl",
    "describes",
    "encodings",
    "examples",
    "explore",
    "explored",
    "explores",
    "fold",
    "forget",
    "frozen",
    "history",
    "invalid_requests",
    "labels",
    "metadata",
    "not_found",
    "order",
    "padding",
    "read_golden",
    "record",
    "repeatable",
    "replay",
    "responses",
    "send",
    "sensitive",
    "strict_json",
    "unlabelled",
    "write_corpus",
    "write_golden",
    "wrong_method",
]
