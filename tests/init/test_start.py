"""The service that is looked at: its name, its port, and whether it answers."""

from __future__ import annotations

import pytest

from harness.errors import CandidateNotReady, ConfigError
from harness.init import start
from harness.testing import Reply, serve


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("registry.example.org:5000/team/Sentiment_v2:1.4", "sentiment_v2"),
        ("iris@sha256:00", "iris"),
        ("http://127.0.0.1:5000", "service"),
        ("https://models.example.org/x", "models"),
    ],
)
def test_a_name_is_that_of_the_image_or_of_the_host(target: str, expected: str) -> None:
    assert start.named(target) == expected


@pytest.mark.parametrize(
    ("exposed", "shown"), [({}, "none"), ({"80/tcp": {}, "90/tcp": {}}, "80, 90")]
)
def test_a_port_that_is_not_clear_has_to_be_given(exposed: dict[str, object], shown: str) -> None:
    with pytest.raises(ConfigError, match=f"give --port; the image exposes {shown}"):
        start._port("iris", {"ExposedPorts": exposed})


def test_the_only_exposed_port_is_taken() -> None:
    assert start._port("iris", {"ExposedPorts": {"5000/tcp": {}, "53/udp": {}}}) == 5000


def test_the_image_s_environment_names_the_model() -> None:
    config = {"Env": ["PATH=/bin", "MLSERVER_MODEL_NAME=iris", "MODEL_NAME="]}
    assert start._models(config) == ["iris"]


def test_a_service_that_runs_is_taken_as_it_is() -> None:
    with (
        serve(lambda method, path, body: Reply(b"", 404)) as fake,
        start.service(fake.base_url, None, "iris") as running,
    ):
        assert running.candidate == {"name": "iris", "url": fake.base_url}
        assert running.models == ("iris",)


def test_a_service_that_never_answers_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "WITHIN", 0.2)
    with (
        pytest.raises(CandidateNotReady, match="the service never answered: not ready within"),
        start.service("http://127.0.0.1:1", None, None),
    ):
        raise AssertionError("nothing listens there")
