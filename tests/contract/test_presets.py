"""Presets: each file of contracts/presets is one, and a name that is none is told so."""

from __future__ import annotations

import pytest

from harness.contract.presets import known, preset, read
from harness.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "ready", "predict"),
    [
        ("json", None, ""),
        ("tensorflow-serving", "/v1/models/a%2Fb", "/v1/models/a%2Fb:predict"),
        ("open-inference-v2", "/v2/health/ready", "/v2/models/a%2Fb/infer"),
        ("kserve-v1", "/v1/models/a%2Fb", "/v1/models/a%2Fb:predict"),
    ],
)
def test_a_preset_knows_its_paths(name: str, ready: str | None, predict: str) -> None:
    found = preset(name)
    assert (found.ready_path("a/b"), found.predict_path("a/b")) == (ready, predict)


def test_every_file_is_a_preset() -> None:
    assert [preset(name).name for name in known()] == known()


def test_an_unknown_protocol_names_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        preset("tensorflow-servin")
    assert "did you mean 'tensorflow-serving'?" in str(caught.value)
    assert "known: json, kserve-v1" in str(caught.value)


@pytest.mark.parametrize("name", ["../presets/json", "", "JSON"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown protocol"):
        preset(name)


GOOD = """title = "t"
form = "rows"
[ready]
path = ""
[predict]
path = ""
[errors]
members = []"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD.replace("rows", "columns"), "expected one of object, rows, tensors"),
        ("colour = 1\n" + GOOD, "unknown keys"),
        (GOOD + "\nmember = 1", "unknown keys"),
    ],
)
def test_a_file_that_is_no_preset_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        read("x", text)
