"""Which engine is meant, and whether it answers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from harness.errors import EngineError
from harness.runtime import engine_status, image_digests
from harness.runtime.engine import address, local_address
from harness.testing import Reply, serve


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No engine is named by the environment or by a context."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "XDG_RUNTIME_DIR", "DOCKER_TLS_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


def test_the_environment_is_read_at_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///one.sock")
    assert address() == "unix:///one.sock"
    monkeypatch.setenv("DOCKER_HOST", "unix:///two.sock")
    assert address() == "unix:///two.sock"


def test_the_current_context_is_followed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"currentContext": "mine"}', encoding="utf-8")
    meta = tmp_path / "contexts" / "meta" / hashlib.sha256(b"mine").hexdigest()
    meta.mkdir(parents=True)
    described = {"Endpoints": {"docker": {"Host": "unix:///mine.sock"}}}
    (meta / "meta.json").write_text(json.dumps(described), encoding="utf-8")
    assert address() == "unix:///mine.sock"


@pytest.mark.parametrize("text", ["", "[]", '{"currentContext": "gone"}', '{"currentContext": 1}'])
def test_a_broken_configuration_means_the_default(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    assert address() == "unix:///var/run/docker.sock"


def test_an_engine_on_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://build.example:2375")
    with pytest.raises(EngineError, match="is on another machine"):
        local_address()
    assert not engine_status().available


def test_no_engine_is_a_status_and_not_an_exception(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    status = engine_status()
    assert (status.available, status.version) == (False, None)
    assert "no container engine answers at unix://" in status.detail


def test_somebody_else_is_not_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda *_: Reply(b"hello", 404)) as other:
        monkeypatch.setenv("DOCKER_HOST", other.base_url.replace("http", "tcp"))
        assert "not a container engine" in engine_status().detail


def test_podman_is_told_by_its_components(monkeypatch: pytest.MonkeyPatch) -> None:
    version = {"Version": "5.3.2", "Components": [{"Name": "Podman Engine"}]}
    with serve(lambda *_: Reply(json.dumps(version).encode())) as other:
        monkeypatch.setenv("DOCKER_HOST", other.base_url.replace("http", "tcp"))
        status = engine_status()
    assert (status.available, status.podman, status.version) == (True, True, "5.3.2")


def test_an_image_is_known_by_its_configuration_and_by_every_push_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pushes = ["a.example/x@sha256:" + "c4" * 32, "b.example/x@sha256:" + "d5" * 32]
    described = {"Id": "sha256:" + "9f" * 32, "RepoDigests": pushes}
    with serve(lambda *_: Reply(json.dumps(described).encode())) as server:
        monkeypatch.setenv("DOCKER_HOST", server.base_url.replace("http://", "tcp://"))
        assert image_digests("x:1") == {"sha256:" + pair * 32 for pair in ("9f", "c4", "d5")}


def test_an_image_that_is_not_here_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(lambda *_: Reply(b"{}", 404)) as server:
        monkeypatch.setenv("DOCKER_HOST", server.base_url.replace("http://", "tcp://"))
        with pytest.raises(EngineError, match="'x:1': not on this machine; pull it, or give its"):
            image_digests("x:1")


def test_without_an_engine_no_image_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineError, match="no container engine answers at unix://"):
        image_digests("x:1")
