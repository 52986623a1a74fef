"""Each protocol is recognised by the paths that its own server has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.init.recognise import Asked, dialect, guesses, starting
from harness.testing import Handler, Reply, serve

READY: dict[str, Any] = {"/v1/models/m": {"name": "m", "ready": True}, "/": {"status": "alive"}}
AVAILABLE = {
    "/v1/models/m": {"model_version_status": [{"version": "1", "state": "AVAILABLE"}]},
}
OIP = {
    "/v2/health/ready": {},
    "/v2/health/live": {},
    "/v2": {"name": "triton", "version": "2"},
    "/v2/models": {"models": ["iris"]},
    "/v2/models/iris": {"name": "iris", "inputs": [], "outputs": []},
}


def answering(known: dict[str, Any], *predict: str) -> Handler:
    """A server with these GET paths that takes POST at the others."""

    def handler(method: str, path: str, body: bytes) -> Reply:
        if method == "POST" and path in predict:
            return Reply(b'{"error": "what?"}', 400)
        if method == "GET" and path in known:
            return Reply(json.dumps(known[path]).encode())
        return Reply(b'{"error": "not found"}', 404)

    return handler


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (answering(READY, "/v1/models/m:predict"), ("kserve-v1", "m")),
        (answering(AVAILABLE, "/v1/models/m:predict"), ("tensorflow-serving", "m")),
        (answering(OIP, "/v2/models/iris/infer"), ("open-inference-v2", "iris")),
        (
            answering({"/ping": {"status": "Healthy"}}, "/predictions/m"),
            ("torchserve", "m"),
        ),
        (
            answering({"/health-check": {"status": "READY"}}, "/predictions"),
            ("cog", "m"),
        ),
    ],
)
def test_a_server_is_known_by_its_paths(handler: Handler, expected: tuple[str, str]) -> None:
    with serve(handler) as fake:
        best = guesses(Asked(fake.base_url), ["m"])[0]
    assert (best.preset.name, best.model) == expected and best.score >= 1


def test_a_plain_service_speaks_for_no_protocol_enough() -> None:
    with serve(answering({"/health": {"status": "ok"}}, "/predict")) as fake:
        assert all(guess.score < 1 for guess in guesses(Asked(fake.base_url), ["m"]))


def test_a_path_of_predictions_that_is_not_there_rules_a_protocol_out() -> None:
    with serve(answering(OIP)) as fake:
        assert guesses(Asked(fake.base_url), ["m"]) == []


def test_the_dialect_is_the_name_that_the_server_gives_itself() -> None:
    with serve(answering(OIP)) as fake:
        assert dialect(Asked(fake.base_url), "open-inference-v2") == "triton"
        assert dialect(Asked(fake.base_url), "tensorflow-serving") is None


def test_a_server_that_is_still_starting_says_so_at_its_ready_path() -> None:
    with serve(lambda method, path, body: Reply(b"", 503 if "ready" in path else 404)) as fake:
        assert starting(Asked(fake.base_url), ["m"])
    with serve(answering(OIP)) as fake:
        assert not starting(Asked(fake.base_url), ["m"])


def test_a_server_that_describes_another_path_of_predictions_is_known_all_the_same() -> None:
    route = {"name": "classify", "route": "/classify", "input": {"type": "object"}}
    known = {"/livez": "", "/readyz": "", "/schema.json": {"type": "service", "routes": [route]}}
    with serve(answering(known, "/classify")) as fake:
        best = guesses(Asked(fake.base_url), ["m"])[0]
    assert (best.preset.name, best.path) == ("bentoml", "/classify")
