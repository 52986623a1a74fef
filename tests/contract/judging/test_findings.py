"""Findings: where the promise stands, each defect once, and what is tolerated only a warning."""

from __future__ import annotations

from harness import Finding, Severity
from harness.contract import Answer, Case, Claim, Exchange, Layer, Prepared, fold
from harness.contract.judging.findings import Defects, relax

URL = "http://h:1"


def _exchange(body: bytes = b"{}", promise: str = "", sent: bytes = b"[1]") -> Exchange:
    case = Case("a request", Prepared("POST", "/p", {}, sent), Claim.VALID, promise=promise)
    return Exchange(case, Answer(200, body=body), URL)


def _finding(location: str = "", sent: bytes = b"[1]", layer: Layer = Layer.RESPONSE) -> Finding:
    return _exchange(sent=sent).finding("r", layer, "wrong", location=location, expected="x")


def test_a_finding_says_layer_expectation_answer_and_how_to_repeat_it() -> None:
    found = _exchange().finding("r", Layer.PARSING, "wrong", expected="4xx", promise="RFC 9110")
    assert found.message == "request parsing: wrong"
    assert found.expected == "4xx (by RFC 9110)"
    assert found.received == "200, no content type, {}"
    assert found.reproduce.startswith("curl ") and found.reproduce.endswith("http://h:1/p")


def test_what_the_case_tests_goes_before_the_general_promise() -> None:
    exchange = _exchange(promise="RFC 9110 section 9.3.2")
    found = exchange.finding("r", Layer.PARSING, "wrong", expected="4xx", promise="RFC 9110")
    assert found.expected == "4xx (by RFC 9110 section 9.3.2)"


def test_what_is_wrong_with_the_answer_alone_has_its_own_promise() -> None:
    exchange = _exchange(promise="RFC 9110 section 15.5")
    found = exchange.finding("r", Layer.RESPONSE, "wrong", expected="JSON", promise="RFC 8259")
    assert found.expected == "JSON (by RFC 8259)"
    assert exchange.finding("r", Layer.RESPONSE, "wrong", expected="x").expected == (
        "x (by RFC 9110 section 15.5)"
    )


def test_of_a_thousand_kinds_of_defects_only_some_are_kept() -> None:
    defects = Defects()
    kept = [defects.add(_finding(f"$.name{number}")) for number in range(1000)]
    assert len(defects.keys) == 200 == sum(key is not None for key in kept)
    assert defects.has(Severity.ERROR) and not defects.has(Severity.DOUBT)
    assert len(defects.told()) == 20


def test_findings_that_differ_by_index_are_one_with_a_count() -> None:
    (found,) = fold([_finding("$.p[0][1]"), _finding("$.p[7][2]"), _finding("$.p[0][0]")])
    assert found.message == "response: wrong (3 times)"


def test_of_several_requests_the_shortest_is_shown() -> None:
    (found,) = fold([_finding(sent=b"[1, 2, 3]"), _finding(sent=b"[1]"), _finding(sent=b"[1, 2]")])
    assert "--data-binary '[1]'" in found.reproduce


def test_other_layers_and_places_are_other_defects() -> None:
    found = fold([_finding("$.a"), _finding("$.b"), _finding("$.a", layer=Layer.PARSING)])
    assert len(found) == 3


def test_the_gravest_come_first() -> None:
    exchange = _exchange()
    warning = exchange.finding("w", Layer.RESPONSE, "x", severity=Severity.WARNING)
    found = fold([warning, _finding()])
    assert [item.severity for item in found] == [Severity.ERROR, Severity.WARNING]


def test_a_tolerated_rule_is_a_warning_and_a_doubt_stays_one() -> None:
    doubt = _exchange().finding("r", Layer.RESPONSE, "x", severity=Severity.DOUBT)
    found = relax([_finding(), doubt], {"r"})
    assert [item.severity for item in found] == [Severity.WARNING, Severity.DOUBT]
    assert relax([_finding()], {"other"})[0].severity is Severity.ERROR


def test_a_body_whose_values_would_fill_the_memory_is_not_read() -> None:
    parsed = _exchange(b"[" + b"{}," * 400_000 + b"{}]").parsed
    assert not parsed.readable
    assert [(p.rule, p.severity) for p in parsed.problems] == [("json-size", Severity.DOUBT)]
