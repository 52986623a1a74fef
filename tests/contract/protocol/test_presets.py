"""Presets: each file of contracts/presets is one, and a name that is none is told so."""

from __future__ import annotations

import pytest

from harness.contract.protocol.presets import dialects, known, preset
from harness.errors import ConfigError

SPOKEN = [(name, spoken) for name in known() for spoken in (None, *dialects(name))]


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


def test_metadata_and_life_have_their_own_paths() -> None:
    found = preset("open-inference-v2")
    assert (found.live_path("m"), found.metadata_path("m")) == (
        "/v2/health/live",
        "/v2/models/m",
    )


@pytest.mark.parametrize(("name", "spoken"), SPOKEN)
def test_every_file_and_every_dialect_is_a_preset(name: str, spoken: str | None) -> None:
    found = preset(name, spoken)
    assert (found.name, found.dialect) == (name, spoken or "")
    assert found.title
    assert found.source or name == "json"
    assert found.server or not spoken


def test_the_presets_that_are_promised_are_there() -> None:
    assert known() == [
        "azureml",
        "bentoml",
        "cog",
        "json",
        "kserve-v1",
        "litserve",
        "mlflow",
        "open-inference-v2",
        "openapi",
        "ray-serve",
        "sagemaker",
        "seldon-v1",
        "tensorflow-serving",
        "torchserve",
        "vertex-ai",
    ]
    assert dialects("open-inference-v2") == ["kserve", "mlserver", "ovms", "torchserve", "triton"]


def test_an_unknown_protocol_names_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        preset("tensorflow-servin")
    assert "did you mean 'tensorflow-serving'?" in str(caught.value)
    assert "known: azureml, bentoml, cog, json, kserve-v1" in str(caught.value)


def test_an_unknown_dialect_names_those_of_its_protocol() -> None:
    with pytest.raises(ConfigError) as caught:
        preset("open-inference-v2", "tritom")
    assert str(caught.value) == (
        "contract.dialect = 'tritom': protocol 'open-inference-v2' has no such dialect; did you "
        "mean 'triton'?; known: kserve, mlserver, ovms, torchserve, triton"
    )


def test_a_protocol_without_dialects_says_that_it_has_none() -> None:
    with pytest.raises(ConfigError, match="'cog' has no such dialect; known: none"):
        preset("cog", "replicate")


@pytest.mark.parametrize("name", ["../presets/json", "", "JSON"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown protocol"):
        preset(name)


@pytest.mark.parametrize(
    ("name", "status", "body", "expected"),
    [
        ("litserve", 200, b"ok", ""),
        ("litserve", 503, b"not ready", "answered 503, which says: not ready yet, expected 200"),
        ("litserve", 418, b"", "answered 418, expected 200"),
        ("cog", 200, b'{"status": "READY"}', ""),
        (
            "cog",
            200,
            b'{"status": "BUSY"}',
            'answered 200 with status = "BUSY", expected "READY"',
        ),
        ("cog", 200, b"READY", 'answered 200 with a body that is no JSON, expected "READY"'),
        ("cog", 200, b"[]", 'answered 200 with no member /status, expected "READY"'),
        ("json", 200, b"", ""),
    ],
)
def test_what_a_ready_path_answers_is_read_as_its_server_means_it(
    name: str, status: int, body: bytes, expected: str
) -> None:
    assert preset(name).unready(status, body) == expected


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("cog", {"status": "failed", "error": "no"}, 'status = "failed": "no"'),
        ("cog", {"status": "succeeded", "output": 1}, ""),
        ("kserve-v1", {"error": "no"}, 'error = "no"'),
        ("kserve-v1", {"error": "no", "predictions": []}, ""),
        ("kserve-v1", [], ""),
        ("json", {"error": "no"}, ""),
        ("litserve", {"detail": "a model may say so"}, ""),
    ],
)
def test_a_200_that_says_failure_is_told(name: str, answer: object, expected: str) -> None:
    assert preset(name).failed(answer) == expected


def test_a_server_may_have_another_status_for_being_busy() -> None:
    assert preset("cog").busy == {409, 429, 503}
