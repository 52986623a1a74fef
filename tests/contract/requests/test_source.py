"""What a corpus is made of, and what may be claimed of each request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.config import Gate
from harness.config.schema import Tensor
from harness.contract.contract import Contract
from harness.contract.forms import FORMS
from harness.contract.protocol.presets import preset
from harness.contract.requests.cases import Case, Claim, Example
from harness.contract.requests.corpus import Corpus, freeze
from harness.contract.requests.source import Source
from harness.contract.schema.schemas import Schema
from harness.errors import ConfigError

PIXELS = {"name": "x", "datatype": "FP32", "shape": ["batch", 4], "range": [0, 16]}


def source(
    protocol: str = "open-inference-v2",
    inputs: tuple[dict[str, Any], ...] = (PIXELS,),
    examples: tuple[Example, ...] = (),
    request: Any = None,
    max_batch: int | None = None,
) -> Source:
    found = preset(protocol)
    form = FORMS[found.form](found, [Tensor.model_validate(i) for i in inputs], [])
    schema = None if request is None else Schema(request, "request.json")
    return Source("/predict", form, examples, schema, max_batch)


def named(cases: tuple[Case, ...], start: str) -> list[Case]:
    return [case for case in cases if case.name.startswith(start)]


def test_examples_come_first_then_rows_of_every_kind_then_edges() -> None:
    shown = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 2, 3, 4]}]}
    valid = source(examples=(Example(shown, line=1),)).build().valid
    assert valid[0].name == "example on line 1"
    assert [case.name.split(", ")[1] for case in named(valid, "generated row")] == [
        *("uniform", "normal", "sparse", "one-hot", "rising", "falling", "extremes", "constant"),
    ]
    assert all(case.claim is Claim.VALID for case in named(valid, "a row of"))


@pytest.mark.parametrize(
    ("most", "sizes"),
    [
        (None, [2, 3, 7, 8, 9, 16, 17, 31, 32, 33]),
        (1, []),
        (5, [2, 3, 5]),
        (16, [2, 3, 7, 8, 9, 16]),
        (64, [2, 3, 7, 8, 9, 16, 17, 31, 32, 33, 64]),
    ],
)
def test_batches_are_of_the_sizes_where_servers_stumble(most: int | None, sizes: list[int]) -> None:
    corpus = source(max_batch=most).build()
    batches = named(corpus.valid, "batch of")
    assert [case.bound["batch"] for case in batches] == sizes
    assert all(case.claim is Claim.ALLOWED for case in batches)
    beyond = [case.claim for case in named(corpus.invalid, "batch of")]
    assert beyond == ([] if most is None else [Claim.ODD])


def test_no_valid_request_carries_more_rows_than_the_maximum() -> None:
    valid = source(max_batch=5).build().valid
    assert max(case.bound["batch"] for case in valid) == 5


def test_everything_valid_keeps_the_contract() -> None:
    made = source()
    assert not any(made.refutes(case.value) for case in made.build().valid)


def test_a_large_row_is_sent_a_few_times_only() -> None:
    image = {**PIXELS, "shape": ["batch", 3, 224, 224]}
    valid = source(inputs=(image,)).build().valid
    assert len(valid) >= 5 and named(valid, "batch of 2")
    assert sum(len(case.prepared.body) for case in valid) < 8 * 1024 * 1024


def test_one_valid_request_is_sent_chunked() -> None:
    chunked = [case for case in source().build().valid if case.prepared.chunked]
    assert [case.claim for case in chunked] == [Claim.ALLOWED]


def test_odd_texts_are_allowed_and_plain_ones_promised() -> None:
    text = {"name": "t", "datatype": "BYTES", "shape": ["batch"]}
    valid = source(inputs=(text,)).build().valid
    assert {case.claim for case in named(valid[:-1], "generated row")} == {Claim.VALID}
    assert {case.claim for case in named(valid, "a row of")} == {Claim.ALLOWED}


def test_a_number_beyond_the_range_of_a_tensor_is_no_promise_of_a_refusal() -> None:
    made = source("tensorflow-serving")
    beyond = {"instances": [[0, 0, 0, 99]]}
    assert made.refutes(beyond) and made.forbidden(beyond) == ""
    assert made.forbidden({"instances": [[0, 0, 0, "99"]]}) == "contract.inputs"


def test_a_plain_service_is_sent_boundaries_instances_and_changed_examples() -> None:
    schema = {
        "type": "object",
        "properties": {"text": {"type": "string", "maxLength": 2000}, "k": {"type": "integer"}},
        "required": ["text", "k"],
    }
    made = source("json", (), (Example({"text": "good", "k": 2}, line=1),), schema)
    corpus = made.build()
    boundaries = [case.value for case in named(corpus.valid, "boundary")]
    assert boundaries == [{"text": "", "k": -10}, {"text": "x" * 2000, "k": 10}]
    assert len(named(corpus.valid, "drawn from the schema")) >= 6
    assert {"text": "日本語のテキスト", "k": 2} in [case.value for case in corpus.valid]
    assert all(len(case.value["text"]) <= 2000 for case in corpus.valid)


def test_nothing_said_is_nothing_sent() -> None:
    assert source("json", ()).build() == Corpus((), ())


def test_the_corpus_is_the_same_in_every_run() -> None:
    assert source().build().sha256 == source().build().sha256


def test_a_frozen_corpus_is_read_instead(make_gate: Callable[..., Gate]) -> None:
    line = json.dumps({"request": {"text": "good"}})
    text = 'path = "/predict"\nexamples = "examples.jsonl"\n'
    first = Contract.load(make_gate(text, examples_jsonl=line)).corpus
    frozen = freeze(Corpus(first.valid[:1], first.invalid[:1])).decode()
    gate = make_gate(f'{text}corpus = "corpus.jsonl"\n', corpus_jsonl=frozen, examples_jsonl=line)
    contract = Contract.load(gate)
    assert [case.name for case in contract.corpus.valid] == ["example on line 1"]
    assert contract.corpus.valid[0].example is contract.examples[0]


def test_a_corpus_that_is_not_there_is_refused(make_gate: Callable[..., Gate]) -> None:
    with pytest.raises(ConfigError, match="contract.corpus = 'none.jsonl': no such file"):
        make_gate('path = "/p"\ncorpus = "none.jsonl"\n')


def test_a_corpus_of_another_contract_is_refused() -> None:
    wider = source(inputs=({**PIXELS, "shape": ["batch", 5]},))
    body = freeze(source().build())
    with pytest.raises(ConfigError, match="is claimed valid, and the contract forbids it"):
        wider.thawed(body, "f")


def test_a_claim_that_the_contract_no_longer_makes_is_refused() -> None:
    strict = {"type": "object", "required": ["a"], "additionalProperties": False}
    strict["properties"] = {"a": {"type": "string"}}
    made = source("json", (), (Example({"a": "b"}, line=1),), strict)
    later = source("json", (), (Example({"a": "b"}, line=1),), {"type": "object"})
    with pytest.raises(ConfigError, match="is claimed invalid, and the contract does not forbid"):
        later.thawed(freeze(made.build()), "f")


def test_a_valid_request_of_another_path_is_refused() -> None:
    made = source("json", (), (Example({"a": "b"}, line=1),))
    moved = replace(made, path="/v2/predict")
    with pytest.raises(ConfigError, match="goes to .*, and predictions to POST /v2/predict"):
        moved.thawed(freeze(made.build()), "f")


FORGIVEN = [
    *("true where FP32 is due in input 'x'", "a number as text where FP32 is due in input 'x'"),
    *("content type text/plain", "two members named 'instances'"),
]


def test_what_lenient_readers_forgive_is_invalid_only_where_the_contract_is_strict() -> None:
    for strict in (False, True):
        made = replace(source("kserve-v1"), strict=strict)
        invalid = {case.name for case in made.build().invalid if case.claim is Claim.INVALID}
        assert [name for name in FORGIVEN if name in invalid] == (FORGIVEN if strict else [])


def test_a_strict_corpus_is_thawed_where_the_contract_is_still_strict() -> None:
    strict = replace(source("kserve-v1"), strict=True)
    body = freeze(strict.build())
    assert strict.thawed(body, "f").sha256 == strict.build().sha256
    with pytest.raises(ConfigError, match="contract.strict is not set"):
        source("kserve-v1").thawed(body, "f")


def test_members_that_the_smallest_request_lacks_are_broken_in_another() -> None:
    schema = {"type": "object", "properties": {"k": {"type": "integer", "minimum": 1}}}
    shown = (Example({}, line=1), Example({"k": 5}, line=2))
    invalid = source("json", (), shown, schema).build().invalid
    assert {"k": 0} in [case.value for case in invalid if case.claim is Claim.INVALID]
