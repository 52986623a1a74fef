"""Names of measurements as limits write them."""

from __future__ import annotations

import pytest

from harness.labels import declared_as, split

DECLARED = ("latency_p50", "latency_p99", "error_rate", "latency_p50_ratio")


@pytest.mark.parametrize(
    ("text", "base", "label"),
    [
        ("latency_p95", "latency_p95", {}),
        ("latency_p95{name=predict}", "latency_p95", {"name": "predict"}),
        ("error_rate{ name = POST /v2/infer }", "error_rate", {"name": "POST /v2/infer"}),
        ("error_rate{name=/items/{id}}", "error_rate", {"name": "/items/{id}"}),
        ("error_rate{name=a=b, c}", "error_rate", {"name": "a=b, c"}),
    ],
)
def test_a_label_is_what_stands_in_braces(text: str, base: str, label: dict[str, str]) -> None:
    assert split(text) == (base, label)


@pytest.mark.parametrize("text", ["p{", "p{}", "p{name}", "p{name=}", "p{name=a} b", "p}", "p{=a}"])
def test_braces_without_a_label_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected one like 'p\{name=predict\}'"):
        split(text)
    assert declared_as(text, ("p",)) is None


@pytest.mark.parametrize("text", ["latency_p97", "latency_p99_95", "latency_p5{name=x}"])
def test_who_declares_one_percentile_declares_all(text: str) -> None:
    assert declared_as(text, DECLARED) == "latency_p50"


@pytest.mark.parametrize(
    "text", ["latency_p0", "latency_p00_0", "latency_p100", "latency_p9x", "service_p99", "error"]
)
def test_what_is_no_percentile_of_it_is_not_declared(text: str) -> None:
    assert declared_as(text, DECLARED) is None


def test_a_label_is_left_aside_for_the_declaration() -> None:
    assert declared_as("error_rate{name=x}", DECLARED) == "error_rate"
