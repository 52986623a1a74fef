"""Every preset and dialect whose server is not run here is held to a transcript of its documents.

A transcript says of each exchange where it stands. Where a document gives a shape and no example,
the words in it are ours.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import Severity
from harness import contract as room
from harness.config import Gate
from harness.config.schema import Tensor
from harness.contract.forms import FORMS, Form
from harness.contract.judging.tensors import Broken, judge
from harness.contract.protocol.presets import Preset, dialects, known, preset
from harness.contract.wire.strictjson import parse
from harness.model import Finding
from harness.testing import FakeEndpoint, Reply, serve

FOLDER = Path(__file__).parent / "transcripts"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
SPOKEN = [(name, spoken) for name in known() for spoken in (None, *dialects(name))]


class Transcript:
    """One file: what a server of this preset and dialect says, and where that stands."""

    def __init__(self, name: str) -> None:
        protocol, _, dialect = name.partition(".")
        self.said = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        self.preset: Preset = preset(protocol, dialect or None)
        self.gate_text = f"protocol = {protocol!r}\n" + (f"dialect = {dialect!r}\n" * bool(dialect))
        self.gate_text += f"path = {self.said['path']!r}\n" if "path" in self.said else ""
        for key in ("inputs", "outputs"):
            for item in self.said[key]:
                self.gate_text += f"[[contract.{key}]]\nname = {item['name']!r}\n"
                self.gate_text += f"datatype = {item['datatype']!r}\n"
                self.gate_text += f"shape = {json.dumps(item['shape'])}\n"

    @property
    def predict_path(self) -> str:
        return str(self.said.get("path") or self.preset.predict_path("m"))

    def form(self, declared: bool = True) -> Form:
        """Its form, with the declared tensors or none."""
        tensors = {
            key: [Tensor.model_validate(item) for item in self.said[key]] if declared else []
            for key in ("inputs", "outputs")
        }
        return FORMS[self.preset.form](self.preset, tensors["inputs"], tensors["outputs"])

    def each(self, kind: str) -> list[dict[str, Any]]:
        """The exchanges of one kind."""
        return list(self.said.get(kind, []))


@pytest.fixture(params=NAMES)
def transcript(request: pytest.FixtureRequest) -> Transcript:
    """Each of the files in transcripts/."""
    return Transcript(request.param)


def test_every_preset_and_dialect_is_proven_by_a_real_server_or_by_a_transcript() -> None:
    unproven = [
        found.full_name
        for found in (preset(name, spoken) for name, spoken in SPOKEN)
        if found.proven == "transcripts"
        and ".".join(filter(None, (found.name, found.dialect))) not in NAMES
    ]
    assert unproven == []


def test_every_transcript_names_its_source(transcript: Transcript) -> None:
    assert len(transcript.said["source"]) > 10


def test_a_ready_answer_says_ready_and_the_others_say_why_not(transcript: Transcript) -> None:
    for answer in transcript.each("ready"):
        assert transcript.preset.unready(answer.get("status", 200), answer["body"].encode()) == ""
    for answer in transcript.each("not_ready"):
        why = transcript.preset.unready(answer["status"], answer["body"].encode())
        assert answer.get("says", "answered") in why
        known_status = answer["status"] == 200 or answer["status"] in transcript.preset.not_ready
        assert known_status, f"{answer['status']} is no documented status"


def test_there_is_a_ready_and_a_not_ready_answer_where_there_is_a_path(
    transcript: Transcript,
) -> None:
    has = [bool(transcript.each(kind)) for kind in ("ready", "not_ready")]
    assert has == [bool(transcript.preset.ready_path("m"))] * 2


def test_a_valid_request_is_well_formed_and_its_rows_are_joined_to_it_again(
    transcript: Transcript,
) -> None:
    for item in transcript.each("valid"):
        form = transcript.form(not item.get("undeclared"))
        request = json.loads(item["request"])
        assert form.malformed(request) == []
        assert judge(form.inputs, form.sent(request), {}) == [] or "rows" not in item
        if "rows" in item:
            rows = form.split(request)
            assert rows is not None and len(rows) == item["rows"]
            assert form.split(form.join(rows)) == rows
            assert form.malformed(form.join(rows[:1])) == []
        assert form.requested_outputs(request) == item.get("asks_for", [])


def test_an_answer_carries_its_tensors_and_one_result_for_each_row(transcript: Transcript) -> None:
    for item in transcript.each("valid"):
        form = transcript.form(not item.get("undeclared"))
        answer = json.loads(item["answer"])
        carried = form.carried(answer)
        assert not isinstance(carried, Broken), carried
        assert form.results(answer) == json.loads(item["results"])
        assert transcript.preset.failed(answer) == ""
        if item.get("what") != "columns":
            assert judge(form.outputs, carried, {}) == []


def test_a_request_has_the_documented_other_encodings(transcript: Transcript) -> None:
    for item in transcript.each("valid"):
        form = transcript.form(not item.get("undeclared"))
        found = list(form.encodings(json.loads(item["request"])))
        assert [encoding.name for encoding in found] == item.get("other_encodings", [])
        assert all(encoding.body and encoding.headers["Content-Type"] for encoding in found)


def test_an_error_body_is_one_of_the_protocol(transcript: Transcript) -> None:
    assert transcript.each("error")
    for item in transcript.each("error"):
        if item["type"] != "application/json":
            assert item["type"] in transcript.preset.error_types
            continue
        members = transcript.preset.error_members
        assert not members or set(members) & json.loads(item["body"]).keys()


def test_a_200_that_says_failure_is_told(transcript: Transcript) -> None:
    for item in transcript.each("failed"):
        assert item["says"] in transcript.preset.failed(json.loads(item["body"]))


def test_an_error_body_under_200_is_no_answer(transcript: Transcript) -> None:
    found, form = transcript.preset, transcript.form()
    for item in transcript.each("error"):
        if found.answer and found.error_members and item["type"] == "application/json":
            body = json.loads(item["body"])
            assert found.failed(body)
            assert isinstance(form.carried(body), Broken)


def test_numbers_that_are_none_are_tolerated_where_that_is_the_design(
    transcript: Transcript,
) -> None:
    said = transcript.said["nonfinite"]
    rules = {problem.rule for problem in parse(said["answer"].encode()).problems}
    assert rules == {"json-nonfinite"}
    assert (rules <= transcript.preset.tolerated) is said["tolerated"]


def test_a_server_that_behaves_as_documented_gives_no_error(
    transcript: Transcript, make_gate: Callable[..., Gate]
) -> None:
    assert _errors(_findings(transcript, make_gate, transcript.each("error")[0])) == []


def test_rows_alone_together_and_in_another_order_have_the_same_results(
    transcript: Transcript, make_gate: Callable[..., Gate]
) -> None:
    contract = room.Contract.load(make_gate(transcript.gate_text))
    with _replayed(transcript, transcript.each("error")[0]) as endpoint:
        relations = [relate(contract, endpoint.base_url) for relate in (room.batch, room.order)]
    assert [relation.findings for relation in relations] == [[], []]
    assert all(relation.compared > 10 for relation in relations)


FLAWS = [(name, number) for name in NAMES for number in range(len(Transcript(name).each("flaw")))]


@pytest.mark.parametrize(("name", "number"), FLAWS)
def test_a_documented_flaw_of_a_server_is_found(
    name: str, number: int, make_gate: Callable[..., Gate]
) -> None:
    found = Transcript(name)
    flaw = found.each("flaw")[number]
    assert flaw["rule"] in {item.rule for item in _errors(_findings(found, make_gate, flaw))}


def _errors(findings: list[Finding]) -> list[Finding]:
    return [item for item in findings if item.severity is Severity.ERROR]


def _findings(
    transcript: Transcript, make_gate: Callable[..., Gate], refusal: dict[str, Any]
) -> list[Finding]:
    """Everything that the contract checks say of a server that answers as the transcript does."""
    contract = room.Contract.load(make_gate(transcript.gate_text))
    with _replayed(transcript, refusal) as endpoint:
        assert contract.probe(endpoint.base_url) == ""
        instruments = (
            room.responses,
            room.strict_json,
            room.not_found,
            room.wrong_method,
            room.invalid_requests,
        )
        seen = [instrument(contract, endpoint.base_url) for instrument in instruments]
    # A server that answers every method has none that could be refused.
    assert [item.count > 0 for item in seen].count(False) <= ("GET" in contract.preset.methods)
    return [finding for item in seen for finding in item.findings]


@contextmanager
def _replayed(transcript: Transcript, refusal: dict[str, Any]) -> Iterator[FakeEndpoint]:
    form, template = transcript.form(), transcript.each("valid")[0]

    def predict(body: bytes) -> Reply:
        parsed = parse(body)
        strict = parsed.readable and not parsed.problems
        if not strict or form.malformed(parsed.value):
            return _reply(refusal)
        if judge(form.inputs, form.sent(parsed.value), {}):
            return _reply(refusal)
        answer = _answered(form, json.loads(template["answer"]), parsed.value)
        return _reply({"type": template["type"], "body": json.dumps(answer)})

    def answer(method: str, path: str, body: bytes) -> Reply:
        routes = transcript.said["routes"]
        if path != transcript.predict_path:
            return _reply(routes["unknown"])
        if method in transcript.preset.methods or method == "POST":
            return predict(body)
        return _reply(routes["method"])

    with serve(answer) as endpoint:
        yield endpoint


def _reply(said: dict[str, Any]) -> Reply:
    headers = {"Content-Type": said["type"]} if said["type"] else {}
    return Reply(said["body"].encode(), said.get("status", 200), headers)


def _answered(form: Form, template: Any, request: Any) -> Any:
    """The documented answer with the sum of each row in it instead of its own numbers."""
    rows = form.split(request)
    assert rows is not None
    sums = [_total(row) for row in rows]
    name = form.outputs[0].name
    if form.preset.form == "tensors":
        tensor = {"name": name, "datatype": "FP64", "shape": [len(sums)], "data": sums}
        answer = {**template, "outputs": [tensor]}
        answer.pop("id", None)
        return answer | ({"id": request["id"]} if "id" in request else {})
    if form.preset.form == "seldon":
        return {**template, "data": {"names": [], "ndarray": sums}}
    if form.preset.form == "array":
        return sums
    if form.preset.answer:
        return {**template, form.preset.answer: sums}
    return {name: sums}


def _total(row: Any) -> float:
    if isinstance(row, dict):
        return _total([item for key, item in row.items() if key != "names"])
    return float(sum(map(_total, row))) if isinstance(row, list) else float(row)
