"""Each contract check passes a good service and finds its own defect, in the layer where it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from checks import check_behaviour, check_contract
from harness import Finding, Measurement, Severity
from harness.config import Gate, load
from harness.contract import Contract, Golden, record
from harness.declare import spec_of
from harness.errors import GateError
from harness.judge import judge
from harness.limits import Limit
from harness.model import Candidate
from harness.testing import FakeEndpoint, Handler, Reply, serve

HEAD = 'version = 1\n[candidate]\nname = "m"\nurl = "http://127.0.0.1:1"\n[contract]\n'
SENTIMENT = HEAD + (
    'path = "/predict"\nrequest = "req.json"\nresponse = "res.json"\nexamples = "ex.jsonl"\n'
)
DIGITS = (
    HEAD
    + """protocol = "tensorflow-serving"
[[contract.inputs]]
name = "x"
shape = ["batch", 4]
range = [0, 16]
[[contract.outputs]]
name = "p"
shape = ["batch", 2]
range = [0, 1]
sums_to = 1.0
"""
)
REQUEST = '{"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}'
RESPONSE = """{"type": "object", "properties": {"positive": {"type": "boolean"}},
"required": ["positive"], "additionalProperties": false}"""
EXAMPLES = """{"request": ["ab"], "response": {"positive": true}}
{"request": ["abc"], "response": {"positive": false}}
{"request": {"text": "ab"}, "status": 400}
"""
CHECKS = {
    "examples": check_contract.check_examples,
    "response": check_contract.check_response,
    "json": check_contract.check_json,
    "not_found": check_contract.check_not_found,
    "method": check_contract.check_method,
    "invalid_requests": check_contract.check_invalid_requests,
}
BEHAVIOUR = (check_behaviour.check_repeatable, check_behaviour.check_concurrent)
Change = Callable[[str, str, bytes, Reply], Reply]


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), status)


def _routed(path: str, method: str, body: bytes, known: str) -> Any:
    """The parsed body, or the Reply that refuses it."""
    if path != known:
        return _json({"error": "no such path"}, 404)
    if method != "POST":
        return _json({"error": "POST only"}, 405)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _json({"error": "not JSON"}, 400)


def sentiment(method: str, path: str, body: bytes) -> Reply:
    """The good service of SENTIMENT."""
    value = _routed(path, method, body, "/predict")
    if isinstance(value, Reply):
        return value
    match value:
        case [str(text)]:
            return _json({"positive": len(text) % 2 == 0})
    return _json({"error": "expected one text"}, 400)


def digits(method: str, path: str, body: bytes) -> Reply:
    """The good service of DIGITS."""
    value = _routed(path, method, body, "/v1/models/m:predict")
    if isinstance(value, Reply):
        return value
    rows = value.get("instances") if isinstance(value, dict) and "inputs" not in value else None
    if not isinstance(rows, list) or not rows or not all(map(_is_row, rows)):
        return _json({"error": "expected rows of 4 numbers"}, 400)
    return _json({"predictions": [[sum(row) / 64, 1 - sum(row) / 64] for row in rows]})


def _is_row(row: Any) -> bool:
    if not isinstance(row, list) or len(row) != 4:
        return False
    return all(type(x) in (int, float) and 0 <= x <= 16 for x in row)


def changed(good: Handler, change: Change) -> Handler:
    """A service whose replies are changed: one defect."""
    return lambda method, path, body: change(method, path, body, good(method, path, body))


def _gate(folder: Path, text: str, examples: str = EXAMPLES) -> Gate:
    files = {"gate.toml": text, "req.json": REQUEST, "res.json": RESPONSE, "ex.jsonl": examples}
    for name, content in files.items():
        (folder / name).write_text(content)
    return load(folder / "gate.toml")


def _findings(told: Sequence[object]) -> list[Finding]:
    assert any(isinstance(item, Measurement) and item.value > 0 for item in told)
    return [item for item in told if isinstance(item, Finding)]


def _errors(told: Sequence[object]) -> list[Finding]:
    return [item for item in _findings(told) if item.severity is Severity.ERROR]


def _behaves(contract: Contract, endpoint: FakeEndpoint) -> bool:
    return not any(_findings(look(contract, endpoint)) for look in BEHAVIOUR)


@pytest.mark.parametrize("name", CHECKS)
def test_a_good_json_service_has_no_finding(name: str, tmp_path: Path) -> None:
    with serve(sentiment) as fake:
        told = CHECKS[name](Contract.load(_gate(tmp_path, SENTIMENT)), fake)
    assert _findings(told) == []


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "examples"])
def test_a_good_tensor_service_has_no_finding(name: str, tmp_path: Path) -> None:
    with serve(digits) as fake:
        told = CHECKS[name](Contract.load(_gate(tmp_path, DIGITS)), fake)
    assert _findings(told) == []


def test_examples_apply_only_where_there_are_some(tmp_path: Path) -> None:
    spec = spec_of(check_contract.check_examples)
    assert spec is not None and spec.applies is not None
    assert spec.applies(_gate(tmp_path, DIGITS)) == "contract.examples is not set"
    assert spec.applies(_gate(tmp_path, SENTIMENT)) == ""


def _on_200(edit: Callable[[bytes], bytes], **headers: str) -> Change:
    def change(method: str, path: str, body: bytes, reply: Reply) -> Reply:
        if reply.status != 200:
            return reply
        return Reply(edit(reply.body), 200, {**reply.headers, **_named(headers)})

    return change


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _on_400(edit: Callable[[bytes, Reply], Reply]) -> Change:
    def change(method: str, path: str, body: bytes, reply: Reply) -> Reply:
        return edit(body, reply) if reply.status == 400 else reply

    return change


def _instead(status: int, wanted: Callable[[str, str], bool]) -> Change:
    def change(method: str, path: str, body: bytes, reply: Reply) -> Reply:
        return _json({"error": "x"}, status) if wanted(method, path) else reply

    return change


TRACE = b'{"error": "Traceback (most recent call last):\\n  File \\"/app/app.py\\", line 3"}'
DEFECTS: dict[str, tuple[str, Handler, str, str, str, str]] = {
    "bool as string": (
        SENTIMENT,
        changed(sentiment, _on_200(lambda b: b.replace(b"true", b'"true"'))),
        "response",
        "response-schema",
        "response",
        "$.positive",
    ),
    "member missing": (
        SENTIMENT,
        changed(sentiment, _on_200(lambda b: b"{}")),
        "response",
        "response-schema",
        "response",
        "$.positive",
    ),
    "empty body": (
        SENTIMENT,
        changed(sentiment, _on_200(lambda b: b"")),
        "response",
        "json-syntax",
        "response",
        "byte 0",
    ),
    "wrong label": (
        SENTIMENT,
        changed(
            sentiment,
            _on_200(
                lambda b: (
                    b.replace(b"true", b"?").replace(b"false", b"true").replace(b"?", b"false")
                )
            ),
        ),
        "examples",
        "example-response",
        "inference",
        "$.positive",
    ),
    "duplicate member": (
        SENTIMENT,
        changed(sentiment, _on_200(lambda b: b[:-1] + b', "positive": false}')),
        "json",
        "json-duplicate-key",
        "response",
        "$.positive",
    ),
    "byte order mark": (
        SENTIMENT,
        changed(sentiment, _on_200(lambda b: b"\xef\xbb\xbf" + b)),
        "json",
        "json-bom",
        "response",
        "",
    ),
    "text/html": (
        SENTIMENT,
        changed(sentiment, _on_200(lambda b: b, Content_Type="text/html")),
        "json",
        "content-type",
        "response",
        "",
    ),
    "latin-1": (
        SENTIMENT,
        changed(sentiment, _on_200(lambda b: b, Content_Type="application/json; charset=latin-1")),
        "json",
        "content-type",
        "response",
        "",
    ),
    "gzip without asking": (
        SENTIMENT,
        changed(sentiment, _on_200(lambda b: b, Content_Encoding="gzip")),
        "response",
        "content-encoding",
        "response",
        "",
    ),
    "crash on emoji": (
        SENTIMENT,
        lambda m, p, b: _json({}, 500) if "👍".encode() in b else sentiment(m, p, b),
        "response",
        "status",
        "inference",
        "",
    ),
    "NaN": (
        DIGITS,
        changed(digits, _on_200(lambda b: b'{"predictions": [[NaN, 1.0]]}')),
        "response",
        "tensor-finite",
        "response",
        "$.predictions[0][0]",
    ),
    "null for NaN": (
        DIGITS,
        changed(
            digits,
            _on_200(
                lambda b: json.dumps(
                    {"predictions": [[None, p] for _, p in json.loads(b)["predictions"]]}
                ).encode()
            ),
        ),
        "response",
        "tensor-finite",
        "response",
        "$.predictions[0][0]",
    ),
    "rows dropped": (
        DIGITS,
        changed(
            digits,
            _on_200(
                lambda b: json.dumps({"predictions": json.loads(b)["predictions"][:8]}).encode()
            ),
        ),
        "response",
        "tensor-rows",
        "response",
        "$.predictions",
    ),
    "not normalised": (
        DIGITS,
        changed(
            digits,
            _on_200(
                lambda b: json.dumps(
                    {"predictions": [[a, a] for a, _ in json.loads(b)["predictions"]]}
                ).encode()
            ),
        ),
        "response",
        "tensor-sum",
        "response",
        "$.predictions",
    ),
    "crash on a large batch": (
        DIGITS,
        lambda m, p, b: _json({}, 500) if b.count(b"[") > 17 else digits(m, p, b),
        "response",
        "status",
        "inference",
        "",
    ),
    "always 200": (
        SENTIMENT,
        changed(sentiment, _on_400(lambda body, reply: _json({"error": "x"}))),
        "invalid_requests",
        "accepted",
        "request parsing",
        "",
    ),
    "crash on malformed JSON": (
        SENTIMENT,
        changed(sentiment, _on_400(lambda body, reply: _json({"error": "x"}, 500))),
        "invalid_requests",
        "crash",
        "request parsing",
        "",
    ),
    "trace in a 400": (
        SENTIMENT,
        changed(sentiment, _on_400(lambda body, reply: Reply(TRACE, 400))),
        "invalid_requests",
        "leak",
        "response",
        "",
    ),
    "HTML errors": (
        SENTIMENT,
        changed(
            sentiment,
            _on_400(lambda body, reply: Reply(b"<h1>", 400, {"Content-Type": "text/html"})),
        ),
        "invalid_requests",
        "error-body",
        "response",
        "",
    ),
    "accepts two texts": (
        SENTIMENT,
        lambda m, p, b: sentiment(m, p, b'["ab"]' if b.count(b'"') == 4 else b),
        "invalid_requests",
        "accepted",
        "request parsing",
        "",
    ),
    "every path predicts": (
        SENTIMENT,
        lambda m, p, b: sentiment(m, "/predict", b),
        "not_found",
        "routing",
        "routing",
        "",
    ),
    "GET predicts": (
        SENTIMENT,
        changed(sentiment, _instead(200, lambda m, p: m == "GET" and p == "/predict")),
        "method",
        "routing",
        "routing",
        "",
    ),
    "PUT crashes": (
        SENTIMENT,
        changed(sentiment, _instead(500, lambda m, p: m == "PUT" and p == "/predict")),
        "method",
        "routing",
        "routing",
        "",
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found_by_its_check_and_not_by_behaviour(name: str, tmp_path: Path) -> None:
    text, handler, by, rule, layer, location = DEFECTS[name]
    contract = Contract.load(_gate(tmp_path, text))
    with serve(handler) as fake:
        found = _errors(CHECKS[by](contract, fake))
        try:
            behaves = _behaves(contract, fake)
        except GateError:
            behaves = True  # nothing to compare: errored, no finding
    matching = [item for item in found if item.rule == rule]
    assert matching, [item.rule for item in found]
    assert matching[0].message.startswith(f"{layer}: ")
    assert matching[0].location.startswith(location)
    assert matching[0].reproduce.startswith(("curl ", "printf "))
    assert matching[0].received
    assert behaves


def test_a_defect_of_every_answer_is_reported_once(tmp_path: Path) -> None:
    handler = changed(sentiment, _on_200(lambda b: b'{"positive": "x"}'))
    contract = Contract.load(_gate(tmp_path, SENTIMENT))
    with serve(handler) as fake:
        found = _errors(CHECKS["response"](contract, fake))
    times = f"({len(contract.corpus.valid)} times)"
    assert [item.message for item in found] == [f"response: 'x' is not of type 'boolean' {times}"]
    assert found[0].expected == '{"type": "boolean"} (by res.json#/properties/positive/type)'
    assert found[0].received == '"x"'


def test_an_example_with_another_status_is_found(tmp_path: Path) -> None:
    gate = _gate(tmp_path, SENTIMENT, EXAMPLES.replace("400", "422"))
    with serve(sentiment) as fake:
        found = _errors(CHECKS["examples"](Contract.load(gate), fake))
    assert found[0].message == "request parsing: example on line 3: status 400, promised 422"


def test_a_recorded_answer_that_changes_each_time_is_only_a_doubt(tmp_path: Path) -> None:
    answers = iter([False, True] * 50)
    gate = _gate(tmp_path, SENTIMENT, '{"request": ["ab"], "response": {"positive": true}}')
    flip = changed(sentiment, _on_200(lambda b: json.dumps({"positive": next(answers)}).encode()))
    with serve(flip) as fake:
        found = _findings(CHECKS["examples"](Contract.load(gate), fake))
    assert [item.severity for item in found] == [Severity.DOUBT]


def test_a_refusal_of_what_is_merely_allowed_is_a_warning(tmp_path: Path) -> None:
    def shy(method: str, path: str, body: bytes) -> Reply:
        return (
            _json({"error": "ASCII"}, 400) if not body.isascii() else sentiment(method, path, body)
        )

    with serve(shy) as fake:
        found = _findings(CHECKS["response"](Contract.load(_gate(tmp_path, SENTIMENT)), fake))
    assert [(item.rule, item.severity) for item in found] == [("refused", Severity.WARNING)]


def test_a_service_that_refuses_everything_fails(tmp_path: Path) -> None:
    schema_only = SENTIMENT.replace('examples = "ex.jsonl"\n', "")
    with serve(lambda m, p, b: _json({"error": "no"}, 400)) as fake:
        contract = Contract.load(_gate(tmp_path, schema_only))
        found = _errors(CHECKS["response"](contract, fake))
        with pytest.raises(GateError, match="a plain body to read"):
            CHECKS["json"](contract, fake)
    assert "none of" in found[0].message


def test_tokens_that_a_protocol_tolerates_are_a_warning_of_json(tmp_path: Path) -> None:
    nan = changed(digits, _on_200(lambda b: b'{"predictions": [[NaN, 1.0]]}'))
    with serve(nan) as fake:
        found = _findings(CHECKS["json"](Contract.load(_gate(tmp_path, DIGITS)), fake))
    assert [(item.rule, item.severity) for item in found] == [("json-nonfinite", Severity.WARNING)]


def test_a_service_that_is_gone_fails_in_the_connection_layer(tmp_path: Path) -> None:
    gone = FakeEndpoint("http://127.0.0.1:1")
    found = _errors(CHECKS["response"](Contract.load(_gate(tmp_path, SENTIMENT)), gone))
    assert found[0].message.startswith("connection: no connection")


def _golden(contract: Contract, good: Handler) -> Golden:
    with serve(good) as fake:
        recorded = record(contract, fake.base_url, Candidate("m", "m:1"))
    assert recorded.golden is not None
    return recorded.golden


@pytest.mark.parametrize("text, good", [(SENTIMENT, sentiment), (DIGITS, digits)])
def test_a_service_answers_as_it_was_recorded_and_keeps_its_contract(
    text: str, good: Handler, tmp_path: Path
) -> None:
    contract = Contract.load(_gate(tmp_path, text))
    golden = _golden(contract, good)
    with serve(good) as fake:
        told = check_contract.check_golden(contract, golden, fake)
    assert _findings(told) == [] and _judged(check_contract.check_golden, told) == "passed"
    told = check_contract.check_compatible(contract, golden)
    assert _judged(check_contract.check_compatible, told) == "passed"


def test_labels_that_were_swapped_consistently_fail_the_golden_check_alone(tmp_path: Path) -> None:
    def swap(method: str, path: str, body: bytes, good: Reply) -> Reply:
        value = json.loads(good.body)
        return _json({"positive": not value["positive"]}) if good.status == 200 else good

    contract = Contract.load(_gate(tmp_path, SENTIMENT, '{"request": ["ab"]}'))
    golden = _golden(contract, sentiment)
    with serve(changed(sentiment, swap)) as fake:
        assert _errors(check_contract.check_response(contract, fake)) == []
        told = check_contract.check_golden(contract, golden, fake)
    assert _judged(check_contract.check_golden, told) == "failed"
    loose = {"golden_changed": Limit.parse("<= 100 %"), "golden_flipped": Limit.parse("<= 100 %")}
    assert str(judge(loose, told).outcome) == "passed"  # a policy may allow it


def test_a_field_that_the_recorded_contract_promised_and_this_one_does_not_is_an_error(
    tmp_path: Path,
) -> None:
    golden = _golden(Contract.load(_gate(tmp_path, SENTIMENT)), sentiment)
    gate = _gate(tmp_path, SENTIMENT, '{"request": ["ab"]}')
    (tmp_path / "res.json").write_text('{"type": "object"}')
    told = check_contract.check_compatible(Contract.load(gate), golden)
    assert [item.rule for item in _errors(told)] == ["response-property-removed"]
    assert _judged(check_contract.check_compatible, told) == "failed"


def _judged(look: Any, told: Sequence[object]) -> str:
    spec = spec_of(look)
    assert spec is not None
    return str(judge(spec.limits, told).outcome)


def test_metadata_are_looked_at_only_where_they_could_be_described(
    tmp_path: Path,
) -> None:
    spec = spec_of(check_contract.check_metadata)
    assert spec is not None and spec.applies is not None
    path = tmp_path / "gate.toml"
    tensors = '[[contract.inputs]]\nname = "x"\nshape = ["batch", 4]\n'
    for text, expected in (
        (DIGITS, ""),
        (HEAD + 'protocol = "open-inference-v2"\n', ""),
        (HEAD + 'path = "/p"\n' + tensors, "this protocol has no description"),
    ):
        path.write_text(text, encoding="utf-8")
        why = spec.applies(load(path))
        assert why.startswith(expected) and bool(why) is bool(expected)
